/** What part of y a chart shows, and where its ticks stand. */

export interface Range {
  min: number;
  max: number;
}

const MARGIN = 0.06;
/** Enough values of one line to know its distribution. */
const SAMPLE = 2_000;
/** What leaves the typical range by less than this share of it is shown whole. */
const LEEWAY = 0.5;

function withMargin(min: number, max: number): Range {
  const margin = min === max ? Math.abs(min) * 0.1 || 1 : (max - min) * MARGIN;
  // A metric that is never negative keeps zero as its floor.
  return { min: min >= 0 && min - margin < 0 ? 0 : min - margin, max: max + margin };
}

/** Extremes of a line, and its 1st and 99th percentile. */
interface Spread {
  whole: Range;
  most: Range;
}

function spreadOf(line: readonly (number | null)[]): Spread | null {
  const stride = Math.max(1, Math.ceil(line.length / SAMPLE));
  const sample: number[] = [];
  let [min, max] = [Infinity, -Infinity];
  line.forEach((value, i) => {
    if (value === null) return;
    min = Math.min(min, value);
    max = Math.max(max, value);
    if (i % stride === 0) sample.push(value);
  });
  if (min > max) return null;
  if (sample.length === 0) return { whole: { min, max }, most: { min, max } };
  sample.sort((a, b) => a - b);
  const last = sample.length - 1;
  return { whole: { min, max }, most: { min: sample[Math.floor(last * 0.01)], max: sample[Math.ceil(last * 0.99)] } };
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)];
}

/**
 * The range of y for these lines. The typical line sets it; a spike of one line, or a line that runs away, is
 * cut when it would flatten the others, unless outliers are kept. Null when no line has a value.
 */
export function yRange(lines: readonly (readonly (number | null)[])[], keepOutliers: boolean): Range | null {
  const spreads = lines.map(spreadOf).filter((spread) => spread !== null);
  if (spreads.length === 0) return null;
  const typical: Range = { min: median(spreads.map(({ most }) => most.min)), max: median(spreads.map(({ most }) => most.max)) };
  const leeway = keepOutliers || !(typical.max > typical.min) ? Infinity : LEEWAY * (typical.max - typical.min);
  let { min, max } = typical;
  for (const { whole, most } of spreads) {
    for (const low of [whole.min, most.min]) if (low >= typical.min - leeway) min = Math.min(min, low);
    for (const high of [whole.max, most.max]) if (high <= typical.max + leeway) max = Math.max(max, high);
  }
  return withMargin(min, max);
}

/** Distances of ticks: 1, 2 and 5 times the powers of ten, ascending. */
export const DECIMAL_INCREMENTS: number[] = [];
for (let exponent = -12; exponent <= 15; exponent++) {
  for (const digit of [1, 2, 5]) DECIMAL_INCREMENTS.push(Number(`${digit}e${exponent}`));
}

/** Distances of ticks of an axis of seconds, so that they stand on round minutes, hours and days. */
export const SECOND_INCREMENTS: number[] = [
  ...DECIMAL_INCREMENTS.filter((increment) => increment < 10),
  ...[10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200],
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000].map((days) => days * 86_400),
];
