/** The filter and the order of a table come back from the address, whatever its key and its columns are called. */
import { expect, it } from 'vitest';
import { looksParameter, PLAIN_LOOK, withLook, type TableLooks } from './looks';

const thereAndBack = (looks: TableLooks) => looksParameter.read(looksParameter.write(looks));

it('comes back as it was', () => {
  const looks: TableLooks = new Map([
    ['samples', { text: 'wrong, or =odd~', sort: null }],
    ['a,b~=', { text: '', sort: { column: '-,+ x', descending: true } }],
    ['', { text: 'both', sort: { column: '', descending: false } }],
  ]);
  expect(thereAndBack(looks)).toEqual(looks);
});

it('is left out of the address where nothing is asked for', () => {
  const looks = withLook(new Map(), 'samples', { text: 'x', sort: null });
  expect(looks.get('samples')?.text).toBe('x');
  expect(looksParameter.write(withLook(looks, 'samples', PLAIN_LOOK))).toBeNull();
  expect(looksParameter.read(null).size).toBe(0);
});

it('takes what makes no sense for nothing', () => {
  expect(looksParameter.read(',,').size).toBe(0);
  expect(looksParameter.read('=a~1?b').get('a')).toEqual(PLAIN_LOOK);
});
