/** One line of a chart, and what it says at an x. */
import type { RunState } from '../api/client';
import type { Appearance } from '../runs/appearance';

export interface Line {
  id: string;
  name: string;
  state: RunState;
  appearance: Appearance;
  /** Ascending. */
  x: readonly number[];
  /** As logged, null where not finite. */
  raw: readonly (number | null)[];
  /** The same array as `raw` when nothing is smoothed. */
  smooth: readonly (number | null)[];
  /** The figure of the table: mean of the last 10 rows; null when the chart shows another metric. */
  last: number | null;
}

/** Position in ascending `x` of the point nearest to `at`; -1 when empty. */
export function nearest(x: readonly number[], at: number): number {
  let low = 0;
  let high = x.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (x[middle] < at) low = middle + 1;
    else high = middle;
  }
  return low > 0 && at - x[low - 1] <= x[low] - at ? low - 1 : low === 0 && x.length === 0 ? -1 : low;
}

/** The last value of a line that is one. */
export function lastValue(values: readonly (number | null)[]): number | null {
  return values.findLast((value) => value !== null) ?? null;
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
    readings.push({ line, x: line.x[i], smooth: line.smooth[i], raw: line.raw[i] });
  }
  const worst = lowerIsBetter ? Infinity : -Infinity;
  const sign = lowerIsBetter ? 1 : -1;
  readings.sort((a, b) => {
    const [left, right] = [a.smooth ?? worst, b.smooth ?? worst];
    return left === right ? 0 : sign * (left < right ? -1 : 1);
  });
  return { readings, endedBefore };
}

/** Smaller values of this metric are the better ones. */
export function isLowerBetter(key: string): boolean {
  return /loss|error|perplexity|ppl|\b(wer|cer|mae|mse|rmse)\b/i.test(key);
}
