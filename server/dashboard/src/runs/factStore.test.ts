/** Settings and metrics of many runs, asked for once. */
import { describe, expect, it } from 'vitest';
import { factsOf, FactStore } from './factStore.svelte';
import { testRun } from './testRuns';

const settled = () => new Promise((resolve) => setTimeout(resolve));

function sources() {
  const asked: { runs: string[]; keys: string[] }[] = [];
  let configs = 0;
  const store = new FactStore({
    configs: () => {
      configs += 1;
      return Promise.resolve([{ run: 'a', run_id: 'id-a', config: { lr: 1e-3, optim: { name: 'adamw' } } }]);
    },
    metrics: (_project, runs, keys) => {
      asked.push({ runs, keys });
      const answer = keys.filter((key) => key !== 'nobody').map((key) => ({ key, points: 3, hidden: false, first: 3, last: 2, min: 1, max: 3 }));
      return Promise.resolve(runs.map((run) => ({ run, answer })));
    },
  }, () => {});
  return { store, asked, configsAsked: () => configs };
}

describe('factsOf', () => {
  it('has ends and extremes with their steps', () => {
    const summary = { key: 'loss', points: 4, hidden: false };
    expect(factsOf({ ...summary, first: 3, last: 2, last_step: 9, min: 1, min_step: 4, max: 3, max_step: 0 })).toEqual({ first: 3, last: 2, lastStep: 9, min: 1, minStep: 4, max: 3, maxStep: 0 });
    expect(factsOf({ ...summary, last: null, last_step: 7 })).toEqual({ first: null, last: null, lastStep: 7, min: null, minStep: null, max: null, maxStep: null });
  });
});

describe('FactStore', () => {
  const runs = Array.from({ length: 1_200 }, (_, i) => testRun({ run: `r${i}`, state: 'finished' }));

  it('asks for nothing that nobody wants, and for all runs together', async () => {
    const { store, asked, configsAsked } = sources();
    store.draw('p', runs);
    await settled();
    expect([asked.length, configsAsked()]).toEqual([0, 0]);
    store.want('table', ['loss', 'acc'], true);
    await settled();
    await settled();
    expect(configsAsked()).toBe(1);
    expect(asked.map((body) => [body.runs.length, body.keys])).toEqual([
      [1_000, ['loss', 'acc']],
      [200, ['loss', 'acc']],
    ]);
    expect(store.metrics.get('acc')?.size).toBe(1_200);
    expect(store.metrics.get('acc')?.get('id-r7')?.last).toBe(2);
    expect(store.configs?.get('id-a')?.get('optim.name')).toBe('adamw');
  });

  it('asks again only for runs with new rows, and knows a metric that no run has', async () => {
    const { store, asked } = sources();
    store.want('filter', ['nobody'], false);
    store.draw('p', runs.slice(0, 2));
    await settled();
    expect(store.metrics.get('nobody')?.size).toBe(0);
    store.draw('p', runs.slice(0, 2));
    await settled();
    expect(asked).toHaveLength(1);
    store.want('filter', ['nobody', 'loss'], false);
    await settled();
    expect(asked.at(-1)?.keys).toEqual(['loss']);
    store.draw('q', runs.slice(0, 1));
    expect(store.metrics.size).toBe(0);
  });
});
