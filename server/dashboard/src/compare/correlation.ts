/** Whether two quantities go up together: rank correlation with ties, and the interval in which it may lie. */

export interface Interval {
  low: number;
  high: number;
}

/** Share of intervals that hold the true value, if the runs are a fair sample. */
export const CONFIDENCE = 0.9;
/** With fewer pairs the interval covers nearly everything. */
export const FEWEST_PAIRS = 5;

/** Ranks from 1 in the order of the values; equal values share the mean of their places (Kendall & Gibbons 1990, ch. 3). */
export function ranksOf(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a] - values[b]);
  const ranks = new Array<number>(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to + 1 < order.length && values[order[to + 1]] === values[order[from]]) to += 1;
    for (let i = from; i <= to; i++) ranks[order[i]] = (from + to) / 2 + 1;
    from = to + 1;
  }
  return ranks;
}

function product(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [left, right] = [mean(a), mean(b)];
  return a.reduce((sum, value, i) => sum + (value - left) * (b[i] - right), 0);
}

/**
 * Spearman's rank correlation, −1 to 1: Pearson's correlation of the ranks, which is right with ties too
 * (Spearman 1904; Conover 1999, §5.4). Null where one side never changes.
 */
export function rankCorrelation(x: readonly number[], y: readonly number[]): number | null {
  const [left, right] = [ranksOf(x), ranksOf(y)];
  const spread = Math.sqrt(product(left, left) * product(right, right));
  if (!(spread > 0)) return null;
  return Math.min(Math.max(product(left, right) / spread, -1), 1);
}

/** Upper quantile of the normal distribution, error below 4.5e-4 (Abramowitz & Stegun 1964, 26.2.23). */
export function normalQuantile(upperShare: number): number {
  const t = Math.sqrt(-2 * Math.log(upperShare));
  const numerator = 2.515517 + 0.802853 * t + 0.010328 * t * t;
  return t - numerator / (1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t * t * t);
}

/**
 * The interval of a rank correlation over so many pairs: Fisher's z with the variance of Bonett & Wright (2000),
 * (1 + ρ²/2) / (n − 3). `comparisons`: of so many correlations the strongest was taken, so that each has its share of
 * the doubt (Bonferroni; Dunn 1961). Null with too few pairs.
 */
export function intervalOf(correlation: number, pairs: number, comparisons = 1): Interval | null {
  if (pairs < FEWEST_PAIRS) return null;
  // At ±1 z is infinite: half of the smallest step that ρ can take is left, so that few pairs do not look certain.
  const most = 1 - 6 / (pairs * (pairs * pairs - 1));
  const z = Math.atanh(Math.min(Math.max(correlation, -most), most));
  const side = normalQuantile((1 - CONFIDENCE) / 2 / comparisons) * Math.sqrt((1 + correlation ** 2 / 2) / (pairs - 3));
  return { low: Math.min(Math.tanh(z - side), correlation), high: Math.max(Math.tanh(z + side), correlation) };
}
