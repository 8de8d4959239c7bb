/** What chosen metrics of many runs came to: asked for together, and again where a run has new rows. */
import type { MetricsOfRun, MetricSummary, RunSummary } from '../api/client';
import type { Outcome } from './quantity';

type Read = (project: string, runs: string[], keys: string[], signal: AbortSignal) => Promise<MetricsOfRun[]>;
export type Outcomes = ReadonlyMap<string, ReadonlyMap<string, Outcome>>;

export const MOST_RUNS_OF_A_REQUEST = 1_000;
/** A run that logs is asked about again after so long. */
const REFRESH_MS = 5_000;

interface Asked {
  project: string;
  runs: readonly RunSummary[];
  metrics: readonly string[];
}

const outcomeOf = ({ last, min, max }: MetricSummary): Outcome => ({ last: last ?? null, min: min ?? null, max: max ?? null });

export class OutcomeStore {
  #read: Read;
  #publish: (outcomes: Outcomes) => void;
  #onfailure: (failure: unknown) => void;
  #asked: Asked | null = null;
  /** Rows that a run had when a metric of it was read, by run and metric. */
  #rows = new Map<string, Map<string, number>>();
  #outcomes = new Map<string, Map<string, Outcome>>();
  #busy = false;
  #readAt = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #abort = new AbortController();

  /** `publish` is told whenever more is known. */
  constructor(read: Read, publish: (outcomes: Outcomes) => void, onfailure: (failure: unknown) => void) {
    this.#read = read;
    this.#publish = publish;
    this.#onfailure = onfailure;
  }

  /** These metrics of these runs are wanted now, and kept current until something else is. */
  want(asked: Asked): void {
    if (asked.project !== this.#asked?.project) this.#forget();
    this.#asked = asked;
    void this.#pump();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#abort.abort();
    this.#asked = null;
  }

  #forget(): void {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#busy = false;
    this.#rows.clear();
    this.#outcomes.clear();
    this.#readAt = -Infinity;
  }

  /** Runs of which a wanted metric is not known as of now; those of which none is known come first and at once. */
  #missing({ runs, metrics }: Asked): { runs: RunSummary[]; isNew: boolean } {
    const known = (run: RunSummary) => metrics.map((metric) => this.#rows.get(run.run_id)?.get(metric));
    const unknown = runs.filter((run) => run.rows > 0 && known(run).includes(undefined));
    if (unknown.length > 0) return { runs: unknown, isNew: true };
    return { runs: runs.filter((run) => known(run).some((rows) => rows !== undefined && rows !== run.rows)), isNew: false };
  }

  async #pump(): Promise<void> {
    const asked = this.#asked;
    if (asked === null || this.#busy || asked.metrics.length === 0) return;
    clearTimeout(this.#timer);
    const { runs, isNew } = this.#missing(asked);
    if (runs.length === 0) return;
    const wait = this.#readAt + REFRESH_MS - Date.now();
    if (!isNew && wait > 0) {
      this.#timer = setTimeout(() => void this.#pump(), wait);
      return;
    }
    const { signal } = this.#abort;
    this.#busy = true;
    try {
      for (let i = 0; i < runs.length; i += MOST_RUNS_OF_A_REQUEST) await this.#ask(asked, runs.slice(i, i + MOST_RUNS_OF_A_REQUEST), signal);
      this.#onfailure(null);
    } catch (failure) {
      if (signal.aborted) return;
      this.#onfailure(failure);
      this.#timer = setTimeout(() => void this.#pump(), REFRESH_MS);
      return;
    } finally {
      if (!signal.aborted) this.#busy = false;
    }
    this.#readAt = Date.now();
    if (!signal.aborted) void this.#pump();
  }

  async #ask({ project, metrics }: Asked, runs: readonly RunSummary[], signal: AbortSignal): Promise<void> {
    const answers = await this.#read(project, runs.map((run) => run.run_id), [...metrics], signal);
    signal.throwIfAborted();
    for (const run of runs) {
      const rows = this.#rows.get(run.run_id) ?? new Map<string, number>();
      for (const metric of metrics) rows.set(metric, run.rows);
      this.#rows.set(run.run_id, rows);
    }
    for (const { run, answer } of answers) {
      const came = (answer ?? []).map((summary) => [summary.key, outcomeOf(summary)] as const);
      this.#outcomes.set(run, new Map([...(this.#outcomes.get(run) ?? []), ...came]));
    }
    this.#publish(new Map(this.#outcomes));
  }
}
