/** Smoothing of whole lines, before points are left out; the sums are the server's, so that a snapshot draws the same. */
import type { Smoothing } from '../api/client';
import type { Points } from './reduce';

/** Smoothed points. What is not finite stays as it is and counts for nothing. */
export function smoothed(points: Points, smoothing: Smoothing): Points {
  const values = Float64Array.from(points.value);
  const to = { x: points.x, value: values };
  if (smoothing.kind === 'gaussian') gaussian(to, smoothing.width);
  else {
    // A weight of 0, and values at one x, leave nothing to go by.
    const halfLife = smoothing.kind === 'half_life' ? smoothing.half_life : -meanDistance(points) / Math.log2(smoothing.weight);
    if (smoothing.kind === 'half_life' || halfLife > 0) exponential(to, halfLife);
  }
  return to;
}

/** Mean distance in x of the finite values; 0 of less than two. */
function meanDistance({ x, value }: Points): number {
  let [first, last, count] = [-1, -1, 0];
  for (let i = 0; i < x.length; i += 1) {
    if (!Number.isFinite(value[i])) continue;
    if (first < 0) first = i;
    last = i;
    count += 1;
  }
  return count === 0 ? 0 : (x[last]! - x[first]!) / Math.max(count - 1, 1);
}

function exponential({ x, value }: Points, halfLife: number): void {
  let [sum, weights, lastX, distance, kept] = [0, 0, NaN, 0, 1];
  for (let i = 0; i < x.length; i += 1) {
    if (!Number.isFinite(value[i])) continue;
    const moved = x[i]! - lastX;
    if (moved !== distance && !Number.isNaN(moved)) [distance, kept] = [moved, 2 ** (-moved / halfLife)];
    sum = kept * sum + value[i]!;
    weights = kept * weights + 1;
    value[i] = sum / weights;
    lastX = x[i]!;
  }
}

/** What is further away than so many widths counts no more. */
const REACH = 5;
/** Terms of the power series of a bell curve around the middle of a box one width wide. */
const TERMS = 22;

function gaussian({ x, value }: Points, width: number): void {
  const logged = Float64Array.from(value);
  const finite = [...x.keys()].filter((place) => Number.isFinite(logged[place]));
  if (finite.length === 0) return;
  const origin = x[finite[0]!]!;
  const boxOf = (at: number) => Math.floor((at - origin) / width);
  let [from, to] = [0, 0];
  for (let start = 0; start < x.length; ) {
    const box = boxOf(x[start]!);
    let end = start;
    while (end < x.length && boxOf(x[end]!) <= box) end += 1;
    const middle = origin + (box + 0.5) * width;
    const reach = (REACH + 0.5) * width;
    while (from < finite.length && x[finite[from]!]! < middle - reach) from += 1;
    to = Math.max(to, from);
    while (to < finite.length && x[finite[to]!]! <= middle + reach) to += 1;
    const [sums, weights] = [new Float64Array(TERMS), new Float64Array(TERMS)];
    for (let i = from; i < to; i += 1) {
      const place = finite[i]!;
      const s = (x[place]! - middle) / width;
      let term = Math.exp((-s * s) / 2);
      for (let power = 0; power < TERMS; power += 1) {
        sums[power]! += term * logged[place]!;
        weights[power]! += term;
        term *= s / (power + 1);
      }
    }
    for (let place = start; place < end; place += 1) {
      if (!Number.isFinite(logged[place])) continue;
      const u = (x[place]! - middle) / width;
      value[place] = series(sums, u) / series(weights, u);
    }
    start = end;
  }
}

const series = (coefficients: Float64Array, u: number) => coefficients.reduceRight((sum, coefficient) => sum * u + coefficient, 0);
