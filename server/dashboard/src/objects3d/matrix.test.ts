/** How objects are placed and looked at. */
import { describe, expect, it } from 'vitest';
import { changed, FIRST_LOOK, IDENTITY, matrixOf, moved, perspective, times, viewOf } from './matrix';

const nothing = { matrix: [], translation: [], rotation: [], scale: [] };
const at = (matrix: readonly number[], point: number[]) => [...moved(matrix, new Float32Array(point))].map((value) => Math.round(value * 1_000) / 1_000 + 0);

describe('places', () => {
  it('are moved by what stands within, then by what stands around', () => {
    const shift = matrixOf({ ...nothing, translation: [1, 0, 0] });
    const grow = matrixOf({ ...nothing, scale: [2, 2, 2] });
    expect(at(times(shift, grow), [1, 1, 1])).toEqual([3, 2, 2]);
    expect(at(times(grow, shift), [1, 1, 1])).toEqual([4, 2, 2]);
    expect(at(matrixOf({ ...nothing, rotation: [0, Math.SQRT1_2, 0, Math.SQRT1_2] }), [1, 0, 0])).toEqual([0, 0, -1]);
    expect(matrixOf(nothing)).toEqual([...IDENTITY]);
  });
});

describe('a look', () => {
  it('keeps the object ahead of the eye, one radius large', () => {
    for (const look of [FIRST_LOOK, { turn: 2, rise: -1, distance: 5 }]) {
      expect(at(viewOf(look, [10, -4, 3], 7), [10, -4, 3])).toEqual([0, 0, -look.distance]);
    }
    const front = { turn: 0, rise: 0, distance: 3 };
    expect(at(viewOf(front, [0, 0, 0], 2), [2, 0, 0])).toEqual([1, 0, -3]);
    expect(at(viewOf(front, [0, 0, 0], 2), [0, 2, 2])).toEqual([0, 1, -2]);
    // From above, what is on top is nearer.
    expect(at(viewOf({ ...front, rise: 1.5 }, [0, 0, 0], 1), [0, 1, 0])[2]).toBeGreaterThan(-2.1);
  });

  it('never goes over the top or through the object', () => {
    expect(changed(FIRST_LOOK, { rise: 9 }).rise).toBeLessThan(Math.PI / 2);
    expect(changed(FIRST_LOOK, { nearer: 1e9 }).distance).toBeGreaterThan(0);
    expect(changed(FIRST_LOOK, { nearer: 1e-9 }).distance).toBeLessThan(100);
    expect(changed(FIRST_LOOK, { turn: 1 }).turn).toBeCloseTo(FIRST_LOOK.turn + 1);
  });

  it('makes what is far small', () => {
    const [x, y] = [perspective(Math.PI / 2, 2, 0.1, 10)[0], perspective(Math.PI / 2, 2, 0.1, 10)[5]];
    expect(x).toBeCloseTo(0.5);
    expect(y).toBeCloseTo(1);
  });
});
