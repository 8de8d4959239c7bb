/** Rows of the table: sorted, grouped, and those that are in sight. */
import { describe, expect, it } from 'vitest';
import { NO_FACTS, type Facts } from './fields';
import { between, latestOfEachName, linesOf, seenLines, topsOf, type Heights } from './rows';
import { testRun } from './testRuns';

const runs = ['a', 'b', 'c', 'd'].map((run, i) => testRun({ run, state: i % 2 === 0 ? 'finished' : 'running' }));
const facts: Facts = {
  ...NO_FACTS,
  configs: new Map([['id-a', new Map([['lr', 10]])], ['id-b', new Map([['lr', 9]])], ['id-d', new Map([['lr', 10]])]]),
  settings: ['lr'],
};
const told = (groupBy: string, open: string) =>
  linesOf(runs, groupBy, open, facts).map((line) => (line.kind === 'group' ? `${line.title} (${line.runs.length})` : line.kind === 'run' ? line.run.run : `> ${line.run.run}`));

describe('linesOf', () => {
  it('unfolds one run', () => {
    expect(told('', '')).toEqual(['a', 'b', 'c', 'd']);
    expect(told('', 'id-b')).toEqual(['a', 'b', '> b', 'c', 'd']);
    expect(told('', 'nobody')).toEqual(['a', 'b', 'c', 'd']);
  });

  it('groups by any field, numbers in order, none last', () => {
    expect(told('config.lr', 'id-a')).toEqual(['lr 9 (1)', 'b', 'lr 10 (2)', 'a', '> a', 'd', 'no lr (1)', 'c']);
    expect(told('state', '')).toEqual(['State running (2)', 'b', 'd', 'State finished (2)', 'a', 'c']);
    expect(told('tags', '')[0]).toBe('no Tags (4)');
    expect(told('nonsense', '')).toEqual(['a', 'b', 'c', 'd']);
  });

  it('tells an empty text from none', () => {
    const notes = { ...facts, configs: new Map([['id-a', new Map([['note', '']])]]), settings: ['note'] };
    expect(linesOf(runs, 'config.note', '', notes).flatMap((line) => (line.kind === 'group' ? line.key : []))).toEqual(['group ', 'group']);
  });
});

describe('seenLines', () => {
  it('covers what is seen, whatever is unfolded and wherever one looks', () => {
    const many = Array.from({ length: 1_000 }, (_, i) => testRun({ run: `r${i}` }));
    const heights: Heights = { group: 28, run: 34, details: 170 };
    const lines = linesOf(many, '', 'id-r400', NO_FACTS);
    const tops = topsOf(lines, heights);
    expect(tops.at(-1)).toBe(1_000 * 34 + 170);
    for (let top = 0; top < 34_500; top += 97) {
      const { from, to } = seenLines(tops, top, top + 800);
      expect(to - from).toBeLessThan(800 / 34 + 15);
      expect(tops[from]).toBeLessThanOrEqual(Math.min(top, tops[tops.length - 1]));
      expect(tops[to]).toBeGreaterThanOrEqual(Math.min(top + 800, tops[tops.length - 1]));
    }
    expect(seenLines([0], 0, 500)).toEqual({ from: 0, to: 0 });
  });
});

it('takes all runs between two, in either direction', () => {
  expect(between(runs, 'id-b', 'id-d')).toEqual(['id-b', 'id-c', 'id-d']);
  expect(between(runs, 'id-c', 'id-a')).toEqual(['id-a', 'id-b', 'id-c']);
  expect(between(runs, 'gone', 'id-a')).toEqual(['id-a']);
});

it('keeps the newest of each name', () => {
  const again = [testRun({ run: 'x', run_id: '2' }), testRun({ run: 'y' }), testRun({ run: 'x', run_id: '1' })];
  expect(latestOfEachName(again).map((run) => run.run_id)).toEqual(['2', 'id-y']);
});
