/** Tests of which points stand for all of a line, and what a window shows. */
import { describe, expect, it } from 'vitest';
import { columnOf, reduced, shown, type Points } from './reduce';

const line = (values: readonly number[], x: readonly number[] = values.map((_, place) => place)): Points => ({ x: Float64Array.from(x), value: Float64Array.from(values) });

function drawn(points: Points, from: number | null, to: number | null, pixels: number, isLog = false): [number, number][] | null {
  const seen = shown(points, from, to, pixels, isLog);
  return seen && reduced(points, seen.window, seen.start, seen.end).map((place) => [points.x[place]!, points.value[place]!]);
}

describe('pixel columns', () => {
  it('keep a single spike', () => {
    const values = Array.from({ length: 100_000 }, (_, x) => (x === 54_321 ? 1e9 : 0));
    const kept = drawn(line(values), null, null, 100)!;
    expect(kept.length).toBeLessThanOrEqual(300);
    expect(kept).toContainEqual([54_321, 1e9]);
  });

  it('keep where a line breaks, and what is left of it and right of it', () => {
    expect(drawn(line([3, 1, NaN, Infinity, 5, 2]), null, null, 1)).toEqual([[0, 3], [1, 1], [2, NaN], [4, 5], [5, 2]]);
    expect(drawn(line([NaN, NaN]), null, null, 1)).toEqual([[0, NaN], [1, NaN]]);
  });

  it('show a window and no more', () => {
    const points = line([9, 8, 7, 6, 5]);
    expect(drawn(points, 1, 3, 10)).toEqual([[1, 8], [2, 7], [3, 6]]);
    expect(drawn(points, 7, 9, 10)).toEqual([]);
    expect(drawn(line([]), null, null, 10)).toBeNull();
  });

  it('divide equal factors equally, and have no place for what is not above zero', () => {
    const window = { from: 1, to: 10_000, pixels: 4, isLog: true };
    expect([1, 9, 11, 99, 101, 999, 1_001, 10_000].map((x) => columnOf(window, x))).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
    expect(drawn(line([1, 2, 3], [-1, 0, 5]), -3, null, 9, true)).toEqual([[5, 3]]);
    expect(drawn(line([1], [0]), null, null, 9, true)).toBeNull();
  });

  it('are one where all points have one x', () => {
    expect(drawn(line([1, 3, 2], [5, 5, 5]), null, null, 100)).toEqual([[5, 1], [5, 3], [5, 2]]);
  });
});
