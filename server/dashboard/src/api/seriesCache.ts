/** Series of many runs, read again only for runs that have new rows. */
import type { RunSummary, Series, SeriesRequest, XAxis } from './client';

/** What is drawn; another shape is another set of lines. */
export interface Shape {
  project: string;
  x: XAxis;
  window: { from: number; to: number } | null;
  pixels: number;
}

export interface Wanted {
  run: RunSummary;
  key: string;
}

export type SeriesByRun = ReadonlyMap<string, Series>;
type Read = (project: string, body: SeriesRequest, signal: AbortSignal) => Promise<Series[]>;

export class SeriesCache {
  #read: Read;
  #shape = '';
  /** By run id: the metric and the rows the run had when it was asked for, and the answer. */
  #known = new Map<string, { key: string; rows: number; state: string; series: Series | null }>();

  constructor(read: Read) {
    this.#read = read;
  }

  /** The series of the wanted runs, from the server where they may have changed. Runs without points are left out. */
  async get(shape: Shape, wanted: readonly Wanted[], signal: AbortSignal): Promise<SeriesByRun> {
    const text = JSON.stringify(shape);
    if (text !== this.#shape) {
      this.#shape = text;
      this.#known.clear();
    }
    const missing = new Map<string, RunSummary[]>();
    for (const { run, key } of wanted) {
      const known = this.#known.get(run.run_id);
      if (known?.key === key && known.rows === run.rows && known.state === run.state) continue;
      missing.set(key, [...(missing.get(key) ?? []), run]);
    }
    for (const [key, runs] of missing) {
      const body: SeriesRequest = {
        runs: runs.map((run) => run.run_id),
        keys: [key],
        x: shape.x,
        from: shape.window?.from ?? null,
        to: shape.window?.to ?? null,
        pixels: shape.pixels,
      };
      const answers = new Map((await this.#read(shape.project, body, signal)).map((series) => [series.run_id, series]));
      if (text !== this.#shape) break;
      for (const run of runs) {
        const series = answers.get(run.run_id) ?? null;
        this.#known.set(run.run_id, { key, rows: run.rows, state: run.state, series });
      }
    }
    const result = new Map<string, Series>();
    for (const { run, key } of wanted) {
      const known = this.#known.get(run.run_id);
      if (known?.key === key && known.series) result.set(run.run_id, known.series);
    }
    return result;
  }
}
