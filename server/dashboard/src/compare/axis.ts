/** An axis of many runs: where each value stands from the lower end (0) to the upper one (1), and what it says. */
import type { Scale } from '../charts/scale';
import { shareOf, valueAt } from '../charts/scale';
import { yTicks } from '../charts/ticks';
import { formatSetting, NO_VALUE } from '../format';
import type { SettingValue } from '../runs/configs';

interface Common {
  /** Some run has no value: those stand at the lower end. */
  missing: boolean;
}

export interface NumberAxis extends Common {
  kind: 'numbers';
  scale: Scale;
  /** Values far above and below the others stand at the ends of the axis: the nearest of them; null: there are none. */
  above: number | null;
  below: number | null;
}

export interface TextAxis extends Common {
  kind: 'texts';
  /** Lowest first. */
  values: readonly string[];
}

export type Axis = NumberAxis | TextAxis;

export interface Mark {
  share: number;
  text: string;
}

/** Values farther than so many times the middle half from it would flatten the others (Tukey 1977: far out at 3). */
const FAR_OUT = 3;
/** Values that span more than this factor stand on powers of ten. */
const LOG_FROM = 100;
/** Room at an end for what stands apart: values far out, runs without a value. */
const APART = 0.08;

const names = new Intl.Collator('en', { numeric: true });
const isNumber = (value: SettingValue): value is number => typeof value === 'number' && Number.isFinite(value);

/**
 * The axis that holds these values: of numbers when all are, else each text and boolean has a place of its own.
 * `cutsFarOut`: a value far from the others stands at the end. Of outcomes, as a run that ran away; a setting was chosen.
 */
export function axisOf(values: readonly SettingValue[], cutsFarOut: boolean): Axis {
  const present = values.filter((value) => value !== null && !(typeof value === 'number' && !Number.isFinite(value)));
  const missing = present.length < values.length;
  if (present.length > 0 && present.every(isNumber)) return { kind: 'numbers', missing, ...numbersOf(present, cutsFarOut) };
  return { kind: 'texts', missing, values: [...new Set(present.map(textOf))].sort(names.compare) };
}

/** A value as a text axis names it. */
export const textOf = (value: SettingValue): string => (typeof value === 'string' ? value : formatSetting(value));

function numbersOf(present: readonly number[], cutsFarOut: boolean): Omit<NumberAxis, 'kind' | 'missing'> {
  const sorted = [...present].sort((a, b) => a - b);
  const [least, greatest] = [sorted[0], sorted[sorted.length - 1]];
  if (least > 0 && greatest / least > LOG_FROM) return { scale: { min: least, max: greatest, log: true }, above: null, below: null };
  const at = (share: number) => sorted[Math.round((sorted.length - 1) * share)];
  const [low, high] = [at(0.25), at(0.75)];
  // Where most values are the same nothing can be told of the others.
  const leeway = cutsFarOut && high > low ? FAR_OUT * (high - low) : Infinity;
  const near = sorted.filter((value) => value >= low - leeway && value <= high + leeway);
  const [min, max] = [near[0], near[near.length - 1]];
  const scale: Scale = min === max ? { min: min - (Math.abs(min) || 1) * 0.1, max: max + (Math.abs(max) || 1) * 0.1, log: false } : { min, max, log: false };
  return { scale, above: sorted.find((value) => value > scale.max) ?? null, below: sorted.findLast((value) => value < scale.min) ?? null };
}

/** The part of the axis on which values have their own places. */
export function innerOf(axis: Axis): { from: number; to: number } {
  const low = axis.missing || (axis.kind === 'numbers' && axis.below !== null);
  const high = axis.kind === 'numbers' && axis.above !== null;
  return { from: low ? APART : 0, to: high ? 1 - APART : 1 };
}

/** Where a value stands. What has no place of its own stands at an end. */
export function shareOnAxis(axis: Axis, value: SettingValue): number {
  const { from, to } = innerOf(axis);
  if (axis.kind === 'texts') {
    const position = value === null ? -1 : axis.values.indexOf(textOf(value));
    if (position < 0) return 0;
    // A single value stands in the middle.
    return axis.values.length === 1 ? (from + to) / 2 : from + (position / (axis.values.length - 1)) * (to - from);
  }
  if (!isNumber(value)) return 0;
  if (value > axis.scale.max) return 1;
  // Between those without a value and the others.
  if (value < axis.scale.min) return axis.missing ? APART / 2 : 0;
  return from + shareOf(axis.scale, value) * (to - from);
}

/** The numbers between two places; infinite where a place is an end of the axis. Null when no number stands there. */
export function numbersBetween(axis: NumberAxis, low: number, high: number): { from: number; to: number } | null {
  const inside = innerOf(axis);
  const at = (share: number) => valueAt(axis.scale, (share - inside.from) / (inside.to - inside.from));
  let from = at(Math.max(low, inside.from));
  if (low <= inside.from) from = axis.missing && axis.below !== null && low > APART / 2 ? axis.scale.min : -Infinity;
  if (low > inside.to) from = axis.above ?? Infinity;
  let to = at(Math.min(high, inside.to));
  if (high >= 1) to = Infinity;
  if (high < inside.from) to = axis.below !== null && !(axis.missing && high < APART / 2) ? axis.below : -Infinity;
  return from <= to && to !== -Infinity && from !== Infinity ? { from, to } : null;
}

/** The texts that stand between two places. */
export function textsBetween(axis: TextAxis, low: number, high: number): string[] {
  return axis.values.filter((text) => {
    const share = shareOnAxis(axis, text);
    return share >= low - 1e-9 && share <= high + 1e-9;
  });
}

/** What the axis says and where, at most about `most` marks. */
export function marksOf(axis: Axis, most: number): Mark[] {
  const ends: Mark[] = axis.missing ? [{ share: 0, text: NO_VALUE }] : [];
  if (axis.kind === 'texts') {
    const every = Math.max(1, Math.ceil(axis.values.length / most));
    return [...ends, ...axis.values.filter((_, i) => i % every === 0).map((text) => ({ share: shareOnAxis(axis, text), text }))];
  }
  if (axis.below !== null) ends.push({ share: axis.missing ? APART / 2 : 0, text: 'below' });
  if (axis.above !== null) ends.push({ share: 1, text: 'above' });
  return [...ends, ...yTicks(axis.scale, most).map(({ value, text }) => ({ share: shareOnAxis(axis, value), text }))];
}
