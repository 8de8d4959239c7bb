/** What of a file can be looked at, and how. */
import { expect, it } from 'vitest';
import { kindOfName, textIn } from './look';

it('kinds go by the ending', () => {
  expect(['a/b.PNG', 'x.tar.gz', 'run.log', 'README', '.env', 'notes.md', 'a.html', 'x.constructor', 'evil.svg'].map(kindOfName)).toEqual(['image', null, 'text', null, null, 'markdown', 'html', null, 'text']);
});

it('bytes are text where they read as such', () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  expect(textIn(bytes('größe'))).toBe('größe');
  expect(textIn(bytes('gr\u00f6').slice(0, 3))).toBe('gr');
  expect(textIn(new Uint8Array([104, 0, 105]))).toBeNull();
  expect(textIn(new Uint8Array([255, 254, 104, 105]))).toBeNull();
  expect(textIn(new Uint8Array())).toBe('');
});
