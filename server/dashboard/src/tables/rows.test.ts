/** Rows of a logged table: sorted and filtered. */
import { describe, expect, it } from 'vitest';
import { cellText, columnsOf, hasMedia, isNumeric, nextSort, rowsThatSay, sortedRows, tableRows } from './rows';

describe('rows of a table', () => {
  it('have the columns of all rows, whatever the rows are', () => {
    expect(columnsOf(tableRows([{ b: 1 }, { a: 2, b: 3 }, 7, null]))).toEqual(['b', 'a', 'value']);
    expect(tableRows([[1, 2]])).toEqual([{ value: [1, 2] }]);
  });

  it('say what they hold', () => {
    expect([null, undefined, '', 0, false, { a: 1 }, 'x'].map(cellText)).toEqual(['', '', '', '0', 'false', '{"a":1}', 'x']);
  });

  it('are found by any cell', () => {
    const rows = [{ a: 'Große Katze' }, { a: 3.25 }, { a: { b: 'dog' } }];
    expect(rowsThatSay(rows, ' große ').length).toBe(1);
    expect(rowsThatSay(rows, '.25').length).toBe(1);
    expect(rowsThatSay(rows, 'DOG').length).toBe(1);
    expect(rowsThatSay(rows, '').length).toBe(3);
  });

  it('stand in order: numbers by size, NaN and nothing last, equal ones as logged', () => {
    const rows = [{ v: 10, n: 0 }, { v: null, n: 1 }, { v: 9, n: 2 }, { v: 'NaN', n: 3 }, { v: '-Infinity', n: 4 }, { v: 10, n: 5 }];
    const order = (descending: boolean) => sortedRows(rows, { column: 'v', descending }).map(({ n }) => n);
    expect(order(false)).toEqual([4, 2, 0, 5, 3, 1]);
    expect(order(true)).toEqual([0, 5, 2, 4, 3, 1]);
    expect(sortedRows([{ v: 'b' }, { v: 2 }, { v: 'a10' }, { v: 'a9' }], { column: 'v', descending: false }).map(({ v }) => v)).toEqual([2, 'a9', 'a10', 'b']);
    expect(sortedRows(rows, null)).toEqual(rows);
  });

  it('have columns of numbers and pictures', () => {
    expect(isNumeric([{ a: 1 }, { a: null }, { a: 'NaN' }], 'a')).toBe(true);
    expect(isNumeric([{ a: 1 }, { a: 'x' }], 'a')).toBe(false);
    expect(isNumeric([{}], 'a')).toBe(false);
    expect(hasMedia([{ a: [{ _type: 'trackio.image' }] }])).toBe(true);
    expect(hasMedia([{ a: 'trackio.image' }])).toBe(false);
  });

  it('are sorted up, down and not', () => {
    const up = nextSort(null, 'a');
    const down = nextSort(up, 'a');
    expect([up, down, nextSort(down, 'a'), nextSort(down, 'b')]).toEqual([
      { column: 'a', descending: false },
      { column: 'a', descending: true },
      null,
      { column: 'b', descending: false },
    ]);
  });
});
