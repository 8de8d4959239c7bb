/** Where the histograms of a chart over steps stand, and which bin is under a place. */
import type { HistogramPart } from '../media/parts';
import type { HistogramAtStep } from './heat';

/** The part of the axis that one histogram takes. */
export interface Column {
  from: number;
  to: number;
}

/** One histogram for each step: where there are several, the last of them. Ascending in step as before. */
export function onePerStep(histograms: readonly HistogramAtStep[]): HistogramAtStep[] {
  return histograms.filter((each, i) => histograms[i + 1]?.step !== each.step);
}

/** Each reaches from the middle between it and the one before to the middle between it and the next. */
export function columnsOf(steps: readonly number[]): Column[] {
  const middle = (i: number) => (steps[i] + steps[i + 1]) / 2;
  const last = steps.length - 1;
  if (last === 0) return [{ from: steps[0] - 0.5, to: steps[0] + 0.5 }];
  return steps.map((step, i) => ({
    from: i === 0 ? step - (middle(0) - step) : middle(i - 1),
    to: i === last ? step + (step - middle(last - 1)) : middle(i),
  }));
}

/** The column that an x is in, the nearest one beyond the ends; -1: there is none. */
export function columnAt(columns: readonly Column[], x: number): number {
  let [low, high] = [0, columns.length];
  while (low < high) {
    const half = (low + high) >> 1;
    if (columns[half].to <= x) low = half + 1;
    else high = half;
  }
  return Math.min(low, columns.length - 1);
}

export interface Bin {
  place: number;
  from: number;
  to: number;
  count: number;
  /** Of all values of the step. */
  share: number;
}

/** One bin of a histogram. */
export function binOf({ edges, counts }: HistogramPart, place: number): Bin {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return { place, from: edges[place], to: edges[place + 1], count: counts[place], share: total > 0 ? counts[place] / total : 0 };
}

/** The bin that a value falls in; null outside of all. The last one holds its end as well. */
export function binAt(histogram: HistogramPart, value: number): Bin | null {
  const { edges, counts } = histogram;
  if (!(value >= edges[0] && value <= edges[edges.length - 1])) return null;
  let place = edges.findLastIndex((edge) => edge <= value);
  place = Math.min(place, counts.length - 1);
  return binOf(histogram, place);
}
