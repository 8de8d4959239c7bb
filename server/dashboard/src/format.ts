/** Numbers and times as words: the same form wherever they stand. */

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;

/** Stands where there is no value. */
export const NO_VALUE = '–';

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

function withTrueMinus(text: string): string {
  return text.startsWith('-') ? `−${text.slice(1)}` : text;
}

/** A count or a step with thousands commas. */
export function formatCount(value: number | null | undefined): string {
  return value == null ? NO_VALUE : withTrueMinus(whole.format(value));
}

/** A measured value with four significant figures: `1.437`, `18,705`, `5.1e-4`. */
export function formatFigure(value: number | null | undefined): string {
  if (value == null || Number.isNaN(value)) return NO_VALUE;
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size === Infinity) return value > 0 ? '∞' : '−∞';
  if (size < 1e-3 || size >= 1e6) {
    return withTrueMinus(value.toExponential(3).replace(/\.?0+e/, 'e').replace('e+', 'e'));
  }
  return withTrueMinus(size >= 1_000 ? whole.format(value) : value.toPrecision(4));
}

/** A setting as it was given, small and round numbers short: `5e-4`, `0.1`, `true`. */
export function formatSetting(value: number | string | boolean | null | undefined): string {
  if (value === undefined) return NO_VALUE;
  if (typeof value !== 'number') return String(value);
  const plain = String(value);
  const short = value.toExponential().replace('e+', 'e');
  const size = Math.abs(value);
  const isShort = Number.isFinite(value) && value !== 0 && (size < 1e-3 || size >= 1e6) && short.length < plain.length;
  return withTrueMinus(isShort ? short : plain);
}

/** A share from 0 to 1 as `71 %`, never 100 before the end. */
export function formatShare(share: number): string {
  return `${Math.floor(share * 100 + 1e-9)} %`;
}

