/** Lines of the console: kept, filtered, found and laid out. */
import { describe, expect, it } from 'vitest';
import type { ConsoleLine } from '../api/oneRun';
import { readSearch } from '../metrics/catalogue';
import { appended, foundIn, lineAt, marked, MOST_LINES, nextFound, ofStream, ranksOf, rowsOf, widthOf } from './lines';

const line = (id: number, text = `line ${id}`, part: Partial<ConsoleLine> = {}): ConsoleLine => ({ id, text, rank: 0, stream: 'stdout', timestamp: '', ...part });
const lines = [line(1, 'epoch 1'), line(2, 'warning', { stream: 'stderr' }), line(3, 'epoch 2', { rank: 1 })];

describe('lines', () => {
  it('are kept once each, the newest of them', () => {
    expect(appended(lines, [line(3), line(4)]).map(({ id }) => id)).toEqual([1, 2, 3, 4]);
    expect(appended(lines, [line(3)])).toBe(lines);
    const full = Array.from({ length: MOST_LINES }, (_, i) => line(i));
    const kept = appended(full, [line(MOST_LINES)]);
    expect([kept.length, kept[0].id, kept.at(-1)?.id]).toEqual([MOST_LINES, 1, MOST_LINES]);
  });

  it('are shown by stream and rank', () => {
    expect(ofStream(lines, { stream: 'all', rank: null })).toBe(lines);
    expect(ofStream(lines, { stream: 'stderr', rank: null }).map(({ id }) => id)).toEqual([2]);
    expect(ofStream(lines, { stream: 'stdout', rank: 1 }).map(({ id }) => id)).toEqual([3]);
    expect(ranksOf(lines)).toEqual([0, 1]);
  });

  it('are found from any place in both directions', () => {
    const found = foundIn(lines, readSearch('epoch'));
    expect(found).toEqual([0, 2]);
    expect([nextFound(found, -1, 1), nextFound(found, 0, 1), nextFound(found, 2, 1), nextFound(found, 0, -1), nextFound([], 0, 1)]).toEqual([0, 2, 0, 2, -1]);
  });

  it('have what was found marked in them', () => {
    expect(marked('Epoch 1 of epoch', readSearch('epoch'))).toEqual([
      { text: 'Epoch', found: true },
      { text: ' 1 of ', found: false },
      { text: 'epoch', found: true },
    ]);
    expect(marked('a.b', readSearch('.'))).toEqual([{ text: 'a', found: false }, { text: '.', found: true }, { text: 'b', found: false }]);
    expect(marked('loss 1.25', readSearch('/\\d+/'))).toHaveLength(4);
    expect(marked('x', readSearch(''))).toEqual([{ text: 'x', found: false }]);
    expect(marked('x', readSearch('/(/'))).toEqual([{ text: 'x', found: false }]);
    expect(marked('', readSearch('/^/'))).toEqual([{ text: '', found: false }]);
  });

  it('take as many rows as they are wide', () => {
    expect([widthOf('abc'), widthOf('größe'), widthOf('損失'), widthOf('a\tb')]).toEqual([3, 5, 4, 9]);
    const starts = rowsOf([line(1, 'x'.repeat(25)), line(2, ''), line(3, 'y'.repeat(20))], 10);
    expect([...starts]).toEqual([0, 3, 4, 6]);
    expect([0, 2, 3, 4, 5, 99].map((row) => lineAt(starts, row))).toEqual([0, 0, 1, 2, 2, 2]);
    expect([...rowsOf(lines, null)]).toEqual([0, 1, 2, 3]);
  });
});
