/** The order of the table. */

import { describe, expect, it } from 'vitest';
import { appearanceOf } from './appearance';
import type { SettingValue } from './configs';
import { NO_FACTS, type Facts } from './fields';
import { clicked, NEWEST_FIRST, sorted } from './table';
import { testRun } from './testRuns';

const runs = [
  testRun({ run: 'run-10', loss: 1, colour_slot: 0, created_at: '2026-11-01T00:00:00Z', state: 'finished', tags: ['baseline'] }),
  testRun({ run: 'run-9', loss: null, colour_slot: 1, created_at: '2026-11-02T00:00:00Z', group: 'Sweep' }),
  testRun({ run: 'run-2', loss: 0.5, colour_slot: 2, created_at: '2026-11-03T00:00:00Z', state: 'stalled' }),
];
const order = (field: string, descending: boolean, facts: Facts = NO_FACTS) => sorted(runs, { field, descending }, facts).map(({ run }) => run);

describe('sorting', () => {
  it('is newest first at the beginning', () => {
    expect(sorted(runs, NEWEST_FIRST, NO_FACTS).map(({ run }) => run)).toEqual(['run-2', 'run-9', 'run-10']);
  });

  it('keeps rows without a value last in both directions', () => {
    expect(order('loss', false)).toEqual(['run-2', 'run-10', 'run-9']);
    expect(order('loss', true)).toEqual(['run-10', 'run-2', 'run-9']);
  });

  it('reads numbers in names', () => {
    expect(order('name', false)).toEqual(['run-2', 'run-9', 'run-10']);
  });

  it('puts what runs before what has ended', () => {
    expect(order('state', false)).toEqual(['run-9', 'run-2', 'run-10']);
  });

  it('takes settings and metrics, numbers before texts', () => {
    const metric = { first: 0, last: 0, lastStep: 0, minStep: 0, maxStep: 0 };
    const facts: Facts = {
      configs: new Map([
        ['id-run-10', new Map<string, SettingValue>([['lr', 10]])],
        ['id-run-9', new Map<string, SettingValue>([['lr', 9]])],
        ['id-run-2', new Map<string, SettingValue>([['lr', 'auto']])],
      ]),
      metrics: new Map([['eval/acc', new Map([['id-run-9', { ...metric, min: 0.1, max: 0.9 }], ['id-run-2', { ...metric, min: 0.2, max: 0.7 }]])]]),
      settings: ['lr'],
      keys: ['eval/acc'],
    };
    expect(order('config.lr', false, facts)).toEqual(['run-9', 'run-10', 'run-2']);
    expect(order('eval/acc.best', true, facts)).toEqual(['run-9', 'run-2', 'run-10']);
    expect(order('eval/acc.min', true, facts)).toEqual(['run-2', 'run-9', 'run-10']);
  });

  it('turns round at the second click', () => {
    const once = clicked(NEWEST_FIRST, 'loss', NO_FACTS);
    expect(once).toEqual({ field: 'loss', descending: false });
    expect(clicked(once, 'loss', NO_FACTS).descending).toBe(true);
    expect(clicked(once, 'step', NO_FACTS).descending).toBe(true);
    expect(clicked(once, 'eval/accuracy.best', NO_FACTS).descending).toBe(true);
    expect(clicked(once, 'eval/loss.best', NO_FACTS).descending).toBe(false);
  });
});

it('gives every slot of three turns its own look', () => {
  const looks = Array.from({ length: 36 }, (_, slot) => JSON.stringify(appearanceOf(slot, 40)));
  expect(new Set(looks).size).toBe(36);
  expect(appearanceOf(5, 6).dash).toBeNull();
  expect(appearanceOf(5, 7).dash).toEqual([6, 3]);
});
