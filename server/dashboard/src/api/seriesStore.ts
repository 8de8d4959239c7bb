/** The series of the charts on a page: asked for together, and again only where a run has new rows. */
import type { Band, RunSummary, Series, SeriesAnswer, SeriesRequest, Smoothing } from './client';
import type { Window } from '../charts/drawing';

/** Runs that are drawn as one. */
export interface RunGroup {
  name: string;
  runs: readonly RunSummary[];
}

/** What is drawn in all charts; another axis, window or smoothing is another question. */
export interface Drawn {
  project: string;
  runs: readonly RunSummary[];
  /** Where given, its bands are drawn instead of the runs. */
  groups: readonly RunGroup[] | null;
  /** `auto`, `step`, `time`, `relative_time` or a metric. */
  x: string;
  /** Equal factors of x are equally wide. */
  logX: boolean;
  window: Window | null;
  /** How to smooth over this axis (`auto`: not known yet). */
  smoothing: (axis: string) => Smoothing | null;
}

/** A series with the columns of pixels that it was thinned out for. */
export interface DrawnSeries extends Series {
  columns: number;
  /** They are logarithmic. */
  logX: boolean;
}

/** What one chart has to show. Another object stands for another state. */
export interface ChartSeries {
  /** By run id; runs without points are left out. */
  series: ReadonlyMap<string, DrawnSeries>;
  /** By name of the group. */
  bands: ReadonlyMap<string, Band>;
  /** Each run has been asked for. */
  complete: boolean;
  /** Why it could not be read. */
  failure: unknown;
  /** The question these series answer; an older one stays on screen until the new answer is there. */
  x: string;
  window: Window | null;
}

/** One line of a chart: a run, or a group of them. */
interface Subject {
  id: string;
  rows: number;
  group: RunGroup | null;
}

interface Known {
  /** What stands where: project, axis, window and how x is scaled. */
  place: string;
  smoothing: string;
  pixels: number;
  rows: number;
  /** Something better is still to be asked for. */
  draft: boolean;
  series: DrawnSeries | null;
  band: Band | null;
}

interface Chart {
  /** Widths of the places where it is shown, as in the grid and over the whole page; none: out of sight. */
  shown: number[];
  /** The widest of them; 0 out of sight. */
  pixels: number;
  known: Map<string, Known>;
  failure: unknown;
  failedAt: number;
  /** When new rows were last asked for. */
  grownAt: number;
  /** What was published last. */
  told: { place: string; answered: readonly (Known | undefined)[]; complete: boolean; failure: unknown } | null;
}

/** Why lines are asked for: nothing of them is there; they can be better; they have new rows. In this order. */
type Want = 'first' | 'better' | 'grown';
const WANTS: readonly Want[] = ['first', 'better', 'grown'];

/** What is asked for in one request. */
interface Batch {
  want: Want;
  pixels: number;
  draft: boolean;
  smoothing: Smoothing | null;
  subjects: Subject[];
  keys: string[];
}

type Read = (project: string, body: SeriesRequest, signal: AbortSignal) => Promise<SeriesAnswer>;

/** Lines × pixels of one request, far below what the server takes: what is there is seen while the rest is made, and no answer takes longer to read than a frame or two. */
const MOST_COLUMNS = 40_000;
/** The same where lines are told as bands, in answers that are short. */
const MOST_COLUMNS_OF_BANDS = 200_000;
/** Runs, and metrics, of one request. */
const MOST_NAMES = 400;
/** Requests under way at once: a browser has six connections to a server, and the page needs some. */
const MOST_REQUESTS = 2;
/** A chart that could not be read is tried again after so long. */
const RETRY_MS = 5_000;
/** Time in which windows follow each other as a wheel turns. */
const CALM_MS = 150;
/** The server has too much to do at once, and is asked again after so long. */
const TOO_MUCH = 503;
const BUSY_MS = 1_000;
/** Lines × pixels of one chart in a quick answer: many lines are seen as a whole first, then as exactly as there are pixels. */
const DRAFT_COLUMNS = 3_000;
const FEWEST_PIXELS = 16;
/** Runs with more rows together are drawn by a quick answer first. */
const DRAFT_FROM_ROWS = 200_000;
/** New rows of lines on the screen are asked for after so many times the time that the last such answer took. */
const REST = 2;
/** And no later than after this. */
const LONGEST_REST_MS = 2_000;
/** Charts out of sight that are kept, and lines of all of them together. */
const MOST_UNSEEN = 100;
const MOST_UNSEEN_LINES = 4_000;
/** Lines of a chart that are kept beside those drawn, as of runs that were hidden. */
const MOST_SPARE_LINES = 200;
/** Of so many lines the values as logged are not seen under the smoothed ones. */
const MOST_RAW_LINES = 50;

