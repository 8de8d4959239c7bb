/** The names of the metrics of a project: gathered from the runs that are drawn, or heard of before any list has them. */
import { readMetrics, readProjectMetrics, type MetricSummary, type RunSummary } from '../api/client';
import type { Delta } from '../api/delta';
import { isActive } from '../runs/attention';
import { keysOf } from './catalogue';

/** What changes seldom is asked for again after so long. */
const SELDOM_MS = 10_000;
/** Runs whose metrics are asked for where no charts are drawn: most runs log the same. */
const FEW_RUNS = 5;
/** Names are gathered from runs until there are so many. */
const MOST_METRICS_READ = 20_000;

export class MetricNames {
  /** Null until they are known. */
  keys = $state.raw<readonly string[] | null>(null);
  /** By run, as it was read last. */
  #known = new Map<string, { at: number; rows: number; metrics: MetricSummary[] }>();
  /** Those that the stream has told of before the list of them did. */
  #heard = new Set<string>();
  /** Somebody looks at the list of all of them. */
  #wantsAll = false;
  #allReadAt = 0;

  /** All are wanted from now on, those of runs that are not drawn too; whether they were not before. */
  wantAll(): boolean {
    const isNew = !this.#wantsAll;
    this.#wantsAll = true;
    return isNew;
  }

  /** Another project. */
  clear(): void {
    this.keys = null;
    this.#known.clear();
    this.#heard.clear();
    this.#allReadAt = 0;
  }

  /** Whether the stream tells of metrics for the first time. One of a run that is not drawn stays unknown, and is asked for once. */
  hear(delta: Delta): boolean {
    const known = new Set(this.keys ?? []);
    let isNew = false;
    for (const { run_id, rows } of delta.rows) {
      for (const [key, value] of rows.flatMap(({ metrics }) => Object.entries(metrics))) {
        if (typeof value !== 'number' || known.has(key) || this.#heard.has(key)) continue;
        this.#heard.add(key);
        this.#known.delete(run_id);
        isNew = true;
      }
    }
    return isNew;
  }

  /** Reads what is due: of the drawn runs, the focused one first, each again when it has new rows. A page `withoutCharts` needs few. */
  async read(project: string, focused: RunSummary | null, drawn: readonly RunSummary[], withoutCharts: boolean, signal: AbortSignal): Promise<void> {
    if (this.#wantsAll && withoutCharts) return this.#readAll(project, signal);
    const order = [...new Set([...(focused ? [focused] : []), ...drawn.filter(isActive), ...drawn])];
    const isDue = (run: RunSummary) => {
      const known = this.#known.get(run.run_id);
      return known === undefined || (known.rows !== run.rows && Date.now() - known.at > SELDOM_MS);
    };
    const read = async (run: RunSummary) => {
      const metrics = await readMetrics(project, run.run_id, signal);
      signal.throwIfAborted();
      this.#known.set(run.run_id, { at: Date.now(), rows: run.rows, metrics });
    };
    const known = order.filter((run) => this.#known.has(run.run_id)).length;
    const most = withoutCharts ? Math.max(0, FEW_RUNS - known) : order.length;
    const [first, ...rest] = order.filter(isDue).slice(0, most);
    if (first === undefined && this.keys !== null) return;
    if (first) await read(first);
    this.#gather(order);
    const count = () => order.reduce((sum, run) => sum + (this.#known.get(run.run_id)?.metrics.length ?? 0), 0);
    for (let i = 0; i < rest.length && count() < MOST_METRICS_READ; i += 4) await Promise.all(rest.slice(i, i + 4).map(read));
    this.#gather(order);
  }

  async #readAll(project: string, signal: AbortSignal): Promise<void> {
    if (Date.now() - this.#allReadAt < SELDOM_MS) return;
    const metrics = await readProjectMetrics(project, signal);
    signal.throwIfAborted();
    this.#allReadAt = Date.now();
    this.#take(keysOf([metrics]));
  }

  #gather(runs: readonly RunSummary[]): void {
    this.#take(keysOf(runs.map((run) => this.#known.get(run.run_id)?.metrics ?? [])));
  }

  #take(keys: readonly string[]): void {
    if (this.keys === null || keys.length !== this.keys.length || keys.some((key, i) => key !== this.keys?.[i])) this.keys = keys;
  }
}