/** A span for a column: `49 m`, `1 h 09 m`, `2 d 3 h`. */
export function formatSpan(seconds: number | null | undefined): string {
  if (seconds == null) return NO_VALUE;
  if (seconds < MINUTE) return `${Math.max(0, Math.floor(seconds))} s`;
  const minutes = Math.floor(seconds / MINUTE);
  if (seconds < HOUR) return `${minutes} m`;
  if (seconds < DAY) return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} m`;
  return `${Math.floor(seconds / DAY)} d ${Math.floor((seconds % DAY) / HOUR)} h`;
}

/** A span in a sentence: `14 minutes`, `1 hour`, `3 days`. */
export function spanInWords(seconds: number): string {
  const [size, word] =
    seconds < 2 * MINUTE ? [1, 'second'] : seconds < 2 * HOUR ? [MINUTE, 'minute'] : seconds < 2 * DAY ? [HOUR, 'hour'] : [DAY, 'day'];
  const count = Math.max(0, Math.floor(seconds / Number(size)));
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

/** Remaining time and its spread, apart, because they are set in different weights. */
export interface Eta {
  time: string;
  spread: string;
}

/** `20 min` and `± 2`: the spread is the longer side of the interval, in the unit of the time. */
export function formatEta(seconds: number, low: number | null | undefined, high: number | null | undefined): Eta {
  const [unit, name] = seconds < 90 ? [1, 's'] : seconds < 36 * HOUR ? [MINUTE, 'min'] : [HOUR, 'h'];
  const count = Math.round(seconds / Number(unit));
  const hours = Math.floor(count / 60);
  const days = Math.floor(count / 24);
  let time = `${count} ${name}`;
  if (name === 'min' && count >= 90) time = `${hours} h ${String(count % 60).padStart(2, '0')} min`;
  if (name === 'h' && count >= 48) time = `${days} d ${count % 24} h`;
  if (low == null || high == null) return { time, spread: '' };
  const side = Math.max(seconds - low, high - seconds);
  return { time, spread: `± ${Math.max(1, Math.round(side / Number(unit)))}` };
}

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** A size with three significant figures: `512 B`, `1.21 GB`. */
export function formatBytes(bytes: number): string {
  // As it is rounded: what is nearly a megabyte is said to be one.
  const rounded = bytes < 1_000 ? bytes : Number(bytes.toPrecision(3));
  const unit = rounded < 1_000 ? 0 : Math.min(Math.floor(Math.log10(rounded) / 3), BYTE_UNITS.length - 1);
  return `${unit === 0 ? whole.format(bytes) : Number((rounded / 1_000 ** unit).toPrecision(3))} ${BYTE_UNITS[unit]}`;
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const clockWithSeconds = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const dayOfOtherYear = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });

/** `14:23:47` of the reader's clock. */
export function formatClock(milliseconds: number): string {
  return clockWithSeconds.format(milliseconds);
}

/** `22 Nov 2026`. */
export function formatDay(milliseconds: number): string {
  return dayOfOtherYear.format(milliseconds);
}

/** `22 Nov 22:15`, with the year when it is not this one. */
export function formatMoment(text: string | null | undefined, now: number): string {
  const milliseconds = text == null ? NaN : Date.parse(text);
  if (Number.isNaN(milliseconds)) return NO_VALUE;
  const sameYear = new Date(milliseconds).getFullYear() === new Date(now).getFullYear();
  return `${(sameYear ? day : dayOfOtherYear).format(milliseconds)} ${clock.format(milliseconds)}`;
}

/** Seconds from a moment of the API until `now` (milliseconds); null when there is no moment. */
export function secondsSince(text: string | null | undefined, now: number): number | null {
  const milliseconds = text == null ? NaN : Date.parse(text);
  return Number.isNaN(milliseconds) ? null : Math.max(0, (now - milliseconds) / 1_000);
}

/** The text as a sentence begins. */
export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const NUMBER_WORDS = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];

/** A count in a sentence: words up to nine, then figures. */
export function countInWords(count: number): string {
  return NUMBER_WORDS[count] ?? formatCount(count);
}

/** By decimals: a format is made slowly, and axes have new ticks in each frame of a zoom. */
const tickFormats = new Map<number, Intl.NumberFormat>();

function tickFormat(decimals: number): Intl.NumberFormat {
  const known = tickFormats.get(decimals) ?? new Intl.NumberFormat('en-US', { maximumFractionDigits: decimals });
  tickFormats.set(decimals, known);
  return known;
}

/** A tick of an axis whose ticks stand `increment` apart: no more decimals than they need. */
export function formatTick(value: number, increment: number): string {
  if (Math.abs(value) < increment / 1e6) return '0';
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e6) {
    const digits = Math.max(0, Math.floor(Math.log10(size)) - Math.floor(Math.log10(increment)));
    return withTrueMinus(value.toExponential(Math.min(digits, 6)).replace(/\.?0+e/, 'e').replace('e+', 'e'));
  }
  const decimals = Math.max(0, -Math.floor(Math.log10(increment) + 1e-9));
  if (size >= 10_000 && increment >= 100) return `${withTrueMinus(String(Number((value / 1_000).toFixed(1))))}k`;
  return withTrueMinus(tickFormat(Math.min(decimals, 8)).format(value));
}

/** A tick of a time axis in seconds since 1970; the day where the ticks are days apart. */
export function formatTimeTick(seconds: number, increment: number): string {
  if (increment >= DAY) return day.format(seconds * 1_000);
  return (increment >= MINUTE ? clock : clockWithSeconds).format(seconds * 1_000);
}

/** A tick of an axis of seconds since the start: `90 s`, `45 min`, `6 h`, `2 d`. */
export function formatSpanTick(seconds: number, increment: number): string {
  if (seconds === 0) return '0';
  const [unit, name] = increment >= DAY ? [DAY, 'd'] : increment >= HOUR ? [HOUR, 'h'] : increment >= MINUTE ? [MINUTE, 'min'] : [1, 's'];
  return `${formatTick(seconds / Number(unit), increment / Number(unit))} ${name}`;
}
