/** The order of the charts, and the search for them. */

import { describe, expect, it } from 'vitest';
import { groupsOf, groupOf, keysOf, readSearch, usuallyPinned } from './catalogue';

const keys = ['eval/loss', 'eval/runtime', 'train/entropy', 'train/loss', 'train/learning_rate', 'train/grad_norm', 'eval/accuracy', 'system/gpu.0.power', 'zeta', 'perf/step_time', 'alpha/b/c', 'train/layer_10', 'train/layer_2'];

describe('the catalogue', () => {
  it('pins what everyone wants to see, the loss first', () => {
    expect(usuallyPinned(keys, 'train/loss')).toEqual(['train/loss', 'train/learning_rate', 'train/grad_norm', 'eval/loss', 'eval/accuracy']);
    expect(usuallyPinned(['b', 'my_loss'], null)).toEqual(['my_loss']);
    expect(usuallyPinned([], null)).toEqual([]);
  });

  it('groups by the first part and orders by worth, system last', () => {
    const groups = groupsOf(keys, usuallyPinned(keys, 'train/loss'));
    expect(groups.map(({ name }) => name)).toEqual(['Pinned', 'metrics', 'train', 'eval', 'perf', 'alpha', 'system']);
    expect(groups[2].keys).toEqual(['train/entropy', 'train/layer_2', 'train/layer_10']);
    expect(groups.flatMap((group) => group.keys)).toHaveLength(keys.length);
  });

  it('has no pinned group of metrics that are not there', () => {
    expect(groupsOf(['a'], ['gone'])).toEqual([{ name: 'metrics', keys: ['a'] }]);
    expect(groupOf('/odd')).toBe('metrics');
  });

  it('tells metrics that are named like the pinned group from it', () => {
    expect(groupsOf(['Pinned/a', 'loss'], ['loss']).map(({ name }) => name)).toEqual(['Pinned', 'Pinned/']);
  });

  it('takes names from all runs, hidden ones not', () => {
    const metric = (key: string, hidden = false) => ({ key, hidden, points: 1 });
    expect(keysOf([[metric('a')], [metric('a'), metric('b'), metric('c', true)]])).toEqual(['a', 'b']);
  });
});

describe('the search', () => {
  const found = (text: string) => ['train/loss', 'eval/loss', 'train/lr'].filter(readSearch(text).matches);

  it('takes words in any order', () => {
    expect(found('LOSS train')).toEqual(['train/loss']);
    expect(found('')).toHaveLength(3);
  });

  it('takes an expression between slashes, also while it is typed', () => {
    expect(found('/^train/')).toEqual(['train/loss', 'train/lr']);
    expect(found('/(loss|lr)$')).toHaveLength(3);
    expect(found('/^eval/')).toEqual(['eval/loss']);
    expect(found('/')).toHaveLength(3);
  });

  it('says what is wrong and hides nothing', () => {
    const search = readSearch('/(/');
    expect(search.error).not.toBeNull();
    expect(search.matches('anything')).toBe(true);
  });
});
