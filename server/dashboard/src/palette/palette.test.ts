/** What is typed finds what is meant, and the kind with the best fit stands first. */
import { describe, expect, it } from 'vitest';
import { match, partsOf, wordsOf } from './match';
import { sectionsOf, type Entry, type Source } from './sections';

const best = (typed: string, ...texts: string[]) =>
  texts
    .map((text) => ({ text, fit: match(text, wordsOf(typed)) }))
    .filter(({ fit }) => fit !== null)
    .sort((a, b) => (a.fit?.score ?? 0) - (b.fit?.score ?? 0))
    .map(({ text }) => text);

describe('a match', () => {
  it('prefers the whole, the beginning, the beginning of a word, then anything', () => {
    expect(best('loss', 'train/loss', 'glossy', 'loss', 'loss_scale', 'eval')).toEqual(['loss', 'loss_scale', 'train/loss', 'glossy']);
  });

  it('needs every word, in any order', () => {
    expect(best('loss tr', 'train/loss', 'eval/loss')).toEqual(['train/loss']);
  });

  it('finds letters in their order, but only of three on', () => {
    expect(best('tlo', 'train/loss', 'lot')).toEqual(['train/loss']);
    expect(match('train/loss', ['tl'])).toBeNull();
  });

  it('takes what is typed for text, not for an expression', () => {
    expect(best('.*', 'anything')).toEqual([]);
    expect(best('<img', '<img src=x>')).toEqual(['<img src=x>']);
  });

  it('tells which letters fit', () => {
    expect(partsOf('lr-5e-4', match('lr-5e-4', ['5e'])?.ranges ?? [])).toEqual([
      { text: 'lr-', fits: false },
      { text: '5e', fits: true },
      { text: '-4', fits: false },
    ]);
    expect(partsOf('aba', [[1, 3], [0, 2]]).map(({ text }) => text).join('')).toBe('aba');
    expect(match('İstanbul', ['stan'])?.ranges).toEqual([]);
  });
});

const entry = (title: string): Entry => ({ id: title, title, detail: '', shown: '', look: { kind: 'sign', path: '' }, run: () => undefined });
const source = (title: string, titles: string[], rest: Partial<Source> = {}): Source => ({ title, entries: titles.map(entry), most: 2, mostUntyped: 1, ...rest });
const listed = (sources: Source[], typed: string) => sectionsOf(sources, typed).map(({ title, found }) => [title, ...found.map(({ entry: { title: name } }) => name)]);

describe('the sections', () => {
  const sources = [source('Runs', ['theta', 'lr-1', 'lr-2', 'lr-3']), source('Pages', ['Metrics', 'Media']), source('Do', ['Theme'])];

  it('show a little of everything before anything is typed', () => {
    expect(listed(sources, ' ')).toEqual([['Runs', 'theta'], ['Pages', 'Metrics'], ['Do', 'Theme']]);
  });

  it('show no more than they may, and none that is empty', () => {
    expect(listed(sources, 'lr')).toEqual([['Runs', 'lr-1', 'lr-2']]);
  });

  it('stand in the order of their best', () => {
    expect(listed([source('Runs', ['a theme']), source('Do', ['Theme'])], 'theme')[0]).toEqual(['Do', 'Theme']);
    expect(listed(sources, 'the').map(([title]) => title)).toEqual(['Runs', 'Do']);
  });

  it('keep below what is made of what is typed', () => {
    expect(listed([source('Filter', ['name contains "x"'], { always: true, mostUntyped: 0 }), ...sources], 'media')).toEqual([['Pages', 'Media'], ['Filter', 'name contains "x"']]);
    expect(listed([source('Filter', ['name contains ""'], { always: true, mostUntyped: 0 })], '')).toEqual([]);
  });
});
