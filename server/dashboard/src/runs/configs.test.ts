/** Settings by their full names, and those in which runs differ. */

import { expect, it } from 'vitest';
import { differing, settingsOf } from './configs';

it('names nested settings in full and keeps lists whole', () => {
  const settings = settingsOf({ lr: 1e-4, model: { name: 'a', layers: [1, 2] }, note: null });
  expect([...settings]).toEqual([['lr', '0.0001'], ['model.name', 'a'], ['model.layers', '[1,2]'], ['note', 'null']]);
});

it('finds what differs, also where it is missing', () => {
  const all = [settingsOf({ lr: 1, seed: 1, same: 'x' }), settingsOf({ lr: 2, seed: 1, same: 'x' }), settingsOf({ lr: 1, same: 'x', extra: true })];
  expect(differing(all)).toEqual(['lr', 'seed', 'extra']);
  expect(differing([])).toEqual([]);
});
