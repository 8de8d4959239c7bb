/** Tags as they are typed. */
import { expect, it } from 'vitest';
import { tagsOf, withTag } from './tags';

it('adds what was typed, each tag once', () => {
  expect(withTag(['a'], ' b, a ,, c d ')).toEqual(['a', 'b', 'c d']);
  expect(withTag(['a'], '  ')).toEqual(['a']);
});

it('knows the tags there are, the commonest first', () => {
  expect(tagsOf([{ tags: ['x'] }, { tags: ['y', 'x'] }, { tags: [] }])).toEqual(['x', 'y']);
});
