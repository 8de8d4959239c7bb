/** The first step that reaches a value, of all points of a long run. */

import { describe, expect, it } from 'vitest';
import type { Series, SeriesRequest } from '../api/client';
import { firstReached, stepsToReach, usualReach } from './reach';

/** Answers as the server does: first, last, lowest and highest of each pixel column. */
function answered(values: readonly number[], body: SeriesRequest): Series[] {
  const from = Math.max(0, Math.ceil(body.from ?? 0));
  const to = Math.min(values.length - 1, Math.floor(body.to ?? Infinity));
  const pixels = body.pixels ?? 1;
  const width = (to - from + 1) / pixels;
  const kept = new Set<number>();
  for (let column = 0; column < pixels; column++) {
    const [start, end] = [from + Math.ceil(column * width), Math.min(from + Math.ceil((column + 1) * width), to + 1)];
    if (start >= end) continue;
    let [low, high] = [start, start];
    for (let i = start; i < end; i++) {
      if (values[i] < values[low]) low = i;
      if (values[i] > values[high]) high = i;
    }
    for (const i of [start, low, high, end - 1]) kept.add(i);
  }
  const x = [...kept].sort((a, b) => a - b);
  if (x.length === 0) return [];
  return [{ run: 'r', run_id: 'r', key: 'loss', rank: 0, x_axis: 'step', x, value: x.map((i) => values[i]), total_points: to - from + 1, exact: true } as Series];
}

async function search(values: readonly number[], target: number, lower = true) {
  let questions = 0;
  const read = async (_project: string, body: SeriesRequest) => {
    questions += 1;
    return { series: answered(values, body) };
  };
  const step = await stepsToReach(read, 'p', 'r', 'loss', target, lower, new AbortController().signal);
  return { step, questions };
}

describe('steps to a value', () => {
  it('are those of the first of all points, though it is not drawn', async () => {
    // The first step below 1 is one of a dip that goes deeper later, in the same pixel column.
    const values = Array.from({ length: 300_000 }, (_, i) => 2 - (i > 123_456 ? 1.001 + (i - 123_456) * 1e-7 : 0));
    const { step, questions } = await search(values, 1);
    expect(step).toBe(123_457);
    expect(questions).toBeLessThanOrEqual(3);
  });

  it('find the one row that reaches it', async () => {
    const values = Array.from({ length: 50_000 }, (_, i) => (i === 777 ? 0.5 : 2));
    expect((await search(values, 1)).step).toBe(777);
  });

  it('go upwards where higher is better', async () => {
    expect((await search([0.1, 0.5, 0.9, 0.4], 0.8, false)).step).toBe(2);
  });

  it('are unknown where it is never reached', async () => {
    expect(await search([3, 2, 2.5], 1)).toEqual({ step: null, questions: 1 });
    expect((await search([], 1)).step).toBeNull();
  });

  it('agree with a plain search on any noise', async () => {
    let state = 1;
    const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
    const values = Array.from({ length: 40_000 }, (_, i) => 2 - i / 30_000 + random());
    for (const target of [2.5, 2, 1.5, 1.2, 0.9]) {
      expect((await search(values, target)).step).toBe(firstReached(values, target, true));
    }
  });
});

describe('the value to reach', () => {
  it('is what half of the runs reach, to two figures on the worse side', () => {
    expect(usualReach([1.481, 1.473, 1.386, 1.615], true)).toBe(1.5);
    expect(usualReach([1.2, 1.3, 9], true)).toBe(1.3);
    expect(usualReach([0.6999], false)).toBe(0.69);
    expect(usualReach([0.5, 0.61], false)).toBe(0.5);
    expect(usualReach([-1.23], true)).toBe(-1.2);
    expect(usualReach([0.0001234], true)).toBe(0.00013);
    expect(usualReach([0], true)).toBe(0);
    expect(usualReach([], true)).toBeNull();
  });
});