const NO_SERIES: ReadonlyMap<string, DrawnSeries> = new Map();
const NO_BANDS: ReadonlyMap<string, Band> = new Map();

export class SeriesStore {
  #read: Read;
  #publish: (key: string, chart: ChartSeries) => void;
  #onforgotten: (key: string) => void;
  #charts = new Map<string, Chart>();
  #drawn: Drawn | null = null;
  #subjects: readonly Subject[] = [];
  #place = '';
  #underWay = new Set<string>();
  #requests = 0;
  #abort = new AbortController();
  #movedAt = -Infinity;
  #later: ReturnType<typeof setTimeout> | null = null;
  /** Waits until what was published is seen. */
  #seen: () => Promise<void>;
  /** What was published is not seen yet, and nothing better is asked for. */
  #isUnseen = false;
  #told = 0;
  #isPumpNear = false;
  /** Requests under way for lines of which nothing is there. */
  #firsts = 0;
  /** A request for new rows is under way. */
  #isGrowing = false;
  #restUntil = 0;
  #growTimer: ReturnType<typeof setTimeout> | null = null;

  /** `publish` is told whenever a chart has something else to show; `seen` waits until it is seen; `onforgotten` is told when nothing is known of a chart any more. */
  constructor(
    read: Read,
    publish: (key: string, chart: ChartSeries) => void,
    seen: () => Promise<void> = () => Promise.resolve(),
    onforgotten: (key: string) => void = () => {},
  ) {
    this.#read = read;
    this.#publish = publish;
    this.#seen = seen;
    this.#onforgotten = onforgotten;
  }

  /** A chart is on the screen, so many device pixels wide, until the answer is called. */
  show(key: string, pixels: number): () => void {
    const chart: Chart = this.#charts.get(key) ?? { shown: [], pixels: 0, known: new Map(), failure: null, failedAt: 0, grownAt: 0, told: null };
    const resize = (shown: number[]) => {
      chart.shown = shown;
      chart.pixels = Math.max(0, ...shown);
    };
    this.#charts.set(key, chart);
    resize([...chart.shown, pixels]);
    this.#pumpSoon();
    return () => {
      const position = chart.shown.indexOf(pixels);
      resize(chart.shown.filter((_, i) => i !== position));
      // What is known of it is kept for a while, but not kept current.
      this.#forget();
    };
  }

