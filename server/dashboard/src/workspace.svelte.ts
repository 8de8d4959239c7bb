/** What the page knows and shows: one project, its runs and their charts, kept current; and the view in the address. */
import {
  ApiError,
  readContents,
  deleteRun,
  readConfigs,
  readMetricsOfRuns,
  readProjects,
  readRuns,
  readScope,
  readSeries,
  readStatuses,
  type Contents,
  type ProjectSummary,
  type RunStatus,
  type RunSummary,
  type Scope,
  type Series,
} from './api/client';
import { withDelta, type Delta } from './api/delta';
import { listen } from './api/events';
import { SeriesStore } from './api/seriesStore';
import { namesPage, readView, writeView, type OwnParameters, type PageName, type View } from './address';
import { ChartSet } from './charts/chartSet.svelte';
import { smoothingOf } from './charts/drawing';
import { ACTIVE_PAUSE_MS, IDLE_PAUSE_MS, Live, type Connection } from './live';
import { idOfGroup } from './charts/lines';
import { presentMs } from './frozen/frozen';
import { groupsBy } from './metrics/grouping';
import { MetricNames } from './metrics/names.svelte';
import { METRICS_PARAMETERS } from './metrics/parameters';
import { appearanceOf, type Appearance } from './runs/appearance';
import { isActive, MOST_LANES, needingALook } from './runs/attention';
import { FactStore } from './runs/factStore.svelte';
import { fieldOf, type Facts } from './runs/fields';
import { needsOf, readFilter } from './runs/filter/filter';
import { TABLE_PARAMETERS } from './runs/parameters';
import { Removal } from './runs/removal.svelte';
import { rowsOf } from './runs/rows';
import { isDrawn, sectionsOf, sectionsOfGroups } from './runs/sections';
import { isEmpty, PAGE_ENTRIES, TABS } from './shell/pages';
import { mostRecentlyActive } from './shell/projects';

/** Lines in one chart; of more the newest are drawn. */
export const MOST_LINES = 200;
/** Runs whose findings are asked for in each round. */
const MOST_STATUSES = 12;
/** What changes seldom is asked for again after so long. */
const SELDOM_MS = 10_000;
/** A slider changes the view more often than browsers let the address change. */
const ADDRESS_PAUSE_MS = 150;
const SPARKLINE_PIXELS = 96;
const SPARKLINE_SMOOTHING = 0.9;

