/** Alerts by level and by search. */
import { expect, it } from 'vitest';
import type { RunAlert } from '../api/oneRun';
import { readSearch } from '../metrics/catalogue';
import { countsOf, shownOf } from './levels';

const alert = (id: number, level: RunAlert['level'], title: string, run = 'r'): RunAlert => ({ id, level, title, run, run_id: run, time: '2026-11-23T00:00:00Z' });
const alerts = [alert(1, 'info', 'Started'), alert(2, 'warn', 'Loss rises', 'lr-5e-4'), alert(3, 'error', 'Out of memory')];

it('alerts are shown newest first, by level and search', () => {
  expect(countsOf(alerts)).toEqual({ all: 3, error: 1, warn: 1, info: 1 });
  const ids = (level: Parameters<typeof shownOf>[1], text: string) => shownOf(alerts, level, readSearch(text)).map(({ id }) => id);
  expect(ids('all', '')).toEqual([3, 2, 1]);
  expect(ids('warn', '')).toEqual([2]);
  expect(ids('all', '5e-4')).toEqual([2]);
  expect(ids('info', 'memory')).toEqual([]);
});
