/** Numbers as metrics hold them. */

const NOT_FINITE: ReadonlyMap<string, number> = new Map([
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
]);

/** The number that a chart draws of a value, NaN included; undefined where it is none: truth values are none. */
export function numberIn(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? NOT_FINITE.get(value) : undefined;
}

/** A value as answers tell it: what JSON has no number for is a word. */
export function told(value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
  if (Array.isArray(value)) return value.map(told);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, told(part)]));
}

/** A number as a chart's answer tells it. */
export const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

const MOMENT = /^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:\.(\d{1,6})\d*)?(Z|[+-]\d\d:?\d\d)?$/;

/** Microseconds since 1970; browsers keep milliseconds only. NaN for what is no moment. */
export function microsecondsOf(moment: unknown): number {
  const parts = typeof moment === 'string' ? MOMENT.exec(moment) : null;
  if (parts === null) return NaN;
  const [, seconds, fraction = '', zone = 'Z'] = parts;
  return Date.parse(`${seconds!.replace(' ', 'T')}${zone}`) * 1_000 + Number(fraction.padEnd(6, '0'));
}
