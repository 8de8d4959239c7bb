/** Numbered remarks and where they are marked. */
import { describe, expect, it } from 'vitest';
import type { Finding, RunDetail } from '../api/client';
import { testRun, testStatus } from '../runs/testRuns';
import { marksOn, remarksOf, windowOf } from './remarks';

const run = testRun({ run: 'r' });
const nan: Finding = { code: 'loss_nan', severity: 'critical', evidence: '`train/loss` is NaN since step 120, 2.5 before', metrics: ['train/loss'], since_step: 120 };
const stalled: Finding = { code: 'stalled', severity: 'warning', evidence: 'no row for 14 minutes, at most 5 minutes was to be expected' };
const loss = { key: 'train/loss', recent: 5.76, best: 1.5, best_step: 380, trend: 'rising' as const, trend_since_step: 388 };
const detail = (part: Partial<RunDetail>): RunDetail => ({ ...run, config: {}, ranks: [], findings: [], summary_values: {}, ...part });

describe('remarks', () => {
  it('say where a finding begins and on which charts it stands', () => {
    const [remark] = remarksOf(testStatus(run, [nan], { step: 150 }), null, ['train/loss', 'lr']);
    expect(remark).toMatchObject({ number: 1, title: 'Loss is NaN since step 120', steps: { from: 120, to: 150 }, metrics: ['train/loss'] });
    expect(marksOn('train/loss', 'step', [remark])).toEqual([{ from: 120, to: 150, critical: true, words: 'Loss is NaN since step 120', number: 1 }]);
    expect(marksOn('lr', 'step', [remark])).toEqual([]);
    expect(marksOn('train/loss', 'time', [remark])).toEqual([]);
  });

  it('mark a stalled run at its last step on its loss', () => {
    const [remark] = remarksOf(testStatus(run, [stalled], { step: 604, loss: { key: 'train/loss' } }), null, ['train/loss']);
    expect(remark).toMatchObject({ title: 'Stalled', steps: { from: 604, to: 604 }, metrics: ['train/loss'] });
  });

  it('tell a rising loss, unless a finding tells more', () => {
    const [remark] = remarksOf(testStatus(run, [], { step: 431, loss }), null, []);
    expect(remark).toMatchObject({ title: 'Loss rising since step 388', severity: 'warning', steps: { from: 388, to: 431 } });
    expect(remark.evidence).toContain('best was 1.500 at step 380');
    const diverging: Finding = { code: 'loss_diverging', severity: 'critical', evidence: '`train/loss` rose to 5.76', since_step: 388 };
    expect(remarksOf(testStatus(run, [diverging], { step: 431, loss }), null, []).map(({ code }) => code)).toEqual(['loss_diverging']);
  });

  it('tell how a run broke off, worst first', () => {
    const ended = testStatus({ ...run, state: 'failed' }, [stalled], { step: 40 });
    const remarks = remarksOf(ended, detail({ state: 'failed', exit_code: 1, failure: 'ValueError: no data' }), []);
    expect(remarks.map(({ number, title, evidence }) => [number, title, evidence])).toEqual([
      [1, 'Failed at step 40', 'ValueError: no data, exit code 1'],
      [2, 'Stalled', stalled.evidence],
    ]);
  });

  it('tell what is over after what holds, with what to do about each', () => {
    const spike: Finding = { code: 'loss_spike', severity: 'note', evidence: '`train/loss` went to 20', metrics: ['train/loss'], since_step: 214, until_step: 223, hint: 'look at the batch' };
    const away: Finding = { code: 'loss_diverging', severity: 'warning', evidence: '`train/loss` rose to 20', metrics: ['train/loss'], since_step: 100, until_step: 180 };
    const told = (status: Finding[], ofRun: Finding[]) =>
      remarksOf(testStatus(run, status, { step: 400 }), detail({ findings: ofRun }), ['train/loss']).map(({ title, steps, remedy }) => [title, steps, remedy]);
    expect(told([nan], [{ ...nan, hint: 'stop' }, away, spike])).toEqual([
      ['Loss is NaN since step 120', { from: 120, to: 400 }, 'Stop.'],
      ['Loss diverging, step 100 to 180', { from: 100, to: 180 }, ''],
      ['Loss spike at step 214', { from: 214, to: 223 }, 'Look at the batch.'],
    ]);
    // The status is newer than what stands beside the run: what was over may be back, what held may be gone.
    expect(told([{ ...away, until_step: undefined, since_step: 390 }], [away]).map(([title]) => title)).toEqual(['Loss diverging since step 390']);
    expect(told([], [{ ...nan, hint: 'stop' }])).toEqual([]);
  });

  it('mark a lost rank at the last step it logged', () => {
    const lost: Finding = { code: 'rank_lost', severity: 'critical', evidence: 'rank 3 crashed by signal 9' };
    const ranks = [{ rank: 3, rows: 5, state: 'crashed' as const, last_step: 77 }];
    expect(remarksOf(testStatus(run, [lost], { step: 90 }), detail({ ranks }), [])[0].steps).toEqual({ from: 77, to: 90 });
  });
});

it('a remark is shown with half of its width on both sides', () => {
  expect(windowOf({ from: 388, to: 432 })).toEqual({ from: 366, to: 454 });
  expect(windowOf({ from: 4, to: 4 })).toEqual({ from: 0, to: 14 });
});
