/** A snapshot as it is read: what it tells of its runs, and their rows. */
import type { Contents, MetricSummary } from '../api/client';
import { fileAddress } from './dataRoot';
import { nameOfAxis, type Axis, type Definition } from './definitions';
import type { Points } from './reduce';
import { Table } from './table';
import { Track } from './track';

export interface FrozenRun {
  id: string;
  name: string;
  /** Its place in the list, the newest first. */
  number: number;
}

/** What a run has logged. */
export interface Logged {
  metrics: readonly MetricSummary[];
  keys: ReadonlySet<string>;
  definitions: readonly Definition[];
}

/** What is told without looking at rows; addresses are those of the API below the project, or below the run. */
export interface Told {
  project: string;
  contents: Contents;
  /** Newest first. */
  runs: readonly FrozenRun[];
  answer: (address: string) => unknown;
  ofRun: (run: FrozenRun, address: string) => Promise<unknown>;
  loggedBy: (run: FrozenRun) => Promise<Logged>;
  /** Every file there is; null: not known. */
  files: ReadonlySet<string> | null;
}

/** Points of lines that are kept. */
const MOST_POINTS = 8_000_000;

export class Snapshot {
  readonly told: Told;
  #tables = new Map<string, Promise<Table | null>>();
  #tracks = new Map<string, Track>();
  #points = new Map<string, Promise<Points>>();
  #pointCount = 0;

  constructor(told: Told) {
    this.told = told;
  }

  /** A run by its id, or the latest of that name. */
  run(name: string): FrozenRun | null {
    return this.told.runs.find(({ id }) => id === name) ?? this.told.runs.find((run) => run.name === name) ?? null;
  }

  /** What a run has logged. */
  loggedBy(run: FrozenRun): Promise<Logged> {
    return this.told.loggedBy(run);
  }

  /** A table by its file; null where there is none. */
  table(path: string): Promise<Table | null> {
    const known = this.#tables.get(path);
    if (known !== undefined) return known;
    const isThere = this.told.files?.has(path) ?? true;
    const table = isThere ? Table.open(fileAddress(path)) : Promise.resolve(null);
    this.#tables.set(path, table);
    // What failed may go well the next time.
    table.catch(() => this.#tables.delete(path));
    return table;
  }

  /** The rows that a run has logged. */
  async track(run: FrozenRun): Promise<Track> {
    const table = await this.table('metrics.parquet');
    if (table === null) throw new Error('the snapshot has no `metrics.parquet`');
    const known = this.#tracks.get(run.id) ?? new Track(table, run.id);
    this.#tracks.set(run.id, known);
    return known;
  }

  /** The points of a line; those asked for last are kept. */
  points(run: FrozenRun, key: string, rank: number, axis: Axis): Promise<Points> {
    const name = JSON.stringify([run.id, key, rank, nameOfAxis(axis), axis.of === 'metric' && axis.synced]);
    const known = this.#points.get(name);
    if (known !== undefined) {
      this.#points.delete(name);
      this.#points.set(name, known);
      return known;
    }
    const points = this.track(run).then((track) => track.points(key, rank, axis));
    this.#points.set(name, points);
    points.then(
      ({ x }) => this.#make(x.length),
      () => this.#points.delete(name),
    );
    return points;
  }

  /** Makes room for so many points more. */
  #make(count: number): void {
    this.#pointCount += count;
    if (this.#pointCount <= MOST_POINTS) return;
    // All at once, with the numbers that they were made of: lines on the screen come again by one look at their columns.
    this.#points.clear();
    this.#tracks.clear();
    this.#pointCount = 0;
  }
}
