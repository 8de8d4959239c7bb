/** The keys of histograms by name, each with its newest row. */
import { expect, it } from 'vitest';
import { newestByKey } from './keys';

it('layers come in the order of their numbers, each with its newest row', () => {
  const values = [
    { key: 'layer10', rowId: 9 },
    { key: 'layer2', rowId: 9 },
    { key: 'layer2', rowId: 4 },
    { key: 'bias', rowId: 1 },
  ];
  expect([...newestByKey(values)]).toEqual([['bias', 1], ['layer2', 9], ['layer10', 9]]);
});
