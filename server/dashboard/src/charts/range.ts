/** What part of x and y a chart shows. */
import { extentOf, firstBeyond, firstFrom, type Line } from './line';
import type { Drawing, Window } from './drawing';
import { xScale, type Range, type Scale } from './scale';

const MARGIN = 0.06;
/** Enough values of one line to know its distribution. */
const SAMPLE = 2_000;
/** What leaves the range by less than this share of it is shown whole. */
const LEEWAY = 1;
/** Where a line mostly stands is in the range, up to so many times its height away. */
const CORE_LEEWAY = 4;
/** A first x below this share of the last one is as good as zero, so that most charts begin in the same place. */
const NEARLY_ZERO = 0.25;

function withMargin(min: number, max: number): Range {
  // What smoothing leaves of a constant differs in its last digits.
  const even = max - min <= Math.abs(max) * 1e-12;
  const margin = even ? Math.abs(min) * 0.1 || 1 : (max - min) * MARGIN;
  // A metric that is never negative keeps zero as its floor.
  return { min: min >= 0 && min - margin < 0 ? 0 : Math.max(min - margin, -Number.MAX_VALUE), max: Math.min(max + margin, Number.MAX_VALUE) };
}

/** Extremes of a line, its 1st and 99th percentile, and where its middle half lies. */
interface Spread {
  whole: Range;
  most: Range;
  core: Range;
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
  if (sample.length === 0) sample.push(min, max);
  sample.sort((a, b) => a - b);
  const last = sample.length - 1;
  const between = (share: number): Range => ({ min: sample[Math.floor(last * share)], max: sample[Math.ceil(last * (1 - share))] });
  return { whole: { min, max }, most: between(0.01), core: between(0.25) };
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)];
}

/**
 * The range of y for these lines. The typical line sets it, and all lines that mostly stand near it; a spike of one
 * line, or a line that runs away, is cut when it would flatten the others, unless outliers are kept. Null when no
 * line has a value.
 */
export function yRange(lines: readonly (readonly (number | null)[])[], keepOutliers: boolean): Range | null {
  const extent = yExtent(lines, keepOutliers);
  return extent && withMargin(extent.min, extent.max);
}

/** Lowest and highest value of all lines. */
function wholeExtent(lines: readonly (readonly (number | null)[])[]): Range | null {
  let [min, max] = [Infinity, -Infinity];
  for (const line of lines) {
    const extent = extentOf(line);
    min = Math.min(min, extent.min);
    max = Math.max(max, extent.max);
  }
  return min > max ? null : { min, max };
}

function yExtent(lines: readonly (readonly (number | null)[])[], keepOutliers: boolean): Range | null {
  if (keepOutliers) return wholeExtent(lines);
  const spreads = lines.map(spreadOf).filter((spread) => spread !== null);
  if (spreads.length === 0) return null;
  let min = median(spreads.map(({ most }) => most.min));
  let max = median(spreads.map(({ most }) => most.max));
  const leeway = (share: number) => (max > min ? share * (max - min) : Infinity);
  // The nearest first: each makes the range higher, and the next one may be near it then.
  for (const { core } of [...spreads].sort((a, b) => b.core.min - a.core.min)) if (core.min >= min - leeway(CORE_LEEWAY)) min = Math.min(min, core.min);
  for (const { core } of [...spreads].sort((a, b) => a.core.max - b.core.max)) if (core.max <= max + leeway(CORE_LEEWAY)) max = Math.max(max, core.max);
  const [low, high] = [min - leeway(LEEWAY), max + leeway(LEEWAY)];
  for (const { whole, most } of spreads) {
    for (const value of [whole.min, most.min]) if (value >= low) min = Math.min(min, value);
    for (const value of [whole.max, most.max]) if (value <= high) max = Math.max(max, value);
  }
  return { min, max };
}

/** The scale of y for these lines; even where a logarithmic one was asked for and nothing is above zero. */
export function yScale(lines: readonly (readonly (number | null)[])[], keepOutliers: boolean, log: boolean): Scale {
  if (log) {
    const exponents = lines.map((line) => line.map((value) => (value !== null && value > 0 ? Math.log10(value) : null)));
    const extent = yExtent(exponents, keepOutliers);
    if (extent) {
      const margin = Math.max((extent.max - extent.min) * MARGIN, 0.02);
      return { min: Math.max(10 ** (extent.min - margin), Number.MIN_VALUE), max: Math.min(10 ** (extent.max + margin), Number.MAX_VALUE), log: true };
    }
  }
  return { ...(yRange(lines, keepOutliers) ?? { min: 0, max: 1 }), log: false };
}

/** The range of x that holds all lines; from zero where they begin not far from it. */
export function xRange(lines: readonly Line[]): Range {
  let [min, max] = [Infinity, -Infinity];
  for (const { x } of lines) {
    if (x.length === 0) continue;
    min = Math.min(min, x[0]);
    max = Math.max(max, x[x.length - 1]);
  }
  if (min > max) return { min: 0, max: 1 };
  if (min >= 0 && min <= max * NEARLY_ZERO) min = 0;
  return min === max ? { min: min - 0.5, max: max + 0.5 } : { min, max };
}

/** The lowest x above zero; 0 when there is none. */
export function lowestPositive(lines: readonly Line[]): number {
  let lowest = Infinity;
  for (const { x } of lines) lowest = Math.min(lowest, x.find((value) => value > 0) ?? Infinity);
  return Number.isFinite(lowest) ? lowest : 0;
}

/** Both scales of a chart. */
export interface ChartScales {
  x: Scale;
  y: Scale;
}

/** Both scales of a chart of these lines as the drawing wants them, over `window` or all of x. */
export function chartScales(lines: readonly Line[], drawing: Pick<Drawing, 'logX' | 'logY' | 'keepOutliers'>, window: Window | null): ChartScales {
  const range = window === null ? xRange(lines) : { min: window.from, max: window.to };
  const within = (x: readonly number[], value: readonly (number | null)[]) => {
    const [start, end] = window === null ? [0, value.length] : [firstFrom(x, range.min), firstBeyond(x, range.max)];
    return start === 0 && end === value.length ? value : value.slice(start, end);
  };
  const seen = lines.map((line) => within(line.x, line.smooth));
  // Whoever zooms in on a spike wants to see it as it was logged.
  if (window !== null) for (const { raw } of lines) if (raw !== null) seen.push(within(raw.x, raw.value));
  for (const { x, around } of lines) if (around !== null) seen.push(within(x, around.low), within(x, around.high));
  return { x: xScale(range, drawing.logX, lowestPositive(lines)), y: yScale(seen, drawing.keepOutliers || window !== null, drawing.logY) };
}

const sameScale = (a: Scale, b: Scale) => a.min === b.min && a.max === b.max && a.log === b.log;

/** The scales as they were where they are the same: nothing has to be painted for them then. */
export function keptScales(before: ChartScales | null, now: ChartScales): ChartScales {
  return before !== null && sameScale(before.x, now.x) && sameScale(before.y, now.y) ? before : now;
}
