/** Histograms of many steps as one picture: steps to the right, values upwards, darker where there is more. */
import type { HistogramPart } from '../media/parts';

export interface HistogramAtStep {
  step: number;
  histogram: HistogramPart;
}

/** Shares of the values of each step, by row of equal height. */
export interface Heat {
  steps: readonly number[];
  low: number;
  high: number;
  rows: number;
  /** `shares[column * rows + row]`, row 0 lowest: the share of the values of a step that are in it. */
  shares: Float64Array;
  /** Largest of them. */
  most: number;
}

export interface HeatSize {
  /** Steps beyond these are left out evenly. */
  columns: number;
  rows: number;
}

/** Counts of a histogram over rows of equal height; a bin that lies over several gives each its part. */
export function sharesOf({ edges, counts }: HistogramPart, low: number, high: number, rows: number): Float64Array {
  const shares = new Float64Array(rows);
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total <= 0) return shares;
  const height = (high - low) / rows;
  counts.forEach((count, bin) => {
    if (count <= 0) return;
    const [from, to] = [edges[bin], edges[bin + 1]];
    const first = Math.min(Math.max(Math.floor((from - low) / height), 0), rows - 1);
    const last = Math.min(Math.max(Math.ceil((to - low) / height) - 1, first), rows - 1);
    for (let row = first; row <= last; row++) {
      const overlap = Math.min(to, low + (row + 1) * height) - Math.max(from, low + row * height);
      shares[row] += first === last || to === from ? count / total : (count / total) * Math.max(0, overlap / (to - from));
    }
  });
  return shares;
}

/** Of so many items, at most `most`, evenly, the first and the last among them. */
export function evenly<Item>(items: readonly Item[], most: number): Item[] {
  if (items.length <= most || most < 2) return items.slice(0, most);
  return Array.from({ length: most }, (_, i) => items[Math.round((i * (items.length - 1)) / (most - 1))]);
}

/** The picture of these histograms, ascending in step; null where there is none. */
export function heatOf(histograms: readonly HistogramAtStep[], { columns, rows }: HeatSize): Heat | null {
  const kept = evenly(histograms, columns);
  if (kept.length === 0) return null;
  const low = Math.min(...kept.map(({ histogram }) => histogram.edges[0]));
  const high = Math.max(...kept.map(({ histogram }) => histogram.edges[histogram.edges.length - 1]));
  const shares = new Float64Array(kept.length * rows);
  kept.forEach(({ histogram }, column) => shares.set(sharesOf(histogram, low, high, rows), column * rows));
  const most = shares.reduce((large, share) => Math.max(large, share), 0);
  return { steps: kept.map(({ step }) => step), low, high, rows, shares, most };
}

export interface Quantiles {
  low: number;
  middle: number;
  high: number;
}

/** Value below which so much of a histogram lies, as if each bin were even. */
function quantile({ edges, counts }: HistogramPart, share: number): number {
  const wanted = share * counts.reduce((sum, count) => sum + count, 0);
  let before = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    if (before + counts[bin] >= wanted && counts[bin] > 0) {
      return edges[bin] + ((wanted - before) / counts[bin]) * (edges[bin + 1] - edges[bin]);
    }
    before += counts[bin];
  }
  return edges[edges.length - 1];
}

/** The middle and where the middle nine tenths lie. */
export function quantilesOf(histogram: HistogramPart): Quantiles {
  return { low: quantile(histogram, 0.05), middle: quantile(histogram, 0.5), high: quantile(histogram, 0.95) };
}