  /** The runs and the window to draw now. */
  draw(drawn: Drawn): void {
    const place = JSON.stringify([drawn.project, drawn.x, drawn.window, drawn.logX]);
    if (drawn.project !== this.#drawn?.project) {
      for (const chart of this.#charts.values()) {
        chart.known.clear();
        chart.told = null;
      }
    }
    if (place !== this.#place) {
      this.#restart();
      const now = Date.now();
      // A wheel turns on: of windows that follow each other so fast only the first and the last one are asked for.
      if (now - this.#movedAt < CALM_MS) this.#pumpAfter(CALM_MS);
      if (this.#place !== '') this.#movedAt = now;
    }
    this.#place = place;
    this.#drawn = drawn;
    this.#subjects = drawn.groups === null ? drawn.runs.map(subjectOfRun) : drawn.groups.map(subjectOfGroup);
    for (const key of this.#charts.keys()) this.#tell(key);
    this.#pump();
  }

  /** Tries again what could not be read. */
  retry(key: string): void {
    const chart = this.#charts.get(key);
    if (chart) chart.failedAt = 0;
    this.#pump();
  }

  /** Asks for nothing more. */
  close(): void {
    this.#restart();
    if (this.#later !== null) clearTimeout(this.#later);
    if (this.#growTimer !== null) clearTimeout(this.#growTimer);
    [this.#later, this.#growTimer] = [null, null];
    this.#drawn = null;
  }

  #restart(): void {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#underWay.clear();
    this.#requests = 0;
    this.#firsts = 0;
    this.#isGrowing = false;
    for (const chart of this.#charts.values()) chart.failedAt = 0;
  }

  /** Charts out of sight beyond so many, or with so many lines together, are dropped, the oldest first. */
  #forget(): void {
    const unseen = [...this.#charts].filter(([, chart]) => chart.pixels === 0);
    let lines = unseen.reduce((sum, [, chart]) => sum + chart.known.size, 0);
    for (const [i, [key, chart]] of unseen.entries()) {
      if (unseen.length - i <= MOST_UNSEEN && lines <= MOST_UNSEEN_LINES) break;
      lines -= chart.known.size;
      this.#charts.delete(key);
      this.#onforgotten(key);
    }
  }

  /** Lines that are not drawn are kept for a while, until too many runs have come and gone; the oldest go first. */
  #forgetLines(chart: Chart): void {
    let spare = chart.known.size - this.#subjects.length - MOST_SPARE_LINES;
    if (spare <= 0) return;
    const drawn = new Set(this.#subjects.map(({ id }) => id));
    for (const id of chart.known.keys()) {
      if (spare <= 0) break;
      if (drawn.has(id)) continue;
      chart.known.delete(id);
      spare -= 1;
    }
  }

  /** What x is in this chart, as far as an answer has told. */
  #axisOf(chart: Chart, drawn: Drawn): string {
    if (drawn.x !== 'auto') return drawn.x;
    for (const { series, band } of chart.known.values()) {
      const found = series ?? band;
      if (found) return found.x_axis;
    }
    return 'auto';
  }

  /** Lines of a chart that are missing, old, or not as good as they can be; those without any first. */
  #missing(chart: Chart, smoothing: string): { subjects: Subject[]; want: Want } {
    const isKnown = ({ id }: Subject) => chart.known.get(id)?.place === this.#place;
    const unknown = this.#subjects.filter((subject) => !isKnown(subject));
    if (unknown.length > 0) return { subjects: unknown, want: 'first' };
    // What has no points has none that are smoothed either.
    const canBeBetter = (known: Known) =>
      known.pixels < chart.pixels || known.draft || (known.smoothing !== smoothing && (known.series !== null || known.band !== null));
    let want: Want = 'grown';
    const subjects = this.#subjects.filter(({ id, rows }) => {
      const known = chart.known.get(id);
      const isPoor = known === undefined || canBeBetter(known);
      if (isPoor) want = 'better';
      return isPoor || known.rows !== rows;
    });
    return { subjects, want };
  }

  #pump(): void {
    const drawn = this.#drawn;
    if (!drawn || this.#later !== null) return;
    /** Keys that lack the same lines at the same width go together. */
    const together = new Map<string, Batch>();
    for (const [key, chart] of this.#charts) {
      if (chart.pixels === 0 || this.#underWay.has(key) || Date.now() - chart.failedAt < RETRY_MS) continue;
      const wanted = drawn.smoothing(this.#axisOf(chart, drawn));
      const { subjects, want } = this.#missing(chart, JSON.stringify(wanted));
      if (subjects.length === 0) continue;
      // A quick answer comes first where the true one takes long, and where only an answer tells what x is.
      const rows = subjects.reduce((sum, subject) => sum + subject.rows, 0);
      const draft = want === 'first' && drawn.groups === null && rows > DRAFT_FROM_ROWS;
      const smoothing = draft ? null : wanted;
      const pixels = draft ? Math.min(chart.pixels, Math.max(FEWEST_PIXELS, Math.floor(DRAFT_COLUMNS / subjects.length))) : chart.pixels;
      // The large chart comes first and alone, however many pixels its draft has.
      const name = JSON.stringify([chart.pixels, want, draft, smoothing, subjects.map(({ id }) => id)]);
      const batch = together.get(name) ?? { want, pixels, draft, smoothing, subjects, keys: [] };
      batch.keys.push(key);
      together.set(name, batch);
    }
    // No chart stays empty for the sake of another, and the one that is the oldest grows first.
    const grownAt = ({ keys }: Batch) => this.#charts.get(keys[0])?.grownAt ?? 0;
    const batches = [...together.values()].sort((a, b) => Number(b.draft) - Number(a.draft) || WANTS.indexOf(a.want) - WANTS.indexOf(b.want) || (a.want === 'grown' ? grownAt(a) - grownAt(b) : 0));
    for (const batch of batches) {
      const { subjects, pixels, keys, want } = batch;
      if (want === 'better' && (this.#isUnseen || this.#firsts > 0)) continue;
      if (want === 'grown' && !this.#mayGrow()) continue;
      const lines = subjects.reduce((sum, subject) => sum + linesOf(subject), 0);
      const most = Math.min(MOST_NAMES, Math.max(1, Math.floor(mostColumns(subjects) / pixels / lines)));
      for (let i = 0; i < keys.length; i += most) {
        if (this.#requests >= MOST_REQUESTS) return;
        if (want === 'grown' && i > 0) break;
        void this.#ask(drawn, { ...batch, keys: keys.slice(i, i + most) });
      }
    }
  }

  /** One request at a time for new rows, and a rest after each; the charts are asked for again when that is over. */
  #mayGrow(): boolean {
    if (this.#isGrowing || this.#growTimer !== null) return false;
    const rest = this.#restUntil - Date.now();
    if (rest <= 0) return true;
    this.#growTimer = setTimeout(() => {
      this.#growTimer = null;
      this.#pump();
    }, rest);
    return false;
  }

  /** After all charts of this moment are known, so that they are asked for together. */
  #pumpSoon(): void {
    if (this.#isPumpNear) return;
    this.#isPumpNear = true;
    queueMicrotask(() => {
      this.#isPumpNear = false;
      this.#pump();
    });
  }

  /** Asks for nothing until then. */
  #pumpAfter(milliseconds: number): void {
    if (this.#later !== null) clearTimeout(this.#later);
    this.#later = setTimeout(() => {
      this.#later = null;
      this.#pump();
    }, milliseconds);
  }

  async #ask(drawn: Drawn, { want, pixels, draft, smoothing, subjects, keys }: Batch): Promise<void> {
    const { signal } = this.#abort;
    const place = this.#place;
    const began = Date.now();
    this.#requests += 1;
    if (want === 'first') this.#firsts += 1;
    if (want === 'grown') this.#isGrowing = true;
    for (const key of keys) {
      const chart = this.#charts.get(key);
      if (chart && want === 'grown') chart.grownAt = began;
    }
    keys.forEach((key) => this.#underWay.add(key));
    const raw = smoothing !== null && (subjects.length <= MOST_RAW_LINES || smoothing.kind === 'exponential');
    const body: Omit<SeriesRequest, 'runs' | 'groups'> = {
      keys,
      ...(drawn.x === 'auto' ? {} : { x: drawn.x }),
      ...(drawn.logX ? { x_scale: 'log' as const } : {}),
      from: drawn.window?.from ?? null,
      to: drawn.window?.to ?? null,
      pixels,
      ...(draft ? { draft } : {}),
      ...(smoothing === null ? {} : { smoothing, ...(raw ? { raw } : {}) }),
    };
    let failure: unknown = null;
    let busy = false;
    try {
      for (const part of parts(subjects, Math.min(MOST_NAMES, mostColumns(subjects) / pixels / keys.length))) {
        const answer = await this.#read(drawn.project, { ...body, ...namesOf(part) }, signal);
        if (signal.aborted) return;
        const series = new Map(answer.series.map((each) => [`${each.key} ${each.run_id}`, { ...each, columns: pixels, logX: drawn.logX }]));
        const bands = new Map((answer.bands ?? []).map((each) => [`${each.key} ${each.group}`, each]));
        for (const key of keys) {
          for (const { id, rows, group } of part) {
            const own = { series: series.get(`${key} ${id}`) ?? null, band: group === null ? null : (bands.get(`${key} ${group.name}`) ?? null) };
            const draftOnly = draft && own.series?.exact === false;
            this.#charts.get(key)?.known.set(id, { place, smoothing: JSON.stringify(smoothing), pixels, rows, draft: draftOnly, ...own });
          }
        }
        if (part.length < subjects.length) keys.forEach((key) => this.#tell(key));
      }
    } catch (error) {
      if (signal.aborted) return;
      busy = isBusy(error);
      failure = busy ? null : error;
    }
    this.#requests -= 1;
    if (want === 'first') this.#firsts -= 1;
    if (want === 'grown') {
      this.#isGrowing = false;
      this.#restUntil = Date.now() + Math.min(REST * (Date.now() - began), LONGEST_REST_MS);
    }
    for (const key of keys) {
      this.#underWay.delete(key);
      const chart = this.#charts.get(key);
      if (!chart) continue;
      this.#forgetLines(chart);
      chart.failure = failure;
      chart.failedAt = failure === null ? 0 : Date.now();
      this.#tell(key);
    }
    if (want === 'first') void this.#waitUntilSeen();
    if (busy) this.#pumpAfter(BUSY_MS);
    else this.#pump();
  }

  async #waitUntilSeen(): Promise<void> {
    this.#isUnseen = true;
    const told = (this.#told += 1);
    await this.#seen();
    if (told !== this.#told) return;
    this.#isUnseen = false;
    this.#pump();
  }

  #tell(key: string): void {
    const chart = this.#charts.get(key);
    if (!chart || !this.#drawn) return;
    const known = this.#subjects.map(({ id }) => chart.known.get(id));
    const current = known.filter((each) => each?.place === this.#place);
    const complete = current.length === known.length;
    // Until the new answer is there, the old one stays: an empty chart would flash.
    const answered = current.length > 0 || complete ? current : known;
    const place = answered.find((each) => each !== undefined)?.place ?? this.#place;
    const { told } = chart;
    // A wheel that turns asks for window after window, and nothing new is there.
    if (told !== null && told.place === place && told.complete === complete && told.failure === chart.failure &&
      told.answered.length === answered.length && told.answered.every((each, i) => each === answered[i])) return;
    chart.told = { place, answered, complete, failure: chart.failure };
    const [, x, window] = JSON.parse(place) as [string, string, ChartSeries['window']];
    const [series, bands] = [new Map<string, DrawnSeries>(), new Map<string, Band>()];
    for (const each of answered) {
      if (each?.place !== place) continue;
      if (each.series) series.set(each.series.run_id, each.series);
      if (each.band) bands.set(each.band.group, each.band);
    }
    const shown = { series: series.size === 0 ? NO_SERIES : series, bands: bands.size === 0 ? NO_BANDS : bands };
    this.#publish(key, { ...shown, complete, failure: chart.failure, x, window });
  }
}

const isBusy = (error: unknown) => error instanceof Error && 'status' in error && error.status === TOO_MUCH;

const mostColumns = (subjects: readonly Subject[]) => (subjects.some(({ group }) => group !== null) ? MOST_COLUMNS_OF_BANDS : MOST_COLUMNS);

const linesOf = ({ group }: Subject) => group?.runs.length ?? 1;

/** The lines in portions of at most so many; a group cannot be divided. */
function parts(subjects: readonly Subject[], most: number): Subject[][] {
  const portions: Subject[][] = [];
  let lines = Infinity;
  for (const subject of subjects) {
    if (lines + linesOf(subject) > most) {
      portions.push([]);
      lines = 0;
    }
    portions[portions.length - 1].push(subject);
    lines += linesOf(subject);
  }
  return portions;
}

/** The part of a request that names what is drawn. */
function namesOf(subjects: readonly Subject[]): Pick<SeriesRequest, 'runs' | 'groups'> {
  const groups = subjects.flatMap(({ group }) => (group === null ? [] : [{ name: group.name, runs: group.runs.map(({ run_id }) => run_id) }]));
  return groups.length > 0 ? { runs: [], groups } : { runs: subjects.map(({ id }) => id) };
}

const subjectOfRun = ({ run_id, rows }: RunSummary): Subject => ({ id: run_id, rows, group: null });

/** Groups are named apart from runs, and a group of other runs is another one. */
function subjectOfGroup(group: RunGroup): Subject {
  const rows = group.runs.reduce((sum, run) => sum + run.rows, 0);
  return { id: JSON.stringify([group.name, group.runs.map(({ run_id }) => run_id)]), rows, group };
}
