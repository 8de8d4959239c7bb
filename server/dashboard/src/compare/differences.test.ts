/** The table of differences: what is listed, what is counted, what is best and what is not as in the baseline. */

import { describe, expect, it } from 'vitest';
import type { RunDetail } from '../api/client';
import type { SettingValue } from '../runs/configs';
import { byRun, testRun, testStatus } from '../runs/testRuns';
import { configSection, originSection, outcomeSection, type Section } from './differences';
import type { Findable } from './quantity';

const a = testRun({ run: 'a', state: 'finished', elapsed_seconds: 4_140 });
const b = testRun({ run: 'b', state: 'running', progress: 0.71, elapsed_seconds: 60 });
const runs = [a, b];
const fact = (settings: Record<string, SettingValue>, loss: number | null = null): Findable => ({
  settings: new Map(Object.entries(settings)),
  outcomes: new Map([['eval/loss', { last: loss, min: loss, max: loss }]]),
});
const texts = (section: Section | null) => Object.fromEntries((section?.rows ?? []).map(({ name, cells }) => [name, cells.map(({ text }) => text)]));

describe('how runs fare', () => {
  const facts = new Map([[a.run_id, fact({}, 1.5)], [b.run_id, fact({}, 1.25)]]);
  const section = outcomeSection(runs, byRun(testStatus(b, [{ code: 'loss_diverging', severity: 'critical', evidence: '' }])), facts, [{ kind: 'best', name: 'eval/loss' }], {
    name: 'steps to 1.5',
    steps: new Map([[a.run_id, 1_100], [b.run_id, null]]),
  });

  it('is told in figures', () => {
    expect(texts(section)).toEqual({
      state: ['finished', 'running, 71 %'],
      'eval/loss, best': ['1.500', '1.250'],
      'steps to 1.5': ['1,100', '–'],
      time: ['1 h 09 m', '1 m'],
    });
    expect(section.rows[0].cells[1].critical).toBe('diverging');
  });

  it('marks the best where some run is worse', () => {
    const best = section.rows.map(({ cells }) => cells.map((cell) => cell.best));
    expect(best).toEqual([[false, false], [false, true], [false, false], [false, false]]);
  });
});

describe('settings', () => {
  it('are listed where they differ, counted where not, and marked where not as in the baseline', () => {
    const facts = new Map([[a.run_id, fact({ lr: 2e-5, seed: 1, packing: true })], [b.run_id, fact({ lr: 5e-4, seed: 1, packing: true, extra: 'x' })]]);
    const section = configSection(runs, facts, 0);
    expect(texts(section)).toEqual({ lr: ['2e-5', '5e-4'], extra: ['–', 'x'] });
    expect(section.note).toBe('2 keys differ, 2 are the same');
    expect(section.rows.map(({ cells }) => cells.map(({ changed }) => changed))).toEqual([[false, true], [false, true]]);
    expect(configSection(runs, facts, 1).rows[0].cells.map(({ changed }) => changed)).toEqual([true, false]);
    expect(section.rows.map(({ figures }) => figures)).toEqual([true, false]);
  });

  it('tell a number from its text and a missing one from null', () => {
    const facts = new Map([[a.run_id, fact({ size: 8, none: null })], [b.run_id, fact({ size: '8' })]]);
    expect(Object.keys(texts(configSection(runs, facts, 0)))).toEqual(['size', 'none']);
  });

  it('say that all are the same', () => {
    const facts = new Map(runs.map((run) => [run.run_id, fact({ seed: 1 })] as const));
    expect(configSection(runs, facts, 0)).toMatchObject({ note: '1 is the same', rows: [] });
    expect(configSection(runs, new Map(), 0).note).toBe('');
  });
});

describe('code and environment', () => {
  const DIFF = 'diff --git a/train.py b/train.py\n@@ -1 +1 @@\n-lr = 1\n+lr = 2\ndiff --git a/my data.py b/my data.py\nnew file\n';
  const origin = (run: typeof a, diff: string | null, part: Partial<RunDetail> = {}) => ({
    detail: { ...run, config: {}, summary_values: {}, ranks: [], git_commit: '9f3c2ab5d', host: 'a100-01', environment: { git_dirty: diff !== null, packages: { torch: '2.9.1' } }, ...part } as unknown as RunDetail,
    diff,
  });

  it('names the commit and counts the files that were changed', () => {
    const section = originSection(runs, new Map([[a.run_id, origin(a, null)], [b.run_id, origin(b, DIFF)]]), 0);
    expect(texts(section)).toEqual({ commit: ['9f3c2ab', '9f3c2ab + 2 files'] });
    expect(section?.rows[0].cells[1].full).toBe('9f3c2ab5d\ntrain.py\nmy data.py');
    expect(section?.note).toBe('1 differs, 2 are the same');
  });

  it('tells changes of the same files apart', () => {
    const section = originSection(runs, new Map([[a.run_id, origin(a, DIFF)], [b.run_id, origin(b, DIFF.replace('lr = 2', 'lr = 3'))]]), 0);
    expect(Object.keys(texts(section))).toEqual(['commit']);
  });

  it('lists versions that differ', () => {
    const other = origin(b, null, { environment: { git_dirty: false, packages: { torch: '2.8.0', numpy: '2.1' } } as never, host: 'a100-02' });
    expect(texts(originSection(runs, new Map([[a.run_id, origin(a, null)], [b.run_id, other]]), 0))).toEqual({
      host: ['a100-01', 'a100-02'],
      torch: ['2.9.1', '2.8.0'],
      numpy: ['–', '2.1'],
    });
  });

  it('says nothing of a run whose environment is not known', () => {
    const unknown = origin(b, null, { environment: null, git_commit: null, host: null });
    const third = testRun({ run: 'c' });
    const all = new Map([[a.run_id, origin(a, null)], [b.run_id, unknown], [third.run_id, origin(third, null, { host: 'a100-09' })]]);
    const section = originSection([a, b, third], all, 0);
    expect(texts(section)).toEqual({ host: ['a100-01', '–', 'a100-09'] });
    expect(section?.rows[0].cells.map(({ changed }) => changed)).toEqual([false, false, true]);
  });

  it('waits until it is known of all', () => {
    expect(originSection(runs, new Map([[a.run_id, origin(a, null)]]), 0)).toBeNull();
  });
});
