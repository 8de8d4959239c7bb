/** Which runs get a lane, and in which order. */

import { expect, it } from 'vitest';
import type { Finding } from '../api/client';
import { needingALook, silentSeconds } from './attention';
import { byRun, testRun, testStatus } from './testRuns';

const NOW = Date.parse('2026-11-23T12:00:00Z');
const finding = (severity: Finding['severity']): Finding => ({ code: 'x', severity, evidence: '' });

it('orders by urgency, then by time left, and forgets old failures', () => {
  const runs = [
    testRun({ run: 'long', eta_seconds: 900 }),
    testRun({ run: 'unknown' }),
    testRun({ run: 'short', eta_seconds: 60 }),
    testRun({ run: 'failed', state: 'failed', finished_at: '2026-11-23T11:00:00Z' }),
    testRun({ run: 'failed long ago', state: 'failed', finished_at: '2026-11-20T11:00:00Z' }),
    testRun({ run: 'finished', state: 'finished', finished_at: '2026-11-23T11:59:00Z' }),
    testRun({ run: 'stalled', state: 'stalled' }),
    testRun({ run: 'warned' }),
    testRun({ run: 'critical' }),
  ];
  const statuses = byRun(testStatus(runs[7], [finding('note'), finding('warning')]), testStatus(runs[8], [finding('critical')]));
  expect(needingALook(runs, statuses, NOW).map(({ run }) => run)).toEqual([
    'critical',
    'warned',
    'stalled',
    'failed',
    'short',
    'long',
    'unknown',
  ]);
});

it('trusts the clock of the server with silence', () => {
  const run = testRun({ last_row_at: '2026-11-23T11:59:00Z' });
  expect(silentSeconds(run, undefined, NOW)).toBe(60);
  expect(silentSeconds(run, testStatus(run, [], { seconds_since_last_row: 840 }), NOW)).toBe(840);
});
