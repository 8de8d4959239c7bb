/** Where the ticks of an axis stand, and what they say. */
import { formatSpanTick, formatTick, formatTimeTick } from '../format';
import { shareOf, type Range, type Scale } from './scale';

export interface Tick {
  value: number;
  text: string;
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

/** 1, 2 or 5 times the power of ten that is no smaller than `least`, for ranges beyond any table: a loss that blew up. */
function coarse(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5].find((digit) => digit * power >= least) ?? 10);
}

type Format = (value: number, increment: number) => string;

/** With fewer ticks than this an axis is hard to read, and they stand as close as they may. */
const FEWEST = 3;

/** Distance of at most `most` ticks: the one that makes about half as many, if that is enough of them. */
function incrementOf({ min, max }: Range, most: number, increments: readonly number[]): number {
  const span = max - min;
  const least = increments.findIndex((each) => span / each <= most);
  if (least < 0) return coarse(span / most);
  const distance = (each: number) => Math.abs(Math.log((2 * span) / (each * most)));
  const usual = increments.slice(least, least + FEWEST).reduce((best, each) => (distance(each) < distance(best) ? each : best));
  const count = Math.floor(max / usual + 1e-9) - Math.ceil(min / usual - 1e-9) + 1;
  return count < FEWEST ? increments[least] : usual;
}

function even(range: Range, most: number, increments: readonly number[], format: Format): Tick[] {
  const increment = incrementOf(range, most, increments);
  const ticks: Tick[] = [];
  for (let i = Math.ceil(range.min / increment - 1e-9); i * increment <= range.max + increment * 1e-9; i++) {
    // Counting in whole increments keeps 0.3 from becoming 0.30000000000000004.
    const value = Number((i * increment).toPrecision(12));
    ticks.push({ value, text: format(value, increment) });
    if (ticks.length > 100) break;
  }
  return ticks;
}

/** Powers of ten, every second or third of them where they are many; 1-2-5 between them where they are few. */
function powers(scale: Scale, most: number): Tick[] {
  const [low, high] = [Math.ceil(Math.log10(scale.min) - 1e-9), Math.floor(Math.log10(scale.max) + 1e-9)];
  const stride = Math.max(1, Math.ceil((high - low + 1) / most));
  const ticks: Tick[] = [];
  const push = (value: number) => {
    if (value >= scale.min * (1 - 1e-9) && value <= scale.max * (1 + 1e-9)) ticks.push({ value, text: formatTick(value, value) });
  };
  if (high - low + 1 >= 3 || scale.max / scale.min > 300) {
    for (let exponent = Math.ceil(low / stride) * stride; exponent <= high; exponent += stride) push(Number(`1e${exponent}`));
    return ticks;
  }
  for (let exponent = low - 1; exponent <= high; exponent++) for (const digit of [1, 2, 5]) push(Number(`${digit}e${exponent}`));
  const round = ticks.filter(({ value }) => Number.isInteger(Math.log10(value)));
  if (ticks.length > most && round.length >= 2) return round;
  // Within one power of ten even steps say more than a single tick.
  return ticks.length >= 2 ? ticks : even(scale, most, DECIMAL_INCREMENTS, formatTick);
}

/** Ticks of the y axis: at most `most`, about half as many. */
export function yTicks(scale: Scale, most: number): Tick[] {
  return scale.log ? powers(scale, most) : even(scale, most, DECIMAL_INCREMENTS, formatTick);
}

export const isTime = (axis: string): boolean => axis === 'time' || axis === 'relative_time';

/** A place on the x axis in words, as exact as `increment`. */
export function formatX(axis: string, value: number, increment: number): string {
  if (axis === 'time') return formatTimeTick(value, increment);
  return axis === 'relative_time' ? formatSpanTick(value, increment) : formatTick(value, increment);
}

/** Ticks of the x axis: at most `most`, about half as many. */
export function xTicks(scale: Scale, axis: string, most: number): Tick[] {
  if (scale.log) return powers(scale, most);
  const increments = isTime(axis) ? SECOND_INCREMENTS : axis === 'step' ? DECIMAL_INCREMENTS.filter((step) => step >= 1) : DECIMAL_INCREMENTS;
  return even(scale, most, increments, (value, increment) => formatX(axis, value, increment));
}

/** The ticks whose texts stand apart from each other and within the axis; `width` measures a text, in the unit of `length`. */
export function withRoomForText(ticks: readonly Tick[], scale: Scale, length: number, width: (text: string) => number): Tick[] {
  const gap = width('0');
  let taken = -Infinity;
  return ticks.filter(({ value, text }) => {
    const middle = shareOf(scale, value) * length;
    const half = width(text) / 2;
    if (middle - half < taken + gap) return false;
    taken = middle + half;
    return true;
  });
}
