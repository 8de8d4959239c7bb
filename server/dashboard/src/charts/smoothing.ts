/** Exponential moving average over points that stand at unequal distances. */

/**
 * Smooths `value` over `x` (ascending). `smoothing` is the share of the average that is kept over `spacing`
 * units of x, so points that were thinned out by the server smooth as the whole series would. The start is
 * not pulled towards zero (debiased). Gaps (null) stay gaps; the average carries over them.
 */
export function smoothed(
  x: readonly number[],
  value: readonly (number | null)[],
  smoothing: number,
  spacing: number,
): readonly (number | null)[] {
  if (smoothing <= 0 || !(spacing > 0)) return value;
  const decay = Math.log(smoothing) / spacing;
  const result: (number | null)[] = new Array(value.length).fill(null);
  let sum = 0;
  let weight = 0;
  let lastX = -Infinity;
  for (let i = 0; i < value.length; i++) {
    const current = value[i];
    if (current === null) continue;
    // Points in the same place (several rows of one step) share its weight as if a quarter of a spacing apart.
    const distance = Math.max(x[i] - lastX, spacing / 4);
    const kept = weight === 0 ? 0 : Math.exp(decay * distance);
    sum = kept * sum + (1 - kept) * current;
    weight = kept * weight + (1 - kept);
    lastX = x[i];
    result[i] = sum / weight;
  }
  return result;
}

/** A metric with fewer points, as an evaluation, is shown as it was logged: each of its points counts. */
const FEWEST_POINTS = 50;

/**
 * Smooths one series as a chart shows it. `extent` is how far x goes in the whole run: a zoomed window of a
 * long series is smoothed as the whole is.
 */
export function smoothedForChart(
  x: readonly number[],
  value: readonly (number | null)[],
  totalPoints: number,
  smoothing: number,
  extent: number,
): readonly (number | null)[] {
  const spacing = rowSpacing(x, totalPoints);
  return extent < FEWEST_POINTS * spacing ? value : smoothed(x, value, smoothing, spacing);
}

/** Distance of the rows that a thinned-out series stands for. */
export function rowSpacing(x: readonly number[], totalPoints: number): number {
  if (x.length < 2) return 0;
  return (x[x.length - 1] - x[0]) / Math.max(totalPoints - 1, 1);
}
