/** The text of a filter in pieces, each with its place. */
import { describe, expect, it } from 'vitest';
import { piecesOf } from './pieces';

describe('piecesOf', () => {
  it('cuts at marks and at the mistake', () => {
    expect(piecesOf('a = b and', [{ from: 2, to: 3 }, { from: 6, to: 9 }], { from: 4, to: 5 })).toEqual([
      { text: 'a ', kind: 'plain' },
      { text: '=', kind: 'language' },
      { text: ' ', kind: 'plain' },
      { text: 'b', kind: 'wrong' },
      { text: ' ', kind: 'plain' },
      { text: 'and', kind: 'language' },
    ]);
  });

  it('shows what is missing at the end', () => {
    expect(piecesOf('a <', [{ from: 2, to: 3 }], { from: 3, to: 3 })).toEqual([
      { text: 'a ', kind: 'plain' },
      { text: '<', kind: 'wrong' },
    ]);
    expect(piecesOf('', [], { from: 0, to: 0 })).toEqual([]);
  });
});
