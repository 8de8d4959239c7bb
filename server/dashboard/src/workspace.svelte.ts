/** What the page knows and shows: one project, its runs, the focused run, the chart. */
import {
  ApiError,
  readMetrics,
  readProjects,
  readRuns,
  readSeries,
  readStatus,
  type MetricSummary,
  type ProjectSummary,
  type RunStatus,
  type RunSummary,
} from './api/client';
import { SeriesCache, type SeriesByRun } from './api/seriesCache';
import { readView, writeView, type View } from './address';
import { ACTIVE_PAUSE_MS, IDLE_PAUSE_MS, Live, type Connection } from './live';
import { isActive, needingALook } from './runs/attention';
import { matching, NEWEST_FIRST, sorted, type Sort } from './runs/table';

/** Lines in one chart; more cannot be told apart. The newest are drawn. */
export const MOST_LINES = 50;
/** Runs whose findings are asked for in each round. */
const MOST_STATUSES = 12;
/** What changes seldom is asked for again after so long. */
const SELDOM_MS = 10_000;
/** A slider changes the view more often than browsers let the address change. */
const ADDRESS_PAUSE_MS = 150;
const SPARKLINE_PIXELS = 96;
/** Rows of the table whose sparkline is drawn. */
const MOST_SPARKLINES = 200;

/** Lines of a chart with what they answer to, since an answer may come after the question has changed. */
interface ChartData {
  key: string;
  x: View['x'];
  series: SeriesByRun;
}

function mostRecentlyActive(projects: readonly ProjectSummary[]): string | null {
  const readable = projects.filter((project) => project.damaged == null);
  const [first] = readable.sort((a, b) => (b.last_activity ?? '').localeCompare(a.last_activity ?? ''));
  return first?.project ?? null;
}

export class Workspace {
  view = $state.raw<View>(readView(location.search));
  projects = $state.raw<ProjectSummary[] | null>(null);
  runs = $state.raw<RunSummary[] | null>(null);
  statuses = $state.raw<ReadonlyMap<string, RunStatus>>(new Map());
  metrics = $state.raw<MetricSummary[]>([]);
  sparklines = $state.raw<SeriesByRun>(new Map());
  chart = $state.raw<ChartData | null>(null);
  /** Why this project cannot be shown, when the server says so. */
  refusal = $state.raw<ApiError | null>(null);
  connection = $state.raw<Connection>({ kind: 'connecting' });
  /** Milliseconds since 1970, each second anew. */
  now = $state(Date.now());

  filter = $state('');
  sort = $state.raw<Sort>(NEWEST_FIRST);
  hovered = $state<string | null>(null);
  /** Width of the chart in device pixels; 0 until it is there. */
  chartPixels = $state(0);

  /** The project shown; null until one is chosen or there is one. */
  project = $derived(this.view.project);
  visible = $derived(matching(this.runs ?? [], this.filter));
  rows = $derived(sorted(this.visible, this.sort));
  /** Critical first; the lanes are its beginning. */
  attention = $derived(needingALook(this.runs ?? [], this.statuses, this.now));
  focused = $derived.by<RunSummary | null>(() => {
    const runs = this.runs ?? [];
    const asked = this.view.run;
    const named = asked === null ? undefined : (runs.find((run) => run.run_id === asked) ?? runs.find((run) => run.run === asked));
    return named ?? runs.find((run) => run.state === 'running') ?? runs[0] ?? null;
  });
  /** Metric in the chart. */
  key = $derived(this.view.key ?? this.focused?.loss_key ?? this.metrics[0]?.key ?? null);
  charted = $derived(this.visible.slice(0, MOST_LINES));

