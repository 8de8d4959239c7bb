/** What the page of runs keeps in the address. */
import { expect, it } from 'vitest';
import { TABLE_PARAMETERS, type TableView } from './parameters';

it('the view of the table comes back from the address, and says nothing where it is the usual one', () => {
  const usual = TABLE_PARAMETERS.read({});
  expect(usual).toEqual({ sort: { field: 'created', descending: true }, columns: null, group: '', baseline: '', select: [], details: '', latest: false });
  expect(Object.values(TABLE_PARAMETERS.write(usual)).every((text) => text === null)).toBe(true);
  const view: TableView = {
    sort: { field: 'eval/loss.best', descending: false },
    columns: ['name', 'config.a,b', 'x~y.last'],
    group: 'config.lr',
    baseline: 'id',
    select: ['a', 'b'],
    details: 'a',
    latest: true,
  };
  const written = TABLE_PARAMETERS.write(view);
  expect(written.sort).toBe('eval/loss.best');
  expect(TABLE_PARAMETERS.read(written as Record<string, string>)).toEqual(view);
  expect(TABLE_PARAMETERS.read({ sort: '-config.lr' }).sort).toEqual({ field: 'config.lr', descending: true });
});
