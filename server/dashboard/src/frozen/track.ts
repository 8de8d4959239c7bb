/** The rows of one run as columns of numbers: where they stand, and the points of its lines. */
import type { Axis } from './definitions';
import { microsecondsOf, numberIn } from './numbers';
import type { Points } from './reduce';
import { parsed } from './shape';
import type { Table } from './table';

/** Metrics that carry the trainer's own step, best first. */
const GLOBAL_STEPS = ['train/global_step', 'global_step', 'trainer/global_step'];
const RANK = '_rank';
/** What the columns cannot say of a row; see docs/PARQUET.md. */
const EXTRA = 'paceline_extra';

/** Numbers of rows, and which rows have one. */
interface Numbers {
  values: Float64Array;
  present: Uint8Array;
}

export class Track {
  readonly table: Table;
  readonly run: string;
  #extra: Promise<ReadonlyMap<number, Readonly<Record<string, unknown>>>> | null = null;
  #numbers = new Map<string, Promise<Numbers>>();
  #times: Promise<Float64Array> | null = null;
  #ranks: Promise<Float64Array | null> | null = null;

  constructor(table: Table, run: string) {
    this.table = table;
    this.run = run;
  }

  /** Values of rows that stand in no column of theirs, by the place of the row and the key. */
  extra(): Promise<ReadonlyMap<number, Readonly<Record<string, unknown>>>> {
    this.#extra ??= this.table.cellsOf(this.run, EXTRA).then((cells) => {
      const found = new Map<number, Readonly<Record<string, unknown>>>();
      for (const [place, cell] of cells.entries()) {
        if (typeof cell !== 'string') continue;
        const noted = parsed(cell) as { values?: Record<string, unknown> };
        if (noted.values !== undefined) found.set(place, noted.values);
      }
      return found;
    });
    // What failed may go well the next time, here and below.
    this.#extra.catch(() => (this.#extra = null));
    return this.#extra;
  }

  /** What the rows hold under a key, null where nothing. */
  async values(key: string): Promise<unknown[]> {
    const cells = await this.table.cellsOf(this.run, key);
    for (const [place, values] of await this.extra()) if (key in values) cells[place] = values[key];
    return cells;
  }

  #numbersOf(key: string): Promise<Numbers> {
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const numbers = this.values(key).then((cells) => {
      const [values, present] = [new Float64Array(cells.length), new Uint8Array(cells.length)];
      for (let place = 0; place < cells.length; place += 1) {
        const number = numberIn(cells[place]);
        if (number === undefined) continue;
        values[place] = number;
        present[place] = 1;
      }
      return { values, present };
    });
    this.#numbers.set(key, numbers);
    numbers.catch(() => this.#numbers.delete(key));
    return numbers;
  }

  /** Microseconds since 1970 of each row. */
  times(): Promise<Float64Array> {
    this.#times ??= this.table.cellsOf(this.run, 'timestamp').then((cells) => Float64Array.from(cells, microsecondsOf));
    this.#times.catch(() => (this.#times = null));
    return this.#times;
  }

  /** The process of each row; null where one has the run to itself. */
  ranks(): Promise<Float64Array | null> {
    this.#ranks ??= this.#numbersOf(RANK).then(({ values, present }) => {
      if (!present.includes(1)) return null;
      const isRank = (rank: number) => Number.isInteger(rank) && rank >= 0 && rank < 2 ** 32;
      return values.map((rank, place) => (present[place] === 1 && isRank(rank) ? rank : 0));
    });
    this.#ranks.catch(() => (this.#ranks = null));
    return this.#ranks;
  }

  /** The lowest rank that logs a metric as a number; null: none does. */
  async rankOf(key: string): Promise<number | null> {
    const [{ present }, ranks] = await Promise.all([this.#numbersOf(key), this.ranks()]);
    let lowest: number | null = null;
    for (let place = 0; place < present.length; place += 1) {
      if (present[place] === 1) lowest = Math.min(lowest ?? Infinity, ranks?.[place] ?? 0);
      if (lowest === 0) break;
    }
    return lowest;
  }

  /** Where the rows stand by the steps of the training: each process counts its own. */
  async steps(): Promise<Float64Array> {
    const logged = await Promise.all(GLOBAL_STEPS.map((key) => this.#numbersOf(key)));
    const [{ values: steps }, ranks] = await Promise.all([this.#numbersOf('step'), this.ranks()]);
    const newest = new Map<number, number>();
    return steps.map((step, place) => {
      const rank = ranks?.[place] ?? 0;
      const by = logged.find(({ values, present }) => present[place] === 1 && Number.isFinite(values[place]));
      // A value of the better metric that is not finite does not hide that of another one.
      if (by !== undefined) newest.set(rank, Math.trunc(by.values[place]!));
      return newest.get(rank) ?? step;
    });
  }

  /** Where each row stands on an axis; NaN: nowhere. */
  async #places(axis: Axis): Promise<Float64Array> {
    if (axis.of === 'step') return this.steps();
    if (axis.of !== 'metric') {
      const times = await this.times();
      const first = axis.of === 'time' ? 0 : (times[0] ?? 0);
      return times.map((time) => (time - first) / 1e6);
    }
    const [{ values, present }, ranks] = await Promise.all([this.#numbersOf(axis.key), this.ranks()]);
    const newest = new Map<number, number>();
    return values.map((value, place) => {
      const rank = ranks?.[place] ?? 0;
      const here = present[place] === 1 && Number.isFinite(value) ? value : NaN;
      if (!Number.isNaN(here)) newest.set(rank, here);
      return axis.synced ? (newest.get(rank) ?? NaN) : here;
    });
  }

  /** The points of a line, which ascend in x; those of one x stay in the order they came. */
  async points(key: string, rank: number, axis: Axis): Promise<Points> {
    const [{ values, present }, x, ranks] = await Promise.all([this.#numbersOf(key), this.#places(axis), this.ranks()]);
    const places: number[] = [];
    let isInOrder = true;
    for (let place = 0; place < values.length; place += 1) {
      if (present[place] !== 1 || Number.isNaN(x[place]) || (ranks?.[place] ?? 0) !== rank) continue;
      isInOrder &&= places.length === 0 || x[places[places.length - 1]!]! <= x[place]!;
      places.push(place);
    }
    if (!isInOrder) places.sort((a, b) => x[a]! - x[b]!);
    return { x: Float64Array.from(places, (place) => x[place]!), value: Float64Array.from(places, (place) => values[place]!) };
  }
}
