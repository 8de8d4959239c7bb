/** Lines of Python in the pieces that are coloured. */
import { describe, expect, it } from 'vitest';
import { piecesOfCode } from './codePieces';

describe('lines of Python', () => {
  it('come apart into words of the language, texts and comments', () => {
    const told = piecesOfCode('import trackio as wandb\nwandb.init(project="in a \\"box\\"")\n# as they are').filter(({ kind }) => kind !== 'plain');
    expect(told.map(({ kind, text }) => [kind, text])).toEqual([
      ['word', 'import'],
      ['word', 'as'],
      ['text', '"in a \\"box\\""'],
      ['comment', '# as they are'],
    ]);
  });

  it('are the same lines when put together', () => {
    for (const code of ['', 'x', 'from a import b  # c', 'log({"a": "# no comment"})', 'important = imports']) {
      expect(piecesOfCode(code).map(({ text }) => text).join('')).toBe(code);
    }
    expect(piecesOfCode('important = imports')).toEqual([{ kind: 'plain', text: 'important = imports' }]);
  });
});
