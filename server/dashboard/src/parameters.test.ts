/** What a page keeps in the address comes back as it was, and what makes no sense is the default. */
import { describe, expect, it } from 'vitest';
import { flagParameter, listParameter, numberParameter, pageParameters, textParameter, wordParameter } from './parameters';

const GALLERY = pageParameters({
  find: textParameter(),
  step: numberParameter(null),
  size: numberParameter(48),
  oldest_first: flagParameter,
  kind: wordParameter(['images', 'audio']),
  only: listParameter,
});

describe('the parameters of a page', () => {
  it('come back as they were written', () => {
    const values = { find: 'a,b', step: -2.5, size: 12, oldest_first: true, kind: 'audio', only: ['x,y', '~0'] } as const;
    const written = GALLERY.write(values);
    expect(GALLERY.read(written as Record<string, string>)).toEqual(values);
  });

  it('are left out where they are default', () => {
    const initial = GALLERY.read({});
    expect(initial).toEqual({ find: '', step: null, size: 48, oldest_first: false, kind: 'images', only: [] });
    expect(Object.values(GALLERY.write(initial)).every((text) => text === null)).toBe(true);
  });

  it('are written only where they are named', () => {
    expect(GALLERY.write({ step: 3 })).toEqual({ step: '3' });
    expect(GALLERY.write({ step: null })).toEqual({ step: null });
  });

  it('take nonsense for absent', () => {
    expect(GALLERY.read({ step: 'x', size: 'NaN', oldest_first: 'maybe', kind: 'smells' })).toEqual(GALLERY.read({}));
  });

  it('do not take a name that all pages share', () => {
    expect(() => pageParameters({ filter: textParameter() })).toThrow('`filter`');
  });
});
