/** Groups of runs: by what they share, each with the colour it began with. */

import { describe, expect, it } from 'vitest';
import { NO_FACTS, type Facts } from '../runs/fields';
import { testRun } from '../runs/testRuns';
import { groupable, groupsBy } from './grouping';

const runs = ['c', 'b', 'a'].map((run, i) => testRun({ run, colour_slot: 2 - i, group: run === 'b' ? 'base' : null }));
const facts: Facts = {
  ...NO_FACTS,
  settings: ['lr', 'seed', 'same'],
  configs: new Map([
    ['id-a', new Map<string, number>([['lr', 0.1], ['seed', 1], ['same', 1]])],
    ['id-b', new Map<string, number>([['lr', 0.01], ['seed', 2], ['same', 1]])],
    ['id-c', new Map<string, number>([['lr', 0.1], ['seed', 3], ['same', 1]])],
  ]),
};

describe('groups of runs', () => {
  const told = (groups: ReturnType<typeof groupsBy>) => groups.map(({ name, runs: members }) => [name, members.map(({ run }) => run).join('')]);

  it('are those of the same setting, the oldest first', () => {
    expect(told(groupsBy({ of: 'config', setting: 'lr', kind: 'setting' }, runs, facts))).toEqual([['lr 0.1', 'ac'], ['lr 0.01', 'b']]);
  });

  it('name what has no value', () => {
    expect(told(groupsBy({ of: 'config', setting: 'x', kind: 'setting' }, runs, facts))).toEqual([['x not set', 'abc']]);
    expect(told(groupsBy({ of: 'run', name: 'group', kind: 'text' }, runs, facts))).toEqual([['Group not set', 'ac'], ['base', 'b']]);
  });

  it('can be made of settings in which some differ and some do not', () => {
    expect(groupable(runs, facts)).toEqual(['lr']);
    expect(groupable(runs, NO_FACTS)).toEqual([]);
  });
});
