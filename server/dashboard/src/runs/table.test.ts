/** The table's order, filter and cells. */

import { describe, expect, it } from 'vitest';
import { appearanceOf } from './appearance';
import { clicked, matching, NEWEST_FIRST, sorted, type Column } from './table';
import { testRun } from './testRuns';

const runs = [
  testRun({ run: 'run-10', loss: 1, colour_slot: 0, created_at: '2026-11-01T00:00:00Z', state: 'finished', tags: ['baseline'] }),
  testRun({ run: 'run-9', loss: null, colour_slot: 1, created_at: '2026-11-02T00:00:00Z', group: 'Sweep' }),
  testRun({ run: 'run-2', loss: 0.5, colour_slot: 2, created_at: '2026-11-03T00:00:00Z', state: 'stalled' }),
];
const order = (column: Column, descending: boolean) => sorted(runs, { column, descending }).map(({ run }) => run);

describe('sorting', () => {
  it('is newest first at the beginning', () => {
    expect(sorted(runs, NEWEST_FIRST).map(({ run }) => run)).toEqual(['run-2', 'run-9', 'run-10']);
  });

  it('keeps rows without a value last in both directions', () => {
    expect(order('loss', false)).toEqual(['run-2', 'run-10', 'run-9']);
    expect(order('loss', true)).toEqual(['run-10', 'run-2', 'run-9']);
  });

  it('reads numbers in names', () => {
    expect(order('run', false)).toEqual(['run-2', 'run-9', 'run-10']);
  });

  it('puts what runs before what has ended', () => {
    expect(order('state', false)).toEqual(['run-9', 'run-2', 'run-10']);
  });

  it('turns round at the second click', () => {
    const once = clicked(NEWEST_FIRST, 'loss');
    expect(once).toEqual({ column: 'loss', descending: false });
    expect(clicked(once, 'loss').descending).toBe(true);
    expect(clicked(once, 'step').descending).toBe(true);
  });
});

it('filters by every word in name, state, group and tags', () => {
  const found = (text: string) => matching(runs, text).map(({ run }) => run);
  expect(found('')).toHaveLength(3);
  expect(found('RUN stalled')).toEqual(['run-2']);
  expect(found('sweep')).toEqual(['run-9']);
  expect(found('baseline finished')).toEqual(['run-10']);
  expect(found('nothing')).toEqual([]);
});

it('gives every slot of three turns its own look', () => {
  const looks = Array.from({ length: 36 }, (_, slot) => JSON.stringify(appearanceOf(slot, 40)));
  expect(new Set(looks).size).toBe(36);
  expect(appearanceOf(5, 6).dash).toBeNull();
  expect(appearanceOf(5, 7).dash).toEqual([6, 3]);
});
