/** Scales, smoothing and hit tests, without a canvas. */

import { describe, expect, it } from 'vitest';
import { spread, withRoom } from './labels';
import { isLowerBetter, nearest, readAt, type Line } from './line';
import { DECIMAL_INCREMENTS, SECOND_INCREMENTS, yRange } from './range';
import { rowSpacing, smoothed, smoothedForChart } from './smoothing';

const steps = (count: number) => Array.from({ length: count }, (_, i) => i);

describe('smoothing', () => {
  it('leaves a constant where it is, from the first point on', () => {
    const flat = steps(50).map(() => 3);
    for (const value of smoothed(steps(50), flat, 0.9, 1)) expect(value).toBeCloseTo(3, 12);
  });

  it('weighs by distance: a point after a long gap counts fully', () => {
    expect(smoothed([0, 1_000], [0, 10], 0.9, 1)[1]).toBeCloseTo(10, 9);
    expect(smoothed([0, 1], [0, 10], 0.9, 1)[1]).toBeLessThan(6);
  });

  it('smooths a thinned-out line as the whole', () => {
    const x = steps(1_000);
    const whole = smoothed(x, x, 0.95, 1);
    const every = x.filter((i) => i % 4 === 0);
    const thinned = smoothed(every, every, 0.95, 1);
    expect(Math.abs((thinned.at(-1) ?? 0) - (whole.at(-4) ?? 0))).toBeLessThan(3);
  });

  it('keeps gaps and carries over them', () => {
    const result = smoothed([0, 1, 2], [1, null, 1], 0.5, 1);
    expect(result).toEqual([1, null, 1]);
  });

  it('returns the same array when there is nothing to do', () => {
    const raw = [1, 2];
    expect(smoothed([0, 1], raw, 0, 1)).toBe(raw);
    expect(smoothed([0, 0], raw, 0.5, 0)).toBe(raw);
  });

  it('shows evaluations as they are, zoomed or not', () => {
    const value = [3, 2, 1];
    expect(smoothedForChart([100, 200, 300], value, 3, 0.9, 1_200)).toBe(value);
    expect(smoothedForChart([100, 101, 102], value, 3, 0.9, 1_200)).not.toBe(value);
  });

  it('knows the distance of rows from their number', () => {
    expect(rowSpacing([0, 50, 100], 101)).toBe(1);
    expect(rowSpacing([5], 1)).toBe(0);
  });
});

describe('the range of y', () => {
  const falling = steps(500).map((i) => 1 + 2 * Math.exp(-i / 100));

  it('shows a single line whole', () => {
    const range = yRange([falling], false);
    expect(range?.min).toBeLessThan(1.1);
    expect(range?.max).toBeGreaterThan(3);
  });

  it('cuts a run that flies off, however long, unless told to keep it', () => {
    const flying = falling.map((value, i) => (i > 100 ? value + i : value));
    const lines = [falling, falling, flying];
    expect(yRange(lines, false)?.max).toBeLessThan(4);
    expect(yRange(lines, true)?.max).toBeGreaterThan(400);
  });

  it('cuts a single spike of a single line', () => {
    const spiked = falling.map((value, i) => (i === 250 ? 1_000 : value));
    expect(yRange([spiked], false)?.max).toBeLessThan(5);
  });

  it('keeps zero as the floor of what is never negative, and has room around a constant', () => {
    expect(yRange([[0, 1, 2]], false)?.min).toBe(0);
    expect(yRange([[5, 5]], false)).toEqual({ min: 4.5, max: 5.5 });
    expect(yRange([[0, 0]], false)).toEqual({ min: 0, max: 1 });
  });

  it('is unknown without values', () => {
    expect(yRange([], false)).toBeNull();
    expect(yRange([[null]], false)).toBeNull();
  });

  it('has ticks at round distances, ascending', () => {
    for (const increments of [DECIMAL_INCREMENTS, SECOND_INCREMENTS]) {
      expect(increments).toEqual([...increments].sort((a, b) => a - b));
    }
    expect(DECIMAL_INCREMENTS).toContain(0.05);
  });
});

describe('the crosshair', () => {
  const line = (id: string, x: number[], raw: (number | null)[]): Line => ({
    id,
    name: id,
    state: 'running',
    appearance: { colour: '--run-0', dash: null },
    x,
    raw,
    smooth: raw,
    last: null,
  });

  it('finds the nearest point', () => {
    expect([-5, 0, 4, 6, 14.9, 99].map((at) => nearest([0, 5, 10], at))).toEqual([0, 0, 1, 1, 2, 2]);
    expect(nearest([], 1)).toBe(-1);
  });

  it('lists all runs at x, best first, gaps last', () => {
    const lines = [
      line('worse', [0, 10], [2, 2]),
      line('best', [0, 10], [1, 1]),
      line('gap', [0, 10], [null, null]),
      line('ended', [0, 4], [0, 0]),
      line('later', [8, 10], [0, 0]),
    ];
    const { readings, endedBefore } = readAt(lines, 5, true);
    expect(readings.map((reading) => reading.line.id)).toEqual(['best', 'worse', 'gap']);
    expect(endedBefore).toBe(1);
    expect(readAt(lines, 5, false).readings.map((reading) => reading.line.id)).toEqual(['worse', 'best', 'gap']);
  });

  it('knows which metrics should fall', () => {
    expect(['train/loss', 'eval/wer', 'perplexity', 'val_error'].every(isLowerBetter)).toBe(true);
    expect(['accuracy', 'reward', 'flower'].some(isLowerBetter)).toBe(false);
  });
});

describe('names at the ends', () => {
  it('are moved apart within the plot', () => {
    expect(spread([10, 11, 12], 15, 0, 100)).toEqual([10, 25, 40]);
    expect(spread([95, 96, 100], 15, 0, 100)).toEqual([70, 85, 100]);
    expect(spread([-5], 15, 0, 100)).toEqual([0]);
  });

  it('are all shown when few, else only those with room', () => {
    const labels = steps(30).map((i) => ({ top: i * 5 }));
    expect(withRoom(labels.slice(0, 5), 300)).toHaveLength(5);
    expect(withRoom(labels, 300).map(({ top }) => top)).toEqual(steps(10).map((i) => i * 15));
    expect(withRoom(labels.slice(0, 5), 40).length).toBeLessThan(5);
  });
});
