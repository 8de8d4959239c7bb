/** Axes of settings and outcomes: powers of ten, far-out values, texts, and runs without a value. */

import { describe, expect, it } from 'vitest';
import { axisOf, marksOf, numbersBetween, shareOnAxis, type Axis, textsBetween } from './axis';

function between(axis: Axis, low: number, high: number) {
  if (axis.kind !== 'numbers') throw new Error('not of numbers');
  return numbersBetween(axis, low, high);
}

describe('an axis of numbers', () => {
  it('is even up to two powers of ten, by powers beyond', () => {
    expect(axisOf([1e-5, 1e-3], true)).toMatchObject({ kind: 'numbers', scale: { log: false } });
    const axis = axisOf([1e-6, 1e-5, 5e-4], true);
    expect(axis).toMatchObject({ kind: 'numbers', scale: { log: true, min: 1e-6, max: 5e-4 } });
    expect(shareOnAxis(axis, 1e-6)).toBe(0);
    expect(shareOnAxis(axis, 5e-4)).toBe(1);
    expect(shareOnAxis(axis, 1e-5)).toBeCloseTo(1 / Math.log10(500), 9);
  });

  it('is even where a value is zero or less', () => {
    expect(axisOf([0, 1, 1_000], true)).toMatchObject({ scale: { log: false } });
  });

  it('puts values far out at the end and says so', () => {
    const axis = axisOf([1.4, 1.41, 1.45, 1.5, 1.55, 1.6, 5.8], true);
    expect(axis).toMatchObject({ above: 5.8, below: null, scale: { max: 1.6 } });
    expect(shareOnAxis(axis, 5.8)).toBe(1);
    expect(shareOnAxis(axis, 1.6)).toBeLessThan(0.95);
    expect(marksOf(axis, 4)).toContainEqual({ share: 1, text: 'above' });
    expect(between(axis, 0.95, 1)).toEqual({ from: 5.8, to: Infinity });
    expect(between(axis, 0, 0.95)?.to).toBe(1.6);
  });

  it('keeps settings far out in their place', () => {
    expect(axisOf([0, 0, 0, 0, 0.01, 0.01, 0.05, 0.1], false)).toMatchObject({ above: null, scale: { min: 0, max: 0.1 } });
  });

  it('keeps a value that few runs have where most have the same', () => {
    expect(axisOf([60, 60, 60, 60, 60, 200], true)).toMatchObject({ above: null, scale: { min: 60, max: 200 } });
  });

  it('has a place for runs without a value', () => {
    const axis = axisOf([1, 2, null, NaN], true);
    expect(axis.missing).toBe(true);
    expect(shareOnAxis(axis, null)).toBe(0);
    expect(shareOnAxis(axis, 1)).toBeGreaterThan(0.05);
    expect(shareOnAxis(axis, 2)).toBe(1);
    expect(between(axis, 0, 0.02)).toBeNull();
  });

  it('goes from places back to values', () => {
    for (const axis of [axisOf([1, 2, 9], true), axisOf([1, 10_000, null], true), axisOf([5, 5], true)]) {
      for (const value of [1, 2, 5, 9]) {
        const share = shareOnAxis(axis, value);
        if (share > 0.09 && share < 1) expect(between(axis, share, 1)?.from).toBeCloseTo(value, 9);
      }
    }
  });
});

describe('an axis of texts', () => {
  it('gives each value a place, in the order of numbers in names', () => {
    const axis = axisOf(['v10', 'v2', 'v2', null], true);
    expect(axis).toMatchObject({ kind: 'texts', values: ['v2', 'v10'], missing: true });
    expect(shareOnAxis(axis, 'v10')).toBe(1);
    expect(shareOnAxis(axis, null)).toBe(0);
    expect(marksOf(axis, 10).map(({ text }) => text)).toEqual(['–', 'v2', 'v10']);
  });

  it('takes booleans, and numbers among texts', () => {
    expect(axisOf([true, false], true)).toMatchObject({ values: ['false', 'true'] });
    expect(axisOf(['auto', 8], true)).toMatchObject({ values: ['8', 'auto'] });
  });

  it('tells what stands between two places', () => {
    const axis = axisOf(['a', 'b', 'c'], true);
    if (axis.kind !== 'texts') throw new Error('not of texts');
    expect(textsBetween(axis, 0.4, 1)).toEqual(['b', 'c']);
  });

  it('puts a single value in the middle, and stands nothing', () => {
    expect(shareOnAxis(axisOf(['a'], true), 'a')).toBe(0.5);
    expect(axisOf([null], true)).toMatchObject({ kind: 'texts', values: [] });
    expect(marksOf(axisOf([], true), 5)).toEqual([]);
  });
});