export class Workspace {
  view = $state.raw<View>(readView(location.pathname, location.search));
  /** The view of the address, which follows it: links to other pages need not be written anew in each frame of a zoom. */
  #addressed = $state.raw<View>(this.view);
  projects = $state.raw<ProjectSummary[] | null>(null);
  /** Every run, newest first, those on their way out too. */
  #runs = $state.raw<RunSummary[] | null>(null);
  statuses = $state.raw<ReadonlyMap<string, RunStatus>>(new Map());
  /** What the project has anything of; null until it is known. */
  contents = $state.raw<Contents | null>(null);
  #metricNames = new MetricNames();
  charts = new ChartSet();
  sparklines = $state.raw<ReadonlyMap<string, Series>>(new Map());
  /** Why this project cannot be shown, when the server says so. */
  refusal = $state.raw<ApiError | null>(null);
  connection = $state.raw<Connection>({ kind: 'connecting' });
  /** What whoever looks may do, null: nothing; undefined until it is known. */
  #scope = $state.raw<Scope | null | undefined>(undefined);
  /** Runs can be renamed, tagged and deleted; true until it is known, since the server has the last word. */
  mayEdit = $derived(this.#scope === undefined || this.#scope === 'admin');
  /** Milliseconds since 1970, each second anew. */
  now = $state(presentMs());

  /** The project shown; null until one is chosen or there is one. */
  project = $derived(this.view.project);
  // Parts of the view that lists of runs hang on: another window, in each frame of a zoom, leaves them as they are.
  #page = $derived(this.view.page);
  #own = $derived(this.view.own);
  #filterText = $derived(this.view.filter);
  #choice = $derived(this.view.choice);
  #pinnedRuns = $derived(this.view.pinnedRuns);
  /** Deletions that can be undone yet. */
  removal = new Removal(deleteRun, () => this.refresh());
  /** The runs that are shown anywhere, newest first. */
  runs = $derived.by(() => {
    const { hidden } = this.removal;
    return hidden.size === 0 ? this.#runs : (this.#runs?.filter((run) => !hidden.has(run.run_id)) ?? null);
  });
  /** Settings and metrics of the runs, as far as somebody needs them. */
  factStore = new FactStore({ configs: readConfigs, metrics: readMetricsOfRuns }, () => this.#draw());
  facts = $derived<Facts>({ configs: this.factStore.configs, metrics: this.factStore.metrics, settings: this.factStore.settings, keys: this.#metricNames.keys });
  filter = $derived(readFilter(this.#filterText, this.facts));
  /** Runs that the filter lets through, newest first. */
  found = $derived((this.runs ?? []).filter(this.filter.matches));
  #sectionsByState = $derived(sectionsOf(this.found, this.runs ?? [], this.statuses, this.#pinnedRuns));
  /** Runs of the column. */
  listed = $derived(this.#sectionsByState.flatMap((section) => section.runs));
  /** What the Runs page shows of them. */
  table = $derived(TABLE_PARAMETERS.read(this.#page === 'runs' ? this.#own : {}));
  /** Runs of the table, in its order. */
  rows = $derived(rowsOf(this.found, this.table, this.facts));
  /** Critical first; the lanes are its beginning. */
  attention = $derived(needingALook(this.runs ?? [], this.statuses, this.now));
  focused = $derived.by<RunSummary | null>(() => {
    const runs = this.runs ?? [];
    const asked = this.view.run;
    const named = asked === null ? undefined : (runs.find((run) => run.run_id === asked) ?? runs.find((run) => run.run === asked));
    return named ?? runs.find((run) => run.state === 'running') ?? runs[0] ?? null;
  });
  /** Runs that the charts are meant to show, newest first. */
  chosen = $derived.by(() => {
    const listed = new Set(this.listed);
    return (this.runs ?? []).filter((run) => listed.has(run) && isDrawn(run, this.#choice));
  });
  /** Those that they show. */
  drawn = $derived(this.chosen.slice(0, MOST_LINES));
  /** The field by which charts draw groups; null: each run for itself. */
  #groupField = $derived.by(() => {
    const name = this.#page === 'metrics' ? METRICS_PARAMETERS.read(this.#own).group_by : '';
    return name === '' ? null : fieldOf(name, this.facts);
  });
  /** What is drawn instead of runs; null: the runs. Empty while their settings are not known. */
  groups = $derived.by(() => {
    const field = this.#groupField;
    if (field === null) return null;
    return field.of === 'config' && this.facts.configs === null ? [] : groupsBy(field, this.chosen, this.facts);
  });
  /** The column, in its order: by what needs a look, or by the groups that are drawn. */
  sections = $derived(this.groups === null ? this.#sectionsByState : sectionsOfGroups(this.groups, this.listed));
  /** The group of each run that is drawn as part of one. */
  #groupOf = $derived(new Map((this.groups ?? []).flatMap(({ name, runs }, slot) => runs.map(({ run_id }) => [run_id, { name, slot }] as const))));
  /** Metric that stands for the loss of the project: of the focused run, else the commonest. */
  lossKey = $derived(this.focused?.loss_key ?? this.drawn.find((run) => run.loss_key != null)?.loss_key ?? null);

  #live = new Live({
    round: (signal) => this.#round(signal),
    // The stream tells what happens; without it the page has to ask.
    pauseMs: () => (this.#streaming || !this.runs?.some(isActive) ? IDLE_PAUSE_MS : ACTIVE_PAUSE_MS),
    onchange: (connection) => (this.connection = connection),
  });
  #stream: { project: string; close: () => void } | null = null;
  #streaming = false;
  #sparkStore = new SeriesStore(readSeries, (key, chart) => {
    // A run may log what is the loss of another one, too.
    const own = (this.#runs ?? []).flatMap((run) => (run.loss_key === key && chart.series.has(run.run_id) ? [[run.run_id, chart.series.get(run.run_id) as Series] as const] : []));
    this.sparklines = new Map([...this.sparklines, ...own]);
  });
  /** Runs whose rows are on the screen. */
  #seen: readonly RunSummary[] = [];
  /** Losses whose sparklines have been asked for. */
  #sparkKeys = new Set<string>();
  #addressTimer: ReturnType<typeof setTimeout> | undefined;
  #projectsReadAt = 0;
  #contentsReadAt = 0;
  #scopeAsked = false;
  /** The address named no page, and none has been chosen yet. */
  #pageIsOpen = !namesPage(location.pathname, location.search);
  /** What belonged to each page when it was left. */
  #left = new Map<PageName, OwnParameters>();

  /** Names of metrics that the drawn runs have logged; null until they are known. */
  get keys(): readonly string[] | null {
    return this.#metricNames.keys;
  }

  /** Id of the run under the pointer, wherever that is. */
  get hovered(): string | null {
    return this.charts.hovered;
  }

  set hovered(id: string | null) {
    this.charts.hovered = id;
  }

  /** Starts to ask the server; the answer ends it. */
  start(): () => void {
    const onvisibility = () => {
      this.#live.setHidden(document.hidden);
      if (document.hidden) this.#closeStream();
    };
    const onpopstate = () => this.#setView(readView(location.pathname, location.search));
    document.addEventListener('visibilitychange', onvisibility);
    addEventListener('popstate', onpopstate);
    const clock = setInterval(() => !document.hidden && (this.now = presentMs()), 1_000);
    if (document.hidden) onvisibility();
    else this.#live.refresh();
    return () => {
      document.removeEventListener('visibilitychange', onvisibility);
      removeEventListener('popstate', onpopstate);
      clearInterval(clock);
      this.#closeStream();
      this.#live.setHidden(true);
    };
  }

  refresh(): void {
    this.#live.refresh();
  }

  /** Reads the names of all metrics of the project, of which a page without charts needs few. */
  readAllKeys(): void {
    if (this.#metricNames.wantAll()) this.refresh();
  }

  /** These rows of the table are on the screen; their curves are drawn. */
  see(runs: readonly RunSummary[]): void {
    this.#seen = runs;
    this.#draw();
  }

  /** A run as the server has it after a change. */
  take(changed: RunSummary): void {
    this.#runs = this.#runs?.map((run) => (run.run_id === changed.run_id ? { ...run, ...changed } : run)) ?? null;
  }

  /** Address of what is seen. */
  get address(): string {
    return writeView(location.pathname, this.view);
  }

  /** Address of a page, as `openPage` opens it; for links. */
  addressOf(page: PageName, part: Partial<View> = {}): string {
    return writeView(location.pathname, this.#viewOf(this.#addressed, page, part));
  }

  /** Opens a page: of the same view, with what is its own as it was left, and `part` over both. */
  openPage(page: PageName, part: Partial<View> = {}): void {
    if (page === this.view.page && Object.keys(part).length === 0) return;
    this.#go(this.#viewOf(this.view, page, part));
    scrollTo(0, 0);
  }

  #viewOf(from: View, page: PageName, part: Partial<View>): View {
    const same = page === from.page;
    const own = same ? from.own : (this.#left.get(page) ?? {});
    return { ...from, page, own, open: same ? from.open : null, ...part };
  }

  /** Path and query of what is seen, below the folder from which the page is served. */
  savedAddress(): string {
    return writeView('', this.view);
  }

  /** Address of what `savedAddress` has given, from here. */
  addressOfSaved(address: string): string {
    return writeView(location.pathname, this.#savedView(address));
  }

  /** Shows what `savedAddress` has given. */
  openAddress(address: string): void {
    this.#go(this.#savedView(address));
    scrollTo(0, 0);
  }

  /** What stands around the page stays as it is. */
  #savedView(address: string): View {
    const [page, search] = address.split('?');
    return { ...readView(`/${page}`, search ?? ''), frame: this.view.frame };
  }

  /** Shows another project, from its beginning. */
  openProject(project: string): void {
    const { smoothing, smoothingKind, keepOutliers, plotsPerRow, frame } = this.view;
    const { hasTab, needs } = PAGE_ENTRIES[this.view.page];
    // A page that is reached from a run, say, has nothing to show of another project.
    const page = hasTab === false && needs !== 'nothing' ? 'metrics' : this.view.page;
    this.#left.clear();
    this.#go({ ...readView('', ''), page, smoothing, smoothingKind, keepOutliers, plotsPerRow, frame, project });
  }

  /** Changes the view in place; the address follows. */
  change(part: Partial<Omit<View, 'project' | 'page' | 'own'>>): void {
    this.#change(part);
  }

  /** Changes parameters of the page that is shown, as its record writes them; null takes one out of the address. */
  changeOwn(part: Readonly<Record<string, string | null>>): void {
    const own: Record<string, string> = { ...this.view.own };
    for (const [name, value] of Object.entries(part)) {
      if (value === null) delete own[name];
      else own[name] = value;
    }
    this.#change({ own });
  }

  #change(part: Partial<View>): void {
    this.view = { ...this.view, ...part };
    clearTimeout(this.#addressTimer);
    this.#addressTimer = setTimeout(() => this.#writeAddress(), ADDRESS_PAUSE_MS);
    this.#draw();
  }

  /** One step back from a zoom. */
  zoomBack(): void {
    if (this.view.window !== null) this.change({ window: this.charts.back() });
  }

  /** Back to everything. */
  zoomOut(): void {
    this.charts.forgetWindows();
    this.change({ window: null });
  }

  /** Another x axis; a window of the old one says nothing there. */
  setAxis(x: string): void {
    this.charts.forgetWindows();
    this.change({ x, window: null });
  }

  /** The part of a view that names a run, by its id where another run has the same name. */
  partOf(run: RunSummary): { run: string } {
    const unique = (this.runs ?? []).filter((other) => other.run === run.run).length === 1;
    return { run: unique ? run.run : run.run_id };
  }

  /** Focuses a run; the address names it. */
  focus(run: RunSummary): void {
    this.change(this.partOf(run));
  }

  /** The look of a run, which is that of its group where groups are drawn. */
  lookOf(run: RunSummary): Appearance {
    const group = this.#groupOf.get(run.run_id);
    return group ? appearanceOf(group.slot, this.groups?.length ?? 0) : appearanceOf(run.colour_slot, this.drawn.length);
  }

  /** Id of the line that shows a run in the charts. */
  lineOf(run: RunSummary): string {
    const group = this.#groupOf.get(run.run_id);
    return group ? idOfGroup(group.name) : run.run_id;
  }

  /** Focuses the run of a line, of a group its first one. */
  focusById(id: string): void {
    const run = this.groups?.find(({ name }) => idOfGroup(name) === id)?.runs[0] ?? this.runs?.find((each) => each.run_id === id);
    if (run) this.focus(run);
  }

  /** Focuses the run `offset` rows below the focused one, in the order of the page. */
  focusNeighbour(offset: number): void {
    const runs = this.view.page === 'runs' ? this.rows : this.sections.flatMap((section) => section.runs);
    const position = runs.findIndex((run) => run.run_id === this.focused?.run_id);
    const neighbour = runs[Math.min(Math.max(position + offset, 0), runs.length - 1)];
    if (neighbour) this.focus(neighbour);
  }

  #go(view: View): void {
    // What was changed just now belongs to the entry that is left.
    this.#writeAddress();
    history.pushState(null, '', writeView(location.pathname, view));
    this.#setView(view);
  }

  #writeAddress(): void {
    this.#addressed = this.view;
    history.replaceState(null, '', this.address + location.hash);
  }

  #setView(view: View): void {
    clearTimeout(this.#addressTimer);
    const otherProject = view.project !== this.view.project;
    const otherPage = view.page !== this.view.page;
    if (!otherProject) this.#left.set(this.view.page, this.view.own);
    this.view = this.#addressed = view;
    this.charts.forgetWindows();
    if (!otherProject) {
      this.#draw();
      // Another page needs to know other things.
      if (otherPage) this.refresh();
      return;
    }
    this.#runs = null;
    this.#seen = [];
    this.statuses = new Map();
    this.contents = null;
    this.#metricNames.clear();
    this.charts.clear();
    this.sparklines = new Map();
    this.refusal = null;
    this.#closeStream();
    this.#live.restart();
  }

  #drawCharts(): void {
    const { project, view, drawn } = this;
    if (project !== null && this.runs !== null) this.charts.draw(project, drawn, view, this.groups);
  }

  /** Tells the charts what to show now; what they lack is asked for. */
  #draw(): void {
    const { project, view } = this;
    if (project === null || this.runs === null) return;
    const needs = needsOf(view.filter, this.facts);
    this.factStore.want('filter', needs.metrics, needs.configs);
    this.factStore.draw(project, this.runs);
    this.factStore.want('groups', [], this.#groupField?.of === 'config');
    this.#drawCharts();
    const sparked = (view.page === 'runs' ? this.#seen : this.attention.slice(0, MOST_LANES)).filter((run) => run.loss_key != null);
    // Curves of a table are smoothed alike, so that scrolling asks for new rows only.
    const smoothedLike = view.page === 'runs' ? this.runs : sparked;
    for (const key of sparked.flatMap((run) => run.loss_key ?? [])) {
      if (this.#sparkKeys.has(key)) continue;
      this.#sparkKeys.add(key);
      this.#sparkStore.show(key, SPARKLINE_PIXELS);
    }
    this.#sparkStore.draw({
      project,
      runs: sparked,
      groups: null,
      x: 'step',
      logX: false,
      window: null,
      smoothing: (axis) => smoothingOf(SPARKLINE_SMOOTHING, axis, null, smoothedLike),
    });
  }

  #openStream(project: string): void {
    // A tab that was hidden while its last round went on hears nothing: a browser has few connections to a server.
    if (document.hidden || this.#stream?.project === project) return;
    this.#closeStream();
    const current = (change: () => void) => () => this.project === project && change();
    const close = listen(project, {
      onopen: current(() => (this.#streaming = true)),
      onreset: current(() => this.refresh()),
      ondelta: (delta) => this.project === project && this.#take(delta),
      onbroken: (forGood) => this.project === project && this.#broken(forGood),
    });
    this.#stream = { project, close };
  }

  #broken(forGood: boolean): void {
    const streamed = this.#streaming;
    this.#streaming = false;
    // The next round that goes well opens another one.
    if (forGood) this.#closeStream();
    // Once only: the pauses between the rounds grow while the server is away.
    if (streamed) this.refresh();
  }

  #closeStream(): void {
    this.#stream?.close();
    this.#stream = null;
    this.#streaming = false;
  }

  /** What the stream tells goes straight to the screen. */
  #take(delta: Delta): void {
    if (this.#runs === null) return;
    const { runs, unknown } = withDelta(this.#runs, delta, Date.now());
    this.#runs = runs;
    this.statuses = new Map([...this.statuses, ...delta.statuses.map((status) => [status.run_id, status] as const)]);
    this.#draw();
    if (this.#metricNames.hear(delta) || unknown) this.refresh();
  }

  async #round(signal: AbortSignal): Promise<void> {
    void this.#readScope(signal);
    if (this.projects === null || Date.now() - this.#projectsReadAt > SELDOM_MS || this.project === null) {
      this.projects = await readProjects(signal);
      this.#projectsReadAt = Date.now();
    }
    // Chosen once: the page must not jump to another project because that one logs.
    if (this.project === null) {
      const project = mostRecentlyActive(this.projects);
      if (project !== null) {
        this.view = { ...this.view, project };
        this.#writeAddress();
      }
    }
    const { project } = this;
    if (project === null) return;
    try {
      await this.#readProject(project, signal);
      await this.#readContents(project, signal);
      this.refusal = null;
      this.#openStream(project);
    } catch (error) {
      // A project that is not there or damaged is an answer, not a silence: the others go on working.
      if (!(error instanceof ApiError) || !['project_not_found', 'project_damaged', 'invalid_name'].includes(error.code)) throw error;
      this.refusal = error;
      this.#runs = null;
      this.#closeStream();
    }
  }

  /** Nothing waits for it; where it cannot be read the server tells when something is changed. */
  async #readScope(signal: AbortSignal): Promise<void> {
    if (this.#scope !== undefined || this.#scopeAsked) return;
    this.#scopeAsked = true;
    try {
      this.#scope = await readScope(signal);
    } catch {
      this.#scopeAsked = !signal.aborted;
    }
  }

  async #readContents(project: string, signal: AbortSignal): Promise<void> {
    if (this.contents !== null && Date.now() - this.#contentsReadAt < SELDOM_MS) return;
    const contents = await readContents(project, signal);
    signal.throwIfAborted();
    this.contents = contents;
    this.#contentsReadAt = Date.now();
    this.#choosePage(contents);
  }

  /** An address that names no page opens the first that has something to show. */
  #choosePage(contents: Contents): void {
    const isOpen = this.#pageIsOpen && this.view.page === 'metrics' && !contents.metrics;
    this.#pageIsOpen = false;
    const page = isOpen ? TABS.find((each) => PAGE_ENTRIES[each].content !== undefined && !isEmpty(each, this)) : undefined;
    if (page === undefined) return;
    this.view = { ...this.view, page };
    this.#writeAddress();
  }

  async #readProject(project: string, signal: AbortSignal): Promise<void> {
    const runs = await readRuns(project, signal);
    signal.throwIfAborted();
    this.#runs = runs;
    this.#draw();
    const asked = this.attention.filter(isActive).slice(0, MOST_STATUSES).map((run) => run.run_id);
    const names = this.#metricNames.read(project, this.focused, this.drawn, this.view.page !== 'metrics', signal);
    const [statuses] = await Promise.all([asked.length === 0 ? [] : readStatuses(project, asked, signal), names]);
    signal.throwIfAborted();
    const active = new Set(runs.filter(isActive).map((run) => run.run_id));
    const kept = [...this.statuses].filter(([id]) => active.has(id));
    this.statuses = new Map([...kept, ...statuses.map((status) => [status.run_id, status] as const)]);
    this.#draw();
  }
}
