/** What stands under the sentence. */
import { expect, it } from 'vitest';
import { testRun, testStatus } from '../runs/testRuns';
import { factsOf, formatEnd, formatPace } from './facts';

it('tells the pace by the larger figure', () => {
  expect([formatPace(0.281), formatPace(12.44), formatPace(4321), formatPace(0), formatPace(null)]).toEqual(['3.56 s/step', '12.4 steps/s', '4,320 steps/s', null, null]);
});

it('tells when a run ends, with the day where it is another', () => {
  const now = new Date(2026, 10, 23, 14, 20).getTime();
  expect(formatEnd(45 * 60, 55 * 60, now)).toBe('done 15:05 to 15:15');
  expect(formatEnd(10, 20, now)).toBe('done about 14:20');
  expect(formatEnd(3_600, 12 * 3_600, now)).toBe('done 15:20 to 24 Nov 02:20');
});

it('tells of a running run when it ends, of one that ended how long it took', () => {
  const now = new Date(2026, 10, 23, 14, 20).getTime();
  const run = testRun();
  const running = testStatus(run, [], { eta_seconds: 2760, eta_low_seconds: 2460, eta_high_seconds: 3060, elapsed_seconds: 1500, steps_per_second: 0.281, total_steps: 1200, total_steps_source: 'max_steps' });
  expect(factsOf(running, null, now)).toEqual({
    eta: { time: '46 min', spread: '± 5' },
    parts: ['done 15:01 to 15:11', 'running for 25 m', '3.56 s/step', 'total 1,200 from max_steps'],
  });
  const ended = testStatus({ ...run, state: 'finished' }, [], { elapsed_seconds: 60 });
  expect(factsOf(ended, new Date(now).toISOString(), now)).toEqual({ eta: null, parts: ['ended 23 Nov 14:20', 'took 1 m'] });
  expect(factsOf(testStatus(run, []), null, now).parts).toEqual(['ETA unknown: no total steps']);
});
