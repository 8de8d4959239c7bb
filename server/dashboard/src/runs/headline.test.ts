/** The sentence over the lanes. */

import { describe, expect, it } from 'vitest';
import type { Finding, RunState } from '../api/client';
import { asOf, headline } from './headline';
import { byRun, testRun, testStatus } from './testRuns';

const diverging: Finding = { code: 'loss_diverging', severity: 'critical', evidence: '' };
const many = (state: RunState, count: number) => Array.from({ length: count }, (_, i) => testRun({ run: `${state}-${i}`, state }));

describe('the headline', () => {
  it('tells what runs, by kind', () => {
    const [good, bad] = many('running', 2);
    const runs = [good, bad, ...many('stalled', 1), ...many('finished', 8), ...many('failed', 1)];
    const words = headline(runs, byRun(testStatus(bad, [diverging])));
    expect(words.main).toBe('One run is on track, one diverges, one has stalled.');
    expect(words.rest).toBe('8 finished, 1 failed.');
  });

  it('uses plurals, and figures from ten on', () => {
    expect(headline([...many('running', 2), ...many('stalled', 3)], byRun()).main).toBe('Two runs are on track, three have stalled.');
    expect(headline(many('running', 12), byRun()).main).toBe('12 runs are on track.');
    expect(headline(many('created', 1), byRun()).main).toBe('One run has logged nothing yet.');
  });

  it('says that all has ended, and how', () => {
    expect(headline(many('finished', 12), byRun())).toEqual({ main: 'All 12 runs have ended.', rest: '', best: null });
    expect(headline(many('crashed', 1), byRun()).main).toBe('The run has crashed.');
    expect(headline([...many('finished', 1), ...many('crashed', 1)], byRun()).rest).toBe('1 finished, 1 crashed.');
  });

  it('names the lowest loss among runs that can be compared', () => {
    const runs = [
      testRun({ run: 'a', state: 'finished', loss_key: 'train/loss', loss: 1.5 }),
      testRun({ run: 'b', state: 'finished', loss_key: 'train/loss', loss: 1.25 }),
      testRun({ run: 'c', state: 'finished', loss_key: 'loss', loss: 0.1 }),
      testRun({ run: 'd', state: 'finished', loss_key: 'train/loss', loss: null }),
    ];
    expect(headline(runs, byRun()).best?.run).toBe('b');
    expect(headline(runs.slice(0, 1), byRun()).best).toBeNull();
  });

  it('says of when it is once nothing newer is known', () => {
    expect(asOf('14:23:47', 'One run is on track, one diverges.')).toBe('At 14:23:47: one run is on track, one diverges.');
  });
});
