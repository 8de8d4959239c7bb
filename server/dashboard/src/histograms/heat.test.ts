/** Histograms of different bins as one map of heat. */
import { describe, expect, it } from 'vitest';
import type { HistogramPart } from '../media/parts';
import { evenly, heatOf, quantilesOf, sharesOf } from './heat';

const histogram = (edges: number[], counts: number[]): HistogramPart => ({ kind: 'histogram', edges, counts });
const rounded = (shares: Float64Array) => [...shares].map((share) => Number(share.toFixed(6)));

describe('shares of a histogram', () => {
  it('keep the whole, however bins and rows lie to each other', () => {
    for (const rows of [1, 3, 7, 64, 200]) {
      const shares = sharesOf(histogram([-2, -1, 0.5, 4], [1, 5, 2]), -3, 5, rows);
      expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
    }
  });

  it('spread a bin over the rows it covers', () => {
    expect(rounded(sharesOf(histogram([0, 2, 4], [3, 1]), 0, 4, 4))).toEqual([0.375, 0.375, 0.125, 0.125]);
    expect(rounded(sharesOf(histogram([1, 1, 2], [4, 0]), 0, 4, 4))).toEqual([0, 1, 0, 0]);
    expect(rounded(sharesOf(histogram([0, 1], [0]), 0, 1, 2))).toEqual([0, 0]);
  });
});

describe('the picture of many steps', () => {
  it('has one range for all and a column for each step', () => {
    const heat = heatOf([{ step: 0, histogram: histogram([0, 1], [2]) }, { step: 5, histogram: histogram([1, 4], [6]) }], { columns: 100, rows: 4 });
    expect(heat?.steps).toEqual([0, 5]);
    expect([heat?.low, heat?.high, heat?.most]).toEqual([0, 4, 1]);
    expect(rounded(heat?.shares ?? new Float64Array())).toEqual([1, 0, 0, 0, 0, 0.333333, 0.333333, 0.333333]);
    expect(heatOf([], { columns: 10, rows: 10 })).toBeNull();
  });

  it('leaves steps out evenly, never the ends', () => {
    expect(evenly([0, 1, 2, 3, 4, 5, 6, 7, 8], 5)).toEqual([0, 2, 4, 6, 8]);
    expect(evenly([0, 1], 5)).toEqual([0, 1]);
    expect(evenly([0, 1, 2], 1)).toEqual([0]);
  });
});

it('quantiles lie within the bins', () => {
  expect(quantilesOf(histogram([0, 1, 2], [50, 50]))).toEqual({ low: 0.1, middle: 1, high: 1.9 });
  expect(quantilesOf(histogram([0, 10], [0]))).toEqual({ low: 10, middle: 10, high: 10 });
});
