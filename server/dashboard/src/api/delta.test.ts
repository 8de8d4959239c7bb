/** What a delta of the stream does to the list of runs. */

import { describe, expect, it } from 'vitest';
import { testRun, testStatus } from '../runs/testRuns';
import { withDelta, type Delta } from './delta';

const nothing: Delta = { rows: [], statuses: [], deleted: [] };
const now = Date.parse('2026-11-02T00:00:00Z');

describe('a delta', () => {
  it('moves a run on, and leaves the others as they are', () => {
    const runs = [testRun({ run: 'a', rows: 5, step: 4, tags: ['kept'] }), testRun({ run: 'b' })];
    const status = testStatus(runs[0], [], { step: 6, loss: { key: 'loss', recent: 0.5 }, seconds_since_last_row: 2 });
    const delta = { ...nothing, rows: [{ run_id: 'id-a', rows: [{ metrics: {} }, { metrics: {} }] }], statuses: [status] };
    const after = withDelta(runs, delta, now);
    expect(after.unknown).toBe(false);
    expect(after.runs[0]).toMatchObject({ rows: 7, step: 6, loss: 0.5, loss_key: 'loss', tags: ['kept'], last_row_at: '2026-11-01T23:59:58.000Z' });
    expect(after.runs[1]).toBe(runs[1]);
  });

  it('says when a run ended, and takes it back when it goes on', () => {
    const run = testRun();
    const ended = withDelta([run], { ...nothing, statuses: [{ ...testStatus(run, []), state: 'finished' }] }, now).runs[0];
    expect(ended.finished_at).toBe('2026-11-02T00:00:00.000Z');
    expect(withDelta([ended], { ...nothing, statuses: [testStatus(run, [])] }, now).runs[0].finished_at).toBeNull();
  });

  it('tells of runs that are new, and drops those that are gone', () => {
    const other = testRun({ run: 'new' });
    expect(withDelta([], { ...nothing, statuses: [testStatus(other, [])] }, now)).toEqual({ runs: [], unknown: true });
    expect(withDelta([other], { ...nothing, deleted: ['id-new'] }, now).runs).toEqual([]);
  });
});
