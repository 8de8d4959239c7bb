/** Rank correlation against worked examples, and its interval against many samples whose truth is known. */

import { describe, expect, it } from 'vitest';
import { intervalOf, normalQuantile, rankCorrelation, ranksOf } from './correlation';
import { randomNumbers } from './randomNumbers';

describe('ranks', () => {
  it('go by value', () => {
    expect(ranksOf([30, 10, 20])).toEqual([3, 1, 2]);
  });

  it('are shared by equal values', () => {
    expect(ranksOf([2, 1, 2, 2, 9])).toEqual([3, 1, 3, 3, 5]);
  });
});

describe('rank correlation', () => {
  it('is 1 for anything that rises, −1 for anything that falls', () => {
    const x = [1, 2, 5, 9, 100];
    expect(rankCorrelation(x, x.map((value) => value ** 3))).toBeCloseTo(1, 12);
    expect(rankCorrelation(x, x.map((value) => 1 / value))).toBeCloseTo(-1, 12);
  });

  it('agrees with a worked example', () => {
    const intelligence = [106, 100, 86, 101, 99, 103, 97, 113, 112, 110];
    const hours = [7, 27, 2, 50, 28, 29, 20, 12, 6, 17];
    expect(rankCorrelation(intelligence, hours)).toBeCloseTo(-29 / 165, 12);
  });

  it('counts ties by their mean rank, where the short formula is wrong', () => {
    expect(rankCorrelation([1, 2, 2, 3], [1, 3, 2, 4])).toBeCloseTo(4.5 / Math.sqrt(22.5), 12);
  });

  it('is unknown where nothing changes', () => {
    expect(rankCorrelation([1, 1, 1], [1, 2, 3])).toBeNull();
    expect(rankCorrelation([], [])).toBeNull();
  });
});

describe('the normal quantile', () => {
  it('agrees with the tables', () => {
    expect(normalQuantile(0.05)).toBeCloseTo(1.6449, 2);
    expect(normalQuantile(0.025)).toBeCloseTo(1.96, 2);
    expect(normalQuantile(0.005)).toBeCloseTo(2.5758, 2);
  });
});

describe('the interval', () => {
  it('holds the correlation and stays within −1 to 1, at the ends too', () => {
    for (const correlation of [-1, -0.99, -0.3, 0, 0.5, 1]) {
      for (const pairs of [5, 12, 1_000]) {
        const interval = intervalOf(correlation, pairs);
        expect(interval?.low).toBeLessThanOrEqual(correlation);
        expect(interval?.high).toBeGreaterThanOrEqual(correlation);
        expect(interval?.low).toBeGreaterThanOrEqual(-1);
        expect(interval?.high).toBeLessThanOrEqual(1);
      }
    }
  });

  it('is wide for few pairs even where all agree, narrow for many', () => {
    expect(intervalOf(1, 5)?.low).toBeLessThan(0.7);
    expect(intervalOf(0.5, 1_000)?.low).toBeGreaterThan(0.44);
    expect(intervalOf(1, 4)).toBeNull();
  });

  it('is wider where the strongest of several was taken', () => {
    expect(intervalOf(0.5, 20, 5)?.low).toBeLessThan(intervalOf(0.5, 20)?.low ?? -1);
  });

  it('holds the truth in about nine of ten samples', () => {
    const random = randomNumbers(7);
    const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const strength = 0.6;
    // Spearman's correlation of two normal quantities (Kruskal 1958).
    const truth = (6 / Math.PI) * Math.asin(strength / 2);
    let held = 0;
    const samples = 2_000;
    for (let sample = 0; sample < samples; sample++) {
      const x = Array.from({ length: 20 }, normal);
      const y = x.map((value) => strength * value + Math.sqrt(1 - strength ** 2) * normal());
      const interval = intervalOf(rankCorrelation(x, y) ?? 0, x.length);
      if (interval && interval.low <= truth && truth <= interval.high) held += 1;
    }
    expect(held / samples).toBeGreaterThan(0.87);
    expect(held / samples).toBeLessThan(0.94);
  });
});
