/** The left column: sections, and which runs are drawn. */

import { describe, expect, it } from 'vitest';
import { isDrawn, pinToggled, sectionsOf, soloed, toggled } from './sections';
import { byRun, testRun, testStatus } from './testRuns';

const runs = [
  testRun({ run: 'new', state: 'created' }),
  testRun({ run: 'bad', state: 'running' }),
  testRun({ run: 'quiet', state: 'stalled' }),
  testRun({ run: 'broken', state: 'crashed', group: 'Sweep' }),
  testRun({ run: 'second', state: 'finished', loss: 2, tags: ['seed'] }),
  testRun({ run: 'first', state: 'finished', loss: 1 }),
  testRun({ run: 'unmeasured', state: 'finished' }),
];
const statuses = byRun(testStatus(runs[1], [{ code: 'loss_diverging', severity: 'critical', evidence: '' }]));
const told = (...pinned: string[]) => sectionsOf(runs, runs, statuses, pinned).map(({ title, runs: of }) => [title, ...of.map(({ run }) => run)]);

describe('the column of runs', () => {
  it('tells first what needs a look, and the best finished run before the others', () => {
    expect(told()).toEqual([
      ['Needs a look', 'bad', 'quiet'],
      ['Running', 'new'],
      ['Failed', 'broken'],
      ['Finished', 'first', 'second', 'unmeasured'],
    ]);
  });

  it('has pinned runs first, whatever the filter', () => {
    expect(told('id-second', 'bad')[0]).toEqual(['Pinned', 'bad', 'second']);
    const one = sectionsOf([runs[2]], runs, statuses, ['first']);
    expect(one.map(({ runs: of }) => of.map(({ run }) => run))).toEqual([['first'], ['quiet']]);
  });
});

describe('the choice of runs', () => {
  const [one, other] = runs;
  const everything = { only: false, runs: [] };

  it('hides and shows', () => {
    const hidden = toggled(everything, one);
    expect([isDrawn(one, hidden), isDrawn(other, hidden)]).toEqual([false, true]);
    expect(toggled(hidden, one)).toEqual(everything);
    expect(isDrawn(one, { only: false, runs: [one.run] })).toBe(false);
  });

  it('shows one alone, and all again', () => {
    const alone = soloed(everything, one);
    expect([isDrawn(one, alone), isDrawn(other, alone)]).toEqual([true, false]);
    expect(isDrawn(other, toggled(alone, other))).toBe(true);
    expect(soloed(alone, one)).toEqual(everything);
    expect(soloed(alone, other)).toEqual({ only: true, runs: [other.run_id] });
  });

  it('pins and lets go', () => {
    expect(pinToggled([], one)).toEqual([one.run_id]);
    expect(pinToggled([one.run], one)).toEqual([]);
  });
});
