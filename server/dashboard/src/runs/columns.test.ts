/** Columns of the table: named by the address, chosen where it names none. */
import { describe, expect, it } from 'vitest';
import type { SettingValue } from './configs';
import { choosableColumns, columnsOf, commonLossKey, headsOf, metricsOf, tellingSettings, usualColumns } from './columns';
import type { Facts } from './fields';
import { testRun } from './testRuns';

const settings = (entries: Record<string, SettingValue>) => new Map(Object.entries(entries));

const facts: Facts = {
  configs: new Map([
    ['a', settings({ out: '/tmp/a', lr: 1e-3, seed: 1, epochs: 3 })],
    ['b', settings({ out: '/tmp/b', lr: 1e-4, seed: 1, epochs: 3, wd: 0.1 })],
    ['c', settings({ out: '/tmp/c', lr: 1e-3, seed: 2, epochs: 3 })],
  ]),
  metrics: new Map(),
  settings: ['out', 'lr', 'seed', 'epochs', 'wd'],
  keys: ['train/loss', 'train/learning_rate', 'eval/loss', 'eval/accuracy', 'eval/runtime'],
};

describe('columns', () => {
  it('are those that tell most, unless others are chosen', () => {
    expect(tellingSettings([...(facts.configs?.values() ?? [])])).toEqual(['lr', 'seed', 'wd', 'out']);
    const names = usualColumns(facts, 'train/loss', true, 1_600);
    expect(names).toEqual([
      'name', 'state', 'progress', 'step', 'elapsed', 'curve', 'loss', 'loss_best',
      'eval/loss.best', 'eval/loss.delta', 'eval/loss.at', 'eval/accuracy.best',
      'config.lr', 'config.seed', 'config.wd', 'config.out',
    ]);
    expect(usualColumns({ ...facts, keys: ['loss'], configs: null }, 'loss', true, 1_600)).toContain('loss.delta');
    expect(usualColumns(facts, 'train/loss', false, 1_600)).not.toContain('eval/loss.delta');
    const columns = columnsOf(names, facts, 'train/loss');
    expect(metricsOf(columns)).toEqual(['eval/loss', 'eval/accuracy']);
    expect(headsOf(columns)).toEqual([
      { group: '', columns: 5 },
      { group: 'train/loss', columns: 3 },
      { group: 'eval', columns: 4 },
      { group: 'config, differing keys', columns: 4 },
    ]);
    expect(columns.map(({ title }) => title)).toEqual([
      'Run', 'State', 'Progress and ETA', 'Step', 'Time', 'Start to now', 'Last', 'Best',
      'loss, best', 'vs baseline', 'At step', 'accuracy, best', 'lr', 'seed', 'wd', 'out',
    ]);
  });

  it('are as many settings as there is room for, and two at least', () => {
    const shown = (room: number) => usualColumns(facts, 'train/loss', false, room).filter((name) => name.startsWith('config.'));
    expect(shown(390)).toEqual(['config.lr', 'config.seed']);
    expect(shown(1_600)).toHaveLength(4);
  });

  it('of a link that are not there are left out, and the name is always there', () => {
    expect(columnsOf(['nonsense', 'step', 'config.lr', 'my metric.max'], facts, null).map(({ name }) => name)).toEqual(['name', 'step', 'config.lr', 'my metric.max']);
    expect(columnsOf(['loss', 'name', 'loss'], facts, null).map(({ name }) => name)).toEqual(['name', 'loss']);
  });

  it('that can be chosen are all fields, settings and metrics', () => {
    const names = choosableColumns(facts, 'train/loss').flatMap((group) => group.names);
    expect(names).toEqual(expect.arrayContaining(['tags', 'rows', 'curve', 'eval/accuracy.delta', 'config.wd']));
    expect(columnsOf(names, facts, null)).toHaveLength(names.length + 1);
    expect(new Set(names).size).toBe(names.length);
  });

  it('speak of the commonest loss', () => {
    const run = (loss_key: string | null) => testRun({ loss_key });
    expect(commonLossKey([run('a'), run('b'), run('b'), run(null)])).toBe('b');
    expect(commonLossKey([run(null)])).toBeNull();
  });
});
