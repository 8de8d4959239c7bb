/** Histograms over a true axis of steps. */
import { describe, expect, it } from 'vitest';
import { binAt, binOf, columnAt, columnsOf, onePerStep } from './cell';

const histogram = { kind: 'histogram', edges: [0, 1, 3], counts: [30, 10] } as const;

describe('columns', () => {
  it('meet in the middle between steps and are as wide outside as inside', () => {
    expect(columnsOf([0, 10, 40])).toEqual([{ from: -5, to: 5 }, { from: 5, to: 25 }, { from: 25, to: 55 }]);
    expect(columnsOf([7])).toEqual([{ from: 6.5, to: 7.5 }]);
    expect(columnsOf([])).toEqual([]);
  });

  it('are found by any x', () => {
    const columns = columnsOf([0, 10, 40]);
    expect([-99, 0, 4.9, 5, 24, 25, 99].map((x) => columnAt(columns, x))).toEqual([0, 0, 0, 1, 1, 2, 2]);
    expect(columnAt([], 5)).toBe(-1);
  });

  it('have the last histogram of a step', () => {
    const at = (step: number, edge: number) => ({ step, histogram: { ...histogram, edges: [0, 1, edge] } });
    expect(onePerStep([at(0, 2), at(0, 3), at(5, 4)]).map(({ step, histogram: { edges } }) => [step, edges[2]])).toEqual([[0, 3], [5, 4]]);
  });
});

describe('the bin of a value', () => {
  it('holds its lower end, the last one both', () => {
    expect(binAt(histogram, 0)).toEqual({ place: 0, from: 0, to: 1, count: 30, share: 0.75 });
    expect(binAt(histogram, 1)?.place).toBe(1);
    expect(binAt(histogram, 3)?.place).toBe(1);
    expect([-0.1, 3.1, NaN].map((value) => binAt(histogram, value))).toEqual([null, null, null]);
  });

  it('of no values has no share', () => {
    expect(binOf({ ...histogram, counts: [0, 0] }, 1)).toMatchObject({ count: 0, share: 0 });
  });
});
