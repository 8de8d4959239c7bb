/** An order by hand: what was moved stands where it was put, and the address keeps it. */

import { describe, expect, it } from 'vitest';
import { arranged, readMoves, step, withMove, writeMoves } from './order';

describe('charts moved by hand', () => {
  const keys = ['a', 'b', 'c', 'd'];

  it('stand before the one they were dropped on, or last', () => {
    expect(arranged(keys, [{ key: 'd', before: 'b' }])).toEqual(['a', 'd', 'b', 'c']);
    expect(arranged(keys, [{ key: 'a', before: null }, { key: 'c', before: 'b' }])).toEqual(['c', 'b', 'd', 'a']);
  });

  it('stay where they are when the other is gone or of another group', () => {
    expect(arranged(keys, [{ key: 'a', before: 'zz' }, { key: 'zz', before: 'a' }, { key: 'b', before: 'b' }])).toEqual(keys);
  });

  it('come back from the address', () => {
    const moves = [{ key: 'a', before: 'c' }, { key: 'b', before: null }];
    expect(readMoves(writeMoves(moves))).toEqual(moves);
    expect(readMoves(['left over'])).toEqual([]);
  });

  it('are remembered once', () => {
    expect(withMove([{ key: 'a', before: 'c' }, { key: 'b', before: null }], { key: 'a', before: null })).toEqual([
      { key: 'b', before: null },
      { key: 'a', before: null },
    ]);
  });

  it('move by one place, and not out of their group', () => {
    for (const [key, offset, wanted] of [['b', 1, ['a', 'c', 'b', 'd']], ['b', -1, ['b', 'a', 'c', 'd']], ['c', 1, ['a', 'b', 'd', 'c']]] as const) {
      const move = step(keys, key, offset);
      expect(move && arranged(keys, [move])).toEqual(wanted);
    }
    expect(step(keys, 'a', -1)).toBeNull();
    expect(step(keys, 'd', 1)).toBeNull();
    expect(step(keys, 'z', 1)).toBeNull();
  });
});
