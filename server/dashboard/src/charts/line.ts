/** One line of a chart, and what it says at an x. */
import type { RunState } from '../api/client';
import type { Appearance } from '../runs/appearance';
import type { Range } from './scale';

/** Values over x. */
export interface Course {
  /** Ascending. */
  x: readonly number[];
  /** Null where not finite. */
  value: readonly (number | null)[];
}

/** How the runs of a group lie around their mean, in the same places as it. */
export interface Around {
  /** Mean less and plus one standard deviation. */
  low: readonly (number | null)[];
  high: readonly (number | null)[];
  /** Lowest and highest value of any run. */
  min: readonly number[];
  max: readonly number[];
  /** Runs that count in each place. */
  runs: readonly number[];
}

/** Equal parts of x, or of its logarithm, of which the first, last, lowest and highest point are known. */
export interface Columns {
  from: number;
  to: number;
  count: number;
  log: boolean;
}

export interface Line {
  /** Id of the run, or of the group. */
  id: string;
  name: string;
  state: RunState;
  appearance: Appearance;
  /** Ascending. */
  x: readonly number[];
  /** As it is drawn: smoothed, or as logged where nothing is smoothed. Null where not finite. */
  smooth: readonly (number | null)[];
  /** As logged; null when that is what is drawn. */
  raw: Course | null;
  /** Points before any were left out. */
  total: number;
  /** What it was thinned out to; absent when every point is there, or not all that a column needs. */
  columns?: Columns;
  /** Of a group. */
  around: Around | null;
  /** The figure of the table: mean of the last 10 rows; null when the chart shows another metric. */
  last: number | null;
}

/** Position of the first of ascending `x` for which `isThere` holds, as it does for all after it; their number when for none. */
function firstWhere(x: readonly number[], isThere: (value: number) => boolean): number {
  let low = 0;
  let high = x.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isThere(x[middle])) high = middle;
    else low = middle + 1;
  }
  return low;
}

export const firstFrom = (x: readonly number[], at: number): number => firstWhere(x, (value) => value >= at);
export const firstBeyond = (x: readonly number[], at: number): number => firstWhere(x, (value) => value > at);

/** Position in ascending `x` of the point nearest to `at`; -1 when empty. */
export function nearest(x: readonly number[], at: number): number {
  const next = Math.min(firstFrom(x, at), x.length - 1);
  return next > 0 && at - x[next - 1] <= x[next] - at ? next - 1 : next;
}

const extents = new WeakMap<readonly (number | null)[], Range>();

/** Lowest and highest of these values; of none, from infinity down. */
export function extentOf(values: readonly (number | null)[]): Range {
  const known = extents.get(values);
  if (known !== undefined) return known;
  const extent = { min: Infinity, max: -Infinity };
  for (const value of values) {
    if (value === null) continue;
    if (value < extent.min) extent.min = value;
    if (value > extent.max) extent.max = value;
  }
  return extent;
}

/** The same of a whole line, which is asked for it in each frame of a zoom. */
export function extentOfLine({ smooth }: Line): Range {
  const extent = extentOf(smooth);
  extents.set(smooth, extent);
  return extent;
}

/** The last value of a line that is one. */
export function lastValue(values: readonly (number | null)[]): number | null {
  return values.findLast((value) => value !== null) ?? null;
}

/** What a line shows at `at`; null beyond its ends and in its gaps. */
export function valueNear(line: Line, at: number): number | null {
  if (line.x.length === 0 || at < line.x[0] || at > line.x[line.x.length - 1]) return null;
  return line.smooth[nearest(line.x, at)];
}

export interface Reading {
  line: Line;
  x: number;
  smooth: number | null;
  raw: number | null;
}

export interface Crosshair {
  /** Every run that has a value at x, best first. */
  readings: Reading[];
  /** Runs whose last point lies before x. */
  endedBefore: number;
}

/** What all lines say at `at`. A run that has not begun there is left out. */
export function readAt(lines: readonly Line[], at: number, lowerIsBetter: boolean): Crosshair {
  const readings: Reading[] = [];
  let endedBefore = 0;
  for (const line of lines) {
    if (line.x.length === 0 || at < line.x[0]) continue;
    if (at > line.x[line.x.length - 1]) {
      endedBefore += 1;
      continue;
    }
    const i = nearest(line.x, at);
    const smooth = line.smooth[i];
    const raw = line.raw === null ? smooth : (line.raw.value[nearest(line.raw.x, line.x[i])] ?? null);
    readings.push({ line, x: line.x[i], smooth, raw });
  }
  const worst = lowerIsBetter ? Infinity : -Infinity;
  const sign = lowerIsBetter ? 1 : -1;
  readings.sort((a, b) => {
    const [left, right] = [a.smooth ?? worst, b.smooth ?? worst];
    return left === right ? 0 : sign * (left < right ? -1 : 1);
  });
  return { readings, endedBefore };
}

/** Rows of a tooltip, and dots at a cursor: of more lines only those around the pointer have one. */
export const MOST_READINGS = 16;
const READINGS_AROUND_POINTER = 8;

/** All readings when they are few; else those nearest to the value under the pointer, in their order. */
export function readingsNear(readings: readonly Reading[], pointerValue: number | null): readonly Reading[] {
  if (readings.length <= MOST_READINGS) return readings;
  const distance = ({ smooth }: Reading) => (smooth === null || pointerValue === null ? Infinity : Math.abs(smooth - pointerValue));
  const near = pointerValue === null ? readings : [...readings].sort((a, b) => distance(a) - distance(b));
  const chosen = new Set(near.slice(0, READINGS_AROUND_POINTER));
  return readings.filter((reading) => chosen.has(reading));
}

/** Smaller values of this metric are the better ones. */
export function isLowerBetter(key: string): boolean {
  return /loss|error|perplexity|ppl|\b(wer|cer|mae|mse|rmse)\b/i.test(key);
}

/** The middle of the column of an x: all points of a column stand there, so that those left out cover nothing else. */
export function inColumn({ from, to, count, log }: Columns, x: number): number {
  const share = log ? Math.log(x / from) / Math.log(to / from) : (x - from) / (to - from);
  const middle = (Math.min(Math.floor(share * count), count - 1) + 0.5) / count;
  return log ? from * (to / from) ** middle : from + middle * (to - from);
}

const isSame = (a: Line, b: Line) =>
  a.id === b.id && a.name === b.name && a.state === b.state && a.last === b.last && a.x === b.x && a.smooth === b.smooth && a.raw === b.raw &&
  a.appearance.colour === b.appearance.colour && a.appearance.dash === b.appearance.dash;

/** The lines as they were where they are the same, and all of them where all are: nothing has to be painted for those then. */
export function keptLines(before: readonly Line[], now: readonly Line[]): readonly Line[] {
  const kept = now.map((line, i) => (i < before.length && isSame(before[i], line) ? before[i] : line));
  return before.length === now.length && kept.every((line, i) => line === before[i]) ? before : kept;
}
