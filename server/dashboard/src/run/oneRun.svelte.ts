/** All that is known of the run that is shown beside its charts, kept current while it runs. */
import { ApiError, readMetrics, readRun, type MetricSummary, type RunDetail, type RunStatus, type RunSummary } from '../api/client';
import { readRunAlerts, readRunArtifacts, readStatus, type Alert, type RunArtifacts } from '../api/oneRun';
import { ACTIVE_PAUSE_MS, IDLE_PAUSE_MS, Live, whileSeen } from '../live';
import { isActive } from '../runs/attention';

/** What changes seldom is asked for again after so long. */
const SELDOM_MS = 10_000;
/** Whatever happens, the server is not asked more often than this. */
const LEAST_PAUSE_MS = 1_000;

export class OneRun {
  detail = $state.raw<RunDetail | null>(null);
  status = $state.raw<RunStatus | null>(null);
  metrics = $state.raw<readonly MetricSummary[] | null>(null);
  /** Newest first. */
  alerts = $state.raw<readonly Alert[] | null>(null);
  artifacts = $state.raw<RunArtifacts | null>(null);
  /** Why it cannot be shown, when the server says so. */
  refusal = $state.raw<ApiError | null>(null);
  /** Why the newest could not be read. */
  failure = $state.raw<unknown>(null);

  #live: Live;
  #seldomAt = 0;
  #askedAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** State and rows when it was last asked for. */
  #known = '';

  constructor(
    readonly project: string,
    readonly id: string,
  ) {
    this.#live = new Live({
      round: (signal) => this.#read(signal),
      pauseMs: () => (this.#isOver() ? IDLE_PAUSE_MS : ACTIVE_PAUSE_MS),
      onchange: (connection) => (this.failure = connection.kind === 'stale' ? connection.reason : null),
    });
  }

  /** Reads until the answer is called. */
  start(): () => void {
    const stop = whileSeen(this.#live);
    return () => {
      clearTimeout(this.#timer);
      stop();
    };
  }

  retry(): void {
    this.#live.refresh();
  }

  /** The list of runs has told something of it: when it is news, the rest is asked for soon. */
  heard(run: RunSummary): void {
    const news = `${run.state} ${run.rows} ${run.run} ${run.tags.join(' ')}`;
    if (news === this.#known) return;
    this.#known = news;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#live.refresh(), Math.max(0, this.#askedAt + LEAST_PAUSE_MS - Date.now()));
  }

  /** What an edit answered stands at once. */
  edited(detail: RunDetail): void {
    this.detail = detail;
  }

  #isOver(): boolean {
    return this.status !== null && !isActive(this.status);
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { project, id } = this;
    this.#askedAt = Date.now();
    try {
      const seldom = Date.now() - this.#seldomAt > SELDOM_MS;
      const [detail, status, alerts, metrics, artifacts] = await Promise.all([
        readRun(project, id, signal),
        readStatus(project, id, signal),
        readRunAlerts(project, id, signal),
        seldom ? readMetrics(project, id, signal) : this.metrics,
        seldom ? readRunArtifacts(project, id, signal) : this.artifacts,
      ]);
      signal.throwIfAborted();
      this.detail = detail;
      this.status = status;
      this.alerts = alerts;
      this.metrics = metrics;
      this.artifacts = artifacts;
      this.refusal = null;
      if (seldom) this.#seldomAt = this.#askedAt;
    } catch (error) {
      // A run that is not there is an answer, not a silence.
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
      this.refusal = error;
    }
  }
}
