/** Outcomes are asked for once, in few requests, and again only where a run has logged more. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { MetricsOfRun, MetricSummary } from '../api/client';
import { testRun } from '../runs/testRuns';
import { OutcomeStore, type Outcomes } from './outcomes';

const summary = (key: string, part: Partial<MetricSummary>): MetricSummary => ({ key, points: 2, hidden: false, ...part });
const came = (run: string, ...answer: MetricSummary[]): MetricsOfRun => ({ run: `id-${run}`, answer });

interface Asked {
  runs: string[];
  keys: string[];
}

function store(answer: (asked: Asked) => MetricsOfRun[] | Promise<MetricsOfRun[]>) {
  const requests: Asked[] = [];
  const told: Outcomes[] = [];
  const failures: unknown[] = [];
  const read = async (_project: string, runs: string[], keys: string[]) => {
    requests.push({ runs, keys });
    return answer({ runs, keys });
  };
  return { requests, told, failures, store: new OutcomeStore(read, (outcomes) => told.push(outcomes), (failure) => failures.push(failure)) };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());
const settle = () => vi.advanceTimersByTimeAsync(0);

describe('the store', () => {
  it('asks for all runs at once, and not again', async () => {
    const runs = ['a', 'b'].map((run) => testRun({ run, rows: 5 }));
    const { requests, told, store: outcomes } = store(() => [
      came('a', summary('loss', { last: 1, min: 1, max: 2 })),
      came('b', summary('loss', { last: null, min: 3, max: 4 })),
      { run: 'id-gone', error: { error: 'gone', code: 'run_not_found', hint: '' } },
    ]);
    outcomes.want({ project: 'p', runs, metrics: ['loss'] });
    await settle();
    outcomes.want({ project: 'p', runs: [...runs], metrics: ['loss'] });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(requests).toEqual([{ runs: ['id-a', 'id-b'], keys: ['loss'] }]);
    expect(told.at(-1)?.get('id-b')?.get('loss')).toEqual({ last: null, min: 3, max: 4 });
    outcomes.stop();
  });

  it('asks again where a run has new rows, but not with each row', async () => {
    const { requests, store: outcomes } = store(() => []);
    const at = (rows: number) => outcomes.want({ project: 'p', runs: [testRun({ run: 'a', rows }), testRun({ run: 'b', rows: 3 })], metrics: ['loss'] });
    at(1);
    await settle();
    for (let rows = 2; rows < 100; rows++) at(rows);
    await settle();
    expect(requests.length).toBe(1);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(requests.slice(1)).toEqual([{ runs: ['id-a'], keys: ['loss'] }]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(requests.length).toBe(2);
    outcomes.stop();
  });

  it('splits what is too much for one request', async () => {
    const { requests, store: outcomes } = store(() => []);
    const runs = Array.from({ length: 1_500 }, (_, i) => testRun({ run: `${i}`, rows: 1 }));
    outcomes.want({ project: 'p', runs, metrics: ['a', 'b'] });
    await settle();
    expect(requests.map(({ runs }) => runs.length)).toEqual([1_000, 500]);
    outcomes.stop();
  });

  it('says what failed and tries again', async () => {
    let fails = true;
    const { requests, failures, store: outcomes } = store(() => (fails ? Promise.reject(new Error('away')) : []));
    outcomes.want({ project: 'p', runs: [testRun({ rows: 1 })], metrics: ['loss'] });
    await settle();
    expect(failures.at(-1)).toBeInstanceOf(Error);
    fails = false;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(requests.length).toBe(2);
    expect(failures.at(-1)).toBeNull();
    outcomes.stop();
  });

  it('forgets another project', async () => {
    const { requests, store: outcomes } = store(() => []);
    outcomes.want({ project: 'p', runs: [testRun({ rows: 1 })], metrics: ['loss'] });
    await settle();
    outcomes.want({ project: 'q', runs: [testRun({ rows: 1 })], metrics: ['loss'] });
    await settle();
    expect(requests.length).toBe(2);
    outcomes.stop();
  });
});
