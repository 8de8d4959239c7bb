/** Series are asked for again only when a run has something new. */

import { describe, expect, it } from 'vitest';
import { testRun } from '../runs/testRuns';
import type { Series, SeriesRequest } from './client';
import { SeriesCache, type Shape } from './seriesCache';

const shape: Shape = { project: 'p', x: 'step', window: null, pixels: 100 };
const { signal } = new AbortController();

function cache(without: string[] = []) {
  const asked: SeriesRequest[] = [];
  const read = async (_project: string, body: SeriesRequest): Promise<Series[]> => {
    asked.push(body);
    return body.runs
      .filter((id) => !without.includes(id))
      .map((run_id) => ({ run_id, run: run_id, key: body.keys[0], x: [0], value: [asked.length], total_points: 1, exact: true }));
  };
  return { asked, series: new SeriesCache(read) };
}

describe('the cache of series', () => {
  it('asks again only for runs with new rows', async () => {
    const { asked, series } = cache();
    const [a, b] = [testRun({ run: 'a', rows: 5 }), testRun({ run: 'b', rows: 5 })];
    const wanted = (...runs: (typeof a)[]) => runs.map((run) => ({ run, key: 'loss' }));
    await series.get(shape, wanted(a, b), signal);
    await series.get(shape, wanted(a, b), signal);
    expect(asked).toHaveLength(1);
    const result = await series.get(shape, wanted(a, { ...b, rows: 6 }), signal);
    expect(asked[1].runs).toEqual(['id-b']);
    expect(result.get('id-a')?.value).toEqual([1]);
    expect(result.get('id-b')?.value).toEqual([2]);
  });

  it('asks for everything when the question changes', async () => {
    const { asked, series } = cache();
    const wanted = [{ run: testRun(), key: 'loss' }];
    await series.get(shape, wanted, signal);
    await series.get({ ...shape, window: { from: 1, to: 2 } }, wanted, signal);
    await series.get({ ...shape, window: { from: 1, to: 2 } }, [{ ...wanted[0], key: 'eval/loss' }], signal);
    expect(asked.map(({ from, keys }) => [from, keys[0]])).toEqual([
      [null, 'loss'],
      [1, 'loss'],
      [1, 'eval/loss'],
    ]);
  });

  it('asks once for each metric, and remembers that a run has none', async () => {
    const { asked, series } = cache(['id-c']);
    const wanted = ['a', 'b', 'c'].map((run, i) => ({ run: testRun({ run }), key: i === 0 ? 'loss' : 'train/loss' }));
    expect([...(await series.get(shape, wanted, signal)).keys()]).toEqual(['id-a', 'id-b']);
    await series.get(shape, wanted, signal);
    expect(asked.map(({ keys, runs }) => [keys[0], runs])).toEqual([
      ['loss', ['id-a']],
      ['train/loss', ['id-b', 'id-c']],
    ]);
  });
});
