/** Which values of the runs stand side by side at a step. */
import { describe, expect, it } from 'vitest';
import type { LoggedValue } from '../api/loggedValues';
import { blocksOf, stepPosition, stepsOf, valueAt } from './blocks';

let row = 0;
const value = (runId: string, key: string, step: number): LoggedValue => ({ rowId: ++row, runId, step, timestamp: '', key, value: {} });
const values = [value('a', 'k2', 10), value('a', 'k10', 0), value('b', 'k2', 5), value('a', 'k2', 0), value('c', 'k2', 99), value('a', 'k2', 10)];

describe('blocks', () => {
  const blocks = blocksOf(values, new Set(['a', 'b']), () => true);

  it('hold the values of the chosen runs by key, ascending in step', () => {
    expect(blocks.map(({ key, count }) => [key, count])).toEqual([['k2', 4], ['k10', 1]]);
    expect(blocks[0].byRun.get('a')?.map(({ step, rowId }) => [step, rowId])).toEqual([[0, 4], [10, 1], [10, 6]]);
    expect(blocks[0].byRun.has('c')).toBe(false);
    expect(blocksOf(values, new Set(['a']), (key) => key === 'k10').length).toBe(1);
  });

  it('share their steps', () => expect(stepsOf(blocks)).toEqual([0, 5, 10]));
});

describe('the value at a step', () => {
  const own = [value('a', 'k', 2), value('a', 'k', 4), value('a', 'k', 4)];

  it('is the newest that is not after it', () => {
    expect(valueAt(own, 3)).toBe(own[0]);
    expect(valueAt(own, 4)).toBe(own[2]);
    expect(valueAt(own, null)).toBe(own[2]);
    expect(valueAt(own, 1)).toBeNull();
    expect(valueAt([], 1)).toBeNull();
  });

  it('stands at a place of the slider', () => {
    expect(stepPosition([0, 5, 10], 7)).toBe(1);
    expect(stepPosition([0, 5, 10], -3)).toBe(0);
    expect(stepPosition([0, 5, 10], null)).toBe(2);
    expect(stepPosition([], 3)).toBe(0);
  });
});
