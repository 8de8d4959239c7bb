/** From values to places along an axis and back: even, or by powers of ten. */

export interface Range {
  min: number;
  max: number;
}

export interface Scale extends Range {
  /** Equal factors are equally far apart; zero and less have no place. */
  log: boolean;
}

/** Where a value stands: 0 at `min`, 1 at `max`; NaN where it has no place. */
export function shareOf(scale: Scale, value: number): number {
  if (!scale.log) return (value - scale.min) / (scale.max - scale.min);
  if (value <= 0) return NaN;
  return Math.log(value / scale.min) / Math.log(scale.max / scale.min);
}

/** The value at a share of the axis. */
export function valueAt(scale: Scale, share: number): number {
  if (!scale.log) return scale.min + share * (scale.max - scale.min);
  return scale.min * (scale.max / scale.min) ** share;
}

/** The scale of x over `range`; a logarithmic one begins at the lowest place above zero, `lowest`. */
export function xScale(range: Range, log: boolean, lowest: number): Scale {
  if (!log) return { ...range, log: false };
  const min = range.min > 0 ? range.min : lowest;
  return min > 0 && range.max > min ? { min, max: range.max, log: true } : { ...range, log: false };
}
