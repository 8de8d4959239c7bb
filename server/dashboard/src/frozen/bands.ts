/** How the lines of several runs lie together, column by column. */
import { columnOf, type Points, type Window } from './reduce';

interface RunColumn {
  place: number;
  /** Smallest x of a finite value. */
  x: number;
  mean: number;
  lowest: number;
  highest: number;
}

/** What runs have together in a column. */
export interface BandColumn {
  x: number;
  mean: number;
  standardDeviation: number;
  lowest: number;
  highest: number;
  runs: number;
}

/** The columns of one run; of its points only those from `start` to `end`. */
export function columnsOfRun({ x, value }: Points, window: Window, start: number, end: number): RunColumn[] {
  const columns: RunColumn[] = [];
  let count = 0;
  for (let i = start; i < end; i += 1) {
    const here = value[i]!;
    if (!Number.isFinite(here)) continue;
    const place = columnOf(window, x[i]!);
    const last = columns.at(-1);
    if (last?.place !== place) {
      count = 1;
      columns.push({ place, x: x[i]!, mean: here, lowest: here, highest: here });
      continue;
    }
    count += 1;
    // Without a sum, which may exceed every float where the mean does not.
    last.mean += (here - last.mean) / count;
    last.lowest = Math.min(last.lowest, here);
    last.highest = Math.max(last.highest, here);
  }
  return columns;
}

/** The band of these runs, from left to right. A run counts once in a column, however often it logs. */
export function band(runs: readonly RunColumn[][]): BandColumn[] {
  const byPlace = new Map<number, RunColumn[]>();
  for (const column of runs.flat()) byPlace.set(column.place, [...(byPlace.get(column.place) ?? []), column]);
  return [...byPlace].sort(([a], [b]) => a - b).map(([, columns]) => {
    const count = columns.length;
    const mean = columns.reduce((sum, column) => sum + column.mean / count, 0);
    const variance = columns.reduce((sum, column) => sum + (column.mean - mean) ** 2 / count, 0);
    return {
      x: Math.min(...columns.map((column) => column.x)),
      mean,
      standardDeviation: Math.sqrt(variance),
      lowest: Math.min(...columns.map((column) => column.lowest)),
      highest: Math.max(...columns.map((column) => column.highest)),
      runs: count,
    };
  });
}
