/** Pictures, sound and the like found in a value, however deep. */
import { describe, expect, it } from 'vitest';
import { MOST_PARTS, partOf, partsOf } from './parts';

const image = (name: string) => ({ _type: 'trackio.image', file_path: `p/r/0/${name}.png`, caption: null });

describe('the media in a value', () => {
  it('is one, a list, or what a dict holds', () => {
    expect(partsOf(image('a'))).toEqual([{ kind: 'image', filePath: 'p/r/0/a.png', caption: null, points: null }]);
    expect(partsOf([image('a'), image('b')]).length).toBe(2);
    expect(partsOf({ left: image('a'), deep: { right: [image('b')] }, loss: 1 }).length).toBe(2);
  });

  it('is nothing where the form is not as promised', () => {
    for (const value of [null, 1, 'trackio.image', { _type: 'trackio.image' }, { _type: 'trackio.image', file_path: 3 }, { _type: 'other.image', file_path: 'a' }, { _type: 'trackio.table', _value: 'x' }, { _type: 'trackio.later', file_path: 'a' }])
      expect(partsOf(value)).toEqual([]);
  });

  it('ends in a bounded time for what is endless', () => {
    expect(partsOf(Array.from({ length: 5_000 }, () => image('a'))).length).toBe(MOST_PARTS);
    let nested: unknown = image('a');
    for (let i = 0; i < 5_000; i++) nested = [nested];
    expect(partsOf(nested)).toEqual([]);
  });

  it('leaves media of tables in their cells', () => {
    const rows = [{ picture: image('a') }];
    expect(partsOf({ _type: 'trackio.table', _value: rows })).toEqual([{ kind: 'table', rows }]);
  });
});

describe('a histogram', () => {
  const histogram = (bins: unknown, values: unknown) => partOf({ _type: 'trackio.histogram', bins, values });

  it('has an edge more than counts', () => {
    expect(histogram([0, 1, 2], [3, 4])).toEqual({ kind: 'histogram', edges: [0, 1, 2], counts: [3, 4] });
    expect(histogram([0, 1], [3, 4])).toBeNull();
    expect(histogram([], [])).toBeNull();
  });

  it('that is not finite or has no width is nothing to draw; counts that make no sense are none', () => {
    expect(histogram([0, 'NaN', 2], [3, 4])).toBeNull();
    expect(histogram([0, null, 'Infinity'], [3, 4])).toBeNull();
    expect(histogram([1, 1], [3])).toBeNull();
    expect(histogram([2, 1], [3])).toBeNull();
    expect(histogram([0, 1, 2], ['NaN', -1])).toEqual({ kind: 'histogram', edges: [0, 1, 2], counts: [0, 0] });
  });
});
