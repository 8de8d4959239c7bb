/** What the page chooses: the target, the runs to compare, and the axes. */

import { describe, expect, it } from 'vitest';
import type { SettingValue } from '../runs/configs';
import { testRun } from '../runs/testRuns';
import { idOf, type Findable, type Quantity } from './quantity';
import { chosenRuns, proposedRuns, ranked, usualAxes, usualMetrics, usualTarget } from './selection';

const KEYS = ['train/loss', 'train/learning_rate', 'train/grad_norm', 'eval/loss', 'eval/accuracy'];
const LOSS: Quantity = { kind: 'best', name: 'eval/loss' };
const runs = [3, 2, 1, 0].map((slot) => testRun({ run: `run-${slot}`, colour_slot: slot, rows: 10 }));
const facts = new Map<string, Findable>(
  runs.map(({ run_id, colour_slot }) => [run_id, { settings: new Map(), outcomes: new Map([['eval/loss', { last: 9, min: [5, 1, 1, 3][colour_slot], max: 9 }]]) }]),
);
const all = (...values: Record<string, SettingValue>[]) => values.map((settings) => new Map(Object.entries(settings)));

describe('the target', () => {
  it('is the loss of the evaluation, else the loss, else nothing', () => {
    expect(usualTarget(KEYS, 'train/loss')).toEqual(LOSS);
    expect(usualTarget(['loss', 'lr'], 'loss')).toEqual({ kind: 'best', name: 'loss' });
    expect(usualTarget([], null)).toBeNull();
  });

  it('stands among the metrics worth a row', () => {
    expect(usualMetrics(KEYS, 'train/loss')).toEqual(['eval/loss', 'eval/accuracy', 'train/loss']);
  });
});

describe('the runs', () => {
  it('are ranked by the target, the older first where equal', () => {
    expect(ranked(runs, facts, LOSS).map(({ run }) => run)).toEqual(['run-1', 'run-2', 'run-3', 'run-0']);
    expect(ranked(runs, facts, { kind: 'best', name: 'eval/accuracy' })).toEqual([]);
  });

  it('are those chosen, by id or name, in their order', () => {
    expect(chosenRuns(runs, { only: true, runs: ['run-0', 'id-run-2', 'gone', 'id-run-0'] })?.map(({ run }) => run)).toEqual(['run-0', 'run-2']);
    expect(chosenRuns(runs, { only: true, runs: ['gone'] })).toBeNull();
    expect(chosenRuns(runs, { only: false, runs: ['run-0'] })).toBeNull();
  });

  it('are proposed by the target, without the hidden ones', () => {
    const proposed = proposedRuns(runs, { only: false, runs: ['run-1'] }, facts, LOSS);
    expect(proposed.map(({ run }) => run)).toEqual(['run-2', 'run-3', 'run-0']);
    expect(proposedRuns(runs, { only: false, runs: [] }, new Map(), LOSS).map(({ run }) => run)).toEqual(['run-3', 'run-2', 'run-1', 'run-0']);
  });
});

describe('the axes', () => {
  const settings = all({ lr: 1, seed: 1, warmup: 60 }, { lr: 2, seed: 2, warmup: 60 }, { lr: 3, seed: 3, warmup: 60 }, { lr: 4, seed: 4, warmup: 200 });

  it('go from what matters most to the target, without those where under three runs differ', () => {
    const axes = usualAxes(['lr', 'warmup', 'seed'], settings, usualMetrics(KEYS, 'train/loss'), 'train/loss', LOSS, 5);
    expect(axes.map(idOf)).toEqual(['config:lr', 'config:seed', 'last:train/loss', 'best:eval/accuracy', 'best:eval/loss']);
  });

  it('are as many as there is room for', () => {
    expect(usualAxes(['lr', 'seed'], settings, ['eval/loss'], null, LOSS, 2).map(idOf)).toEqual(['config:lr', 'best:eval/loss']);
  });

  it('take a setting that few runs differ in where there is no other', () => {
    expect(usualAxes(['warmup'], settings, ['eval/loss'], null, LOSS, 5).map(idOf)).toEqual(['config:warmup', 'best:eval/loss']);
  });
});