  #live = new Live({
    round: (signal) => this.#round(signal),
    pauseMs: () => (this.runs?.some(isActive) ? ACTIVE_PAUSE_MS : IDLE_PAUSE_MS),
    onchange: (connection) => (this.connection = connection),
  });
  #chartCache = new SeriesCache(readSeries);
  #sparklineCache = new SeriesCache(readSeries);
  #addressTimer: ReturnType<typeof setTimeout> | undefined;
  #projectsReadAt = 0;
  #metricsRead = { run: '', at: 0 };

  /** Starts to ask the server; the answer ends it. */
  start(): () => void {
    const onvisibility = () => this.#live.setHidden(document.hidden);
    const onpopstate = () => this.#setView(readView(location.search));
    document.addEventListener('visibilitychange', onvisibility);
    addEventListener('popstate', onpopstate);
    const clock = setInterval(() => !document.hidden && (this.now = Date.now()), 1_000);
    if (document.hidden) onvisibility();
    else this.#live.refresh();
    return () => {
      document.removeEventListener('visibilitychange', onvisibility);
      removeEventListener('popstate', onpopstate);
      clearInterval(clock);
      this.#live.setHidden(true);
    };
  }

  refresh(): void {
    this.#live.refresh();
  }

  /** Shows another project, from its beginning. */
  openProject(project: string): void {
    const view: View = { ...this.view, project, run: null, key: null, window: null };
    history.pushState(null, '', location.pathname + writeView(location.search, view));
    this.filter = '';
    this.#setView(view);
  }

  /** Changes the view in place; the address follows. */
  change(part: Partial<Omit<View, 'project'>>): void {
    this.view = { ...this.view, ...part };
    clearTimeout(this.#addressTimer);
    this.#addressTimer = setTimeout(() => this.#writeAddress(), ADDRESS_PAUSE_MS);
    if (Object.keys(part).some((name) => name !== 'smoothing')) this.#live.refresh();
  }

  /** Focuses a run; the address names it, by its id where another run has the same name. */
  focus(run: RunSummary): void {
    const unique = (this.runs ?? []).filter((other) => other.run === run.run).length === 1;
    this.change({ run: unique ? run.run : run.run_id });
  }

  /** Focuses the run `offset` rows below the focused one. */
  focusNeighbour(offset: number): void {
    const position = this.rows.findIndex((run) => run.run_id === this.focused?.run_id);
    const neighbour = this.rows[Math.min(Math.max(position + offset, 0), this.rows.length - 1)];
    if (neighbour) this.focus(neighbour);
  }

  #writeAddress(): void {
    const search = writeView(location.search, this.view);
    history.replaceState(null, '', location.pathname + search + location.hash);
  }

  #setView(view: View): void {
    clearTimeout(this.#addressTimer);
    const otherProject = view.project !== this.view.project;
    this.view = view;
    if (!otherProject) {
      this.#live.refresh();
      return;
    }
    this.runs = null;
    this.statuses = new Map();
    this.metrics = [];
    this.sparklines = new Map();
    this.chart = null;
    this.refusal = null;
    this.#metricsRead = { run: '', at: 0 };
    this.#live.restart();
  }

  async #round(signal: AbortSignal): Promise<void> {
    if (this.projects === null || Date.now() - this.#projectsReadAt > SELDOM_MS || this.project === null) {
      this.projects = await readProjects(signal);
      this.#projectsReadAt = Date.now();
    }
    // Chosen once: the page must not jump to another project because that one logs.
    if (this.project === null) this.view = { ...this.view, project: mostRecentlyActive(this.projects) };
    const { project } = this;
    if (project === null) return;
    try {
      await this.#readProject(project, signal);
      this.refusal = null;
    } catch (error) {
      // A project that is not there or damaged is an answer, not a silence: the others go on working.
      if (!(error instanceof ApiError) || !['project_not_found', 'project_damaged', 'invalid_name'].includes(error.code)) throw error;
      this.refusal = error;
      this.runs = null;
    }
  }

  async #readProject(project: string, signal: AbortSignal): Promise<void> {
    const runs = await readRuns(project, signal);
    signal.throwIfAborted();
    this.runs = runs;
    const asked = this.attention.filter(isActive).slice(0, MOST_STATUSES);
    const [statuses] = await Promise.all([
      Promise.all(asked.map((run) => readStatus(project, run.run_id, signal))),
      this.#readMetrics(project, signal).then(() => this.#readChart(project, signal)),
      this.#readSparklines(project, signal),
    ]);
    signal.throwIfAborted();
    this.statuses = new Map(statuses.map((status) => [status.run_id, status]));
  }

  async #readMetrics(project: string, signal: AbortSignal): Promise<void> {
    const run = this.focused?.run_id;
    if (run === undefined) return;
    if (this.#metricsRead.run === run && Date.now() - this.#metricsRead.at < SELDOM_MS) return;
    const metrics = await readMetrics(project, run, signal);
    signal.throwIfAborted();
    this.metrics = metrics;
    this.#metricsRead = { run, at: Date.now() };
  }

  async #readChart(project: string, signal: AbortSignal): Promise<void> {
    const { key, charted, chartPixels } = this;
    if (key === null || chartPixels === 0) return;
    const { x, window } = this.view;
    const shape = { project, x, window, pixels: chartPixels };
    const series = await this.#chartCache.get(shape, charted.map((run) => ({ run, key })), signal);
    signal.throwIfAborted();
    this.chart = { key, x, series };
  }

  async #readSparklines(project: string, signal: AbortSignal): Promise<void> {
    const wanted = this.rows
      .slice(0, MOST_SPARKLINES)
      .flatMap((run) => (run.loss_key == null ? [] : [{ run, key: run.loss_key }]));
    const shape = { project, x: 'step' as const, window: null, pixels: SPARKLINE_PIXELS };
    const series = await this.#sparklineCache.get(shape, wanted, signal);
    signal.throwIfAborted();
    this.sparklines = series;
  }
}
