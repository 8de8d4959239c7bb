/** What stands in a cell of the table. */
import { describe, expect, it } from 'vitest';
import { bestOf, cellText, deltaOf } from './cells';
import { columnOf, type Column } from './columns';
import { fieldOf, NO_FACTS, type Facts, type MetricFacts } from './fields';
import { testRun } from './testRuns';

const measured = (min: number, max: number): MetricFacts => ({ first: max, last: min, lastStep: 9, min, minStep: 5, max, maxStep: 1 });
const good = testRun({ run: 'good', loss: 1, loss_best: 0.9, step: 1_200, elapsed_seconds: 4_200, tags: ['a', 'b'] });
const bad = testRun({ run: 'bad', loss: 2, loss_best: 1.5 });
const runs = [good, bad, testRun({ run: 'none' })];
const facts: Facts = {
  ...NO_FACTS,
  configs: new Map([['id-good', new Map([['lr', 2e-5]])]]),
  settings: ['lr'],
  metrics: new Map([['eval/acc', new Map([['id-good', measured(0.1, 0.7)], ['id-bad', measured(0.2, 0.8)]])]]),
  keys: ['eval/acc'],
};

function column(name: string): Column {
  const found = columnOf(name, facts, 'loss');
  if (found === null) throw new Error(name);
  return found;
}

const text = (name: string, run = good) => {
  const field = fieldOf(name, facts);
  return field && cellText(field, run, facts, Date.parse('2026-11-28T00:00:00Z'));
};

describe('cells', () => {
  it('show values in the form of their kind, a dash where there is none', () => {
    expect(['step', 'elapsed', 'loss', 'tags', 'config.lr', 'eval/acc.best', 'eval/acc.at'].map((name) => text(name))).toEqual(['1,200', '1 h 10 m', '1.000', 'a, b', '2e-5', '0.7000', '1']);
    expect(['step', 'tags', 'config.lr'].map((name) => text(name, bad))).toEqual(['–', '–', '–']);
  });

  it('the best of a column is by what is good in it', () => {
    expect(bestOf(column('loss_best'), runs, facts)).toBe(0.9);
    expect(bestOf(column('eval/acc.best'), runs, facts)).toBe(0.8);
    expect(bestOf(column('config.lr'), runs, facts)).toBeNull();
    expect(bestOf(column('loss'), [good], facts)).toBeNull();
  });

  it('differences have their sign, and say whether they are good', () => {
    expect(deltaOf(column('loss.delta'), bad, good, facts)).toEqual({ text: '+0.6000', isBetter: false });
    expect(deltaOf(column('eval/acc.delta'), bad, good, facts)).toEqual({ text: '+0.1000', isBetter: true });
    expect(deltaOf(column('eval/acc.delta'), good, bad, facts)).toEqual({ text: '−0.1000', isBetter: false });
    expect(deltaOf(column('loss.delta'), good, good, facts)).toEqual({ text: 'baseline', isBetter: null });
    expect(deltaOf(column('loss.delta'), runs[2], good, facts).text).toBe('–');
    expect(deltaOf(column('loss.delta'), bad, null, facts).text).toBe('–');
  });
});
