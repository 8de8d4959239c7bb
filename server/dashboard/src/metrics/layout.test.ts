/** The grid: what stands where, and what of it is seen. */

import { describe, expect, it } from 'vitest';
import { layOut, seenRows } from './layout';

const group = (name: string, count: number) => ({ name, keys: Array.from({ length: count }, (_, i) => `${name}/${i}`) });
const placed = (groups: ReturnType<typeof group>[], columns: number, large = true) =>
  layOut(groups, columns, large).cells.map(({ key, column, row, wide, rule }) => [key, column, row, wide, rule]);

describe('the grid', () => {
  it('has one large chart, four beside it, and the next groups in one row', () => {
    expect(placed([group('Pinned', 5), group('train', 2), group('perf', 2), group('system', 4)], 4).slice(0, 9)).toEqual([
      ['Pinned/0', 0, 0, 2, 4],
      ['Pinned/1', 2, 0, 1, 0],
      ['Pinned/2', 3, 0, 1, 0],
      ['Pinned/3', 2, 1, 1, 0],
      ['Pinned/4', 3, 1, 1, 0],
      ['train/0', 0, 2, 1, 2],
      ['train/1', 1, 2, 1, 0],
      ['perf/0', 2, 2, 1, 2],
      ['perf/1', 3, 2, 1, 0],
    ]);
  });

  it('goes on beside the large chart with the next group', () => {
    expect(placed([group('a', 2), group('b', 2)], 3)).toEqual([
      ['a/0', 0, 0, 2, 3],
      ['a/1', 2, 0, 1, 0],
      ['b/0', 2, 1, 1, 1],
      ['b/1', 0, 2, 1, 0],
    ]);
  });

  it('leaves nothing empty beside the large chart where there are few', () => {
    const shapes = (count: number, columns: number) => layOut([group('a', count)], columns, true).cells.map(({ column, row, wide, high }) => [column, row, wide, high]);
    expect(shapes(1, 4)).toEqual([[0, 0, 4, 2]]);
    expect(shapes(2, 4)).toEqual([[0, 0, 3, 2], [3, 0, 1, 2]]);
    expect(shapes(3, 4)).toEqual([[0, 0, 3, 2], [3, 0, 1, 1], [3, 1, 1, 1]]);
    expect(shapes(4, 4)).toEqual([[0, 0, 2, 2], [2, 0, 1, 1], [3, 0, 1, 2], [2, 1, 1, 1]]);
    expect(shapes(5, 4)[0]).toEqual([0, 0, 2, 2]);
    for (let count = 1; count < 12; count++) {
      for (let columns = 2; columns < 7; columns++) {
        const cells = shapes(count, columns);
        const area = cells.reduce((sum, [, , wide, high]) => sum + wide * high, 0);
        const beside = cells.filter(([, row]) => row < 2).reduce((sum, [, , wide, high]) => sum + wide * high, 0);
        expect(beside, `${count} in ${columns}`).toBe(2 * columns);
        expect(area).toBeGreaterThanOrEqual(2 * columns);
      }
    }
  });

  it('is one column on a narrow screen', () => {
    expect(placed([group('a', 3)], 1).map(([, column, row]) => [column, row])).toEqual([[0, 0], [0, 1], [0, 2]]);
    expect(layOut([group('a', 3)], 1, true).rows).toBe(3);
  });

  it('places ten thousand charts, each in a cell of its own', () => {
    const { cells, rows } = layOut([group('a', 5_000), group('b', 5_000)], 4, true);
    const places = new Set(cells.map(({ row, column }) => `${row} ${column}`));
    expect(places.size).toBe(10_000);
    expect(rows).toBe(2_501);
  });

  it('knows what is seen', () => {
    expect(seenRows(0, 500, 100, 50)).toEqual({ from: 0, to: 6 });
    expect(seenRows(1_000, 1_500, 100, 12)).toEqual({ from: 9, to: 12 });
    expect(seenRows(-2_000, -1_000, 100, 12)).toEqual({ from: 0, to: -9 });
  });
});
