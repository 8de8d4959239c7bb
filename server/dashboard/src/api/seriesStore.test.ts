/** Series are asked for together, again only when a run has something new, and never for charts out of sight. */

import { beforeEach, describe, expect, it, vi } from 'vitest';
import { testRun } from '../runs/testRuns';
import type { Band, RunSummary, Series, SeriesAnswer, SeriesRequest } from './client';
import { SeriesStore, type ChartSeries, type Drawn } from './seriesStore';

interface Asked extends SeriesRequest {
  answer: () => Promise<void>;
  fail: (error?: Error) => Promise<void>;
  signal: AbortSignal;
}

let asked: Asked[];
let shown: Map<string, ChartSeries>;
let forgotten: string[];
let store: SeriesStore;
const settle = () => new Promise<void>((resolve) => setTimeout(resolve));

function seriesOf(run_id: string, key: string): Series {
  return { run_id, run: run_id, key, rank: 0, x_axis: 'step', x: [1], value: [2], total_points: 1, exact: true };
}

function bandOf(group: string, key: string): Band {
  return { group, key, x_axis: 'step', x: [1], mean: [2], standard_deviation: [0], min: [2], max: [2], runs: [1] };
}

const read = (_project: string, body: SeriesRequest, signal: AbortSignal) =>
  new Promise<SeriesAnswer>((resolve, reject) => {
    const all = body.runs.flatMap((run) => body.keys.map((key) => ({ ...seriesOf(run, key), exact: !body.draft })));
    const bands = (body.groups ?? []).flatMap(({ name }) => body.keys.map((key) => bandOf(name, key)));
    asked.push({
      ...body,
      signal,
      answer: async () => (resolve({ series: all.filter(({ key }) => key !== 'absent'), bands }), settle()),
      fail: async (error = new Error('away')) => (reject(error), settle()),
    });
  });

beforeEach(() => {
  asked = [];
  shown = new Map();
  forgotten = [];
  store = new SeriesStore(read, (key, chart) => shown.set(key, chart), undefined, (key) => forgotten.push(key));
});

const drawn = (runs: RunSummary[], part: Partial<Drawn> = {}): Drawn => ({ project: 'p', runs, groups: null, x: 'auto', logX: false, window: null, smoothing: () => null, ...part });
const [a, b] = [testRun({ run: 'a', rows: 3 }), testRun({ run: 'b', rows: 3 })];

describe('the store of series', () => {
  it('asks for the charts of one width together', async () => {
    store.show('loss', 200);
    store.show('accuracy', 200);
    store.show('wide', 500);
    store.draw(drawn([a, b]));
    expect(asked.map(({ keys, pixels }) => [keys, pixels])).toEqual([[['loss', 'accuracy'], 200], [['wide'], 500]]);
    await asked[0].answer();
    expect([...(shown.get('loss')?.series.keys() ?? [])]).toEqual(['id-a', 'id-b']);
    expect(shown.get('loss')?.complete).toBe(true);
    expect(shown.get('wide')?.complete).toBe(false);
  });

  it('asks again only for runs with new rows', async () => {
    store.show('loss', 200);
    store.draw(drawn([a, b]));
    await asked[0].answer();
    store.draw(drawn([a, b]));
    expect(asked).toHaveLength(1);
    store.draw(drawn([{ ...a, rows: 4 }, b]));
    expect(asked[1].runs).toEqual(['id-a']);
  });

  it('leaves charts out of sight alone, and asks for them when they come back', async () => {
    const hide = store.show('loss', 200);
    store.draw(drawn([a]));
    await asked[0].answer();
    hide();
    store.draw(drawn([{ ...a, rows: 9 }]));
    expect(asked).toHaveLength(1);
    store.show('loss', 200);
    await settle();
    expect(asked).toHaveLength(2);
  });

  it('asks together for charts that come into sight together', async () => {
    store.draw(drawn([a]));
    store.show('loss', 200);
    store.show('accuracy', 200);
    await settle();
    expect(asked.map(({ keys }) => keys)).toEqual([['loss', 'accuracy']]);
  });

  it('asks for nothing better before what is there is seen', async () => {
    const long = testRun({ run: 'long', rows: 1_000_000 });
    let paint = () => {};
    store = new SeriesStore(read, (key, chart) => shown.set(key, chart), () => new Promise((resolve) => (paint = resolve)));
    store.show('loss', 200);
    store.show('wide', 500);
    store.draw(drawn([long]));
    expect(asked.map(({ draft }) => draft)).toEqual([true, true]);
    await asked[0].answer();
    await asked[1].answer();
    expect(asked).toHaveLength(2);
    paint();
    await settle();
    expect(asked.slice(2).map(({ keys, draft }) => [keys, draft])).toEqual([[['loss'], undefined], [['wide'], undefined]]);
  });

  it('asks for new rows no more often than the answers are quick, each chart in its turn', async () => {
    store.show('loss', 200);
    store.show('wide', 500);
    store.draw(drawn([a]));
    await asked[0].answer();
    await asked[1].answer();
    vi.useFakeTimers();
    let rows = a.rows;
    const grow = () => store.draw(drawn([{ ...a, rows: (rows += 1) }]));
    grow();
    expect(asked[2].keys).toEqual(['loss']);
    grow();
    expect(asked, 'one at a time').toHaveLength(3);
    vi.advanceTimersByTime(100);
    const answered = asked[2].answer();
    await vi.advanceTimersByTimeAsync(0);
    await answered;
    grow();
    expect(asked, 'it took 100 ms').toHaveLength(3);
    await vi.advanceTimersByTimeAsync(250);
    expect(asked[3].keys).toEqual(['wide']);
    expect(asked).toHaveLength(4);
    vi.useRealTimers();
  });

  it('asks for the widest place where a chart is shown, and goes on when that is closed', async () => {
    store.show('loss', 200);
    const close = store.show('loss', 1_000);
    store.draw(drawn([a]));
    expect(asked.map(({ pixels }) => pixels)).toEqual([1_000]);
    await asked[0].answer();
    close();
    store.draw(drawn([{ ...a, rows: 9 }]));
    expect(asked.map(({ pixels }) => pixels)).toEqual([1_000, 200]);
  });

  it('asks anew at the resolution of a window, and shows the old lines until the answer', async () => {
    store.show('loss', 200);
    store.draw(drawn([a]));
    await asked[0].answer();
    store.draw(drawn([a], { window: { from: 5, to: 9 } }));
    expect(asked[1]).toMatchObject({ from: 5, to: 9, pixels: 200 });
    expect(shown.get('loss')).toMatchObject({ complete: false, window: null });
    expect(shown.get('loss')?.series.size).toBe(1);
    await asked[1].answer();
    expect(shown.get('loss')).toMatchObject({ complete: true, window: { from: 5, to: 9 } });
  });

  it('drops the question nobody asks any more', async () => {
    store.show('loss', 200);
    store.draw(drawn([a]));
    store.draw(drawn([a], { x: 'time' }));
    expect(asked[0].signal.aborted).toBe(true);
    expect(asked[1].x).toBe('time');
    await asked[0].answer();
    expect(shown.get('loss')?.complete).toBe(false);
  });

  it('knows of a run without the metric and does not ask for ever', async () => {
    store.show('absent', 200);
    store.draw(drawn([a]));
    await asked[0].answer();
    expect(shown.get('absent')).toMatchObject({ complete: true });
    expect(shown.get('absent')?.series.size).toBe(0);
    expect(asked).toHaveLength(1);
  });

  it('tells a failure and tries again when told to', async () => {
    store.show('loss', 200);
    store.draw(drawn([a]));
    await asked[0].fail();
    expect(shown.get('loss')?.failure).toBeInstanceOf(Error);
    expect(asked).toHaveLength(1);
    store.retry('loss');
    await asked[1].answer();
    expect(shown.get('loss')).toMatchObject({ failure: null, complete: true });
  });

  it('has a quick answer first where the exact one takes long, then the exact one', async () => {
    const long = testRun({ run: 'long', rows: 1_000_000 });
    const smoothing = { kind: 'half_life', half_life: 7 } as const;
    store.show('loss', 200);
    store.draw(drawn([long], { smoothing: () => smoothing }));
    expect(asked[0]).toMatchObject({ draft: true });
    expect(asked[0].smoothing).toBeUndefined();
    await asked[0].answer();
    expect(shown.get('loss')).toMatchObject({ complete: true });
    expect(asked[1]).toMatchObject({ smoothing, raw: true });
    expect(asked[1].draft).toBeUndefined();
    await asked[1].answer();
    store.draw(drawn([{ ...long, rows: 1_000_001 }], { smoothing: () => smoothing }));
    expect(asked[2].draft).toBeUndefined();
  });

  it('asks again when the axis turns out to be smoothed in another way, but once', async () => {
    const smoothing = (axis: string) => ({ kind: 'half_life', half_life: axis === 'step' ? 7 : 1 }) as const;
    store.show('loss', 200);
    store.show('absent', 200);
    store.draw(drawn([a], { smoothing }));
    expect(asked[0].smoothing).toMatchObject({ half_life: 1 });
    await asked[0].answer();
    expect(asked[1]).toMatchObject({ keys: ['loss'], smoothing: { half_life: 7 } });
    await asked[1].answer();
    expect(asked).toHaveLength(2);
  });

  it('asks anew for logarithmic columns, and says which a series has', async () => {
    store.show('loss', 200);
    store.draw(drawn([a]));
    await asked[0].answer();
    store.draw(drawn([a], { logX: true }));
    expect(asked[0]).not.toHaveProperty('x_scale');
    expect(asked[1]).toMatchObject({ keys: ['loss'], x_scale: 'log' });
    expect(shown.get('loss')?.series.get('id-a')).toMatchObject({ logX: false });
    await asked[1].answer();
    expect(shown.get('loss')?.series.get('id-a')).toMatchObject({ logX: true, columns: 200 });
  });

  it('asks for many runs in portions, and shows each as it comes', async () => {
    const many = Array.from({ length: 900 }, (_, i) => testRun({ run: `r${i}`, rows: 1 }));
    store.show('loss', 100);
    store.draw(drawn(many));
    expect(asked.map(({ runs }) => runs.length)).toEqual([400]);
    await asked[0].answer();
    expect(shown.get('loss')?.series.size).toBe(400);
    expect(shown.get('loss')?.complete).toBe(false);
    await asked[1].answer();
    await asked[2].answer();
    expect(shown.get('loss')?.series.size).toBe(900);
    expect(shown.get('loss')?.complete).toBe(true);
  });

  it('asks for groups as bands', async () => {
    store.show('loss', 200);
    store.draw(drawn([], { groups: [{ name: 'seeds', runs: [a, b] }] }));
    expect(asked[0]).toMatchObject({ runs: [], groups: [{ name: 'seeds', runs: ['id-a', 'id-b'] }] });
    await asked[0].answer();
    expect(shown.get('loss')?.bands.get('seeds')?.mean).toEqual([2]);
    expect(shown.get('loss')?.complete).toBe(true);
    store.draw(drawn([], { groups: [{ name: 'seeds', runs: [a, { ...b, rows: 9 }] }] }));
    expect(asked).toHaveLength(2);
  });

  it('tells nothing where nothing is new', async () => {
    const told = vi.fn();
    store = new SeriesStore(read, told);
    store.show('loss', 200);
    store.draw(drawn([a, b]));
    await asked[0].answer();
    told.mockClear();
    store.draw(drawn([a, b]));
    expect(told).not.toHaveBeenCalled();
    for (let to = 9; to > 3; to--) store.draw(drawn([a, b], { window: { from: 1, to } }));
    expect(told, 'once: the new window is not complete').toHaveBeenCalledTimes(1);
    store.draw(drawn([a, b], { project: 'other' }));
    expect(told, 'another project').toHaveBeenCalledTimes(2);
  });

  it('forgets lines of runs that have come and gone, not those that are drawn', async () => {
    store.show('loss', 200);
    for (let i = 0; i < 300; i++) {
      store.draw(drawn([a, testRun({ run: `r${i}` })]));
      await asked.at(-1)?.answer();
    }
    const before = asked.length;
    store.draw(drawn([a, testRun({ run: 'r299' }), testRun({ run: 'r200' })]));
    expect(asked).toHaveLength(before);
    store.draw(drawn([a, testRun({ run: 'r0' })]));
    expect(asked.at(-1)?.runs).toEqual(['id-r0']);
  });

  it('forgets charts that were out of sight for long, and says so', async () => {
    const many = Array.from({ length: 50 }, (_, i) => testRun({ run: `r${i}`, rows: 1 }));
    store.draw(drawn(many));
    for (let i = 0; i < 120; i++) {
      const hide = store.show(`metric-${i}`, 20);
      await settle();
      await asked.at(-1)?.answer();
      hide();
    }
    expect(forgotten.slice(0, 2)).toEqual(['metric-0', 'metric-1']);
    expect(forgotten).toHaveLength(40);
  });

  it('asks for the first and the last of the windows that a wheel runs through', async () => {
    vi.useFakeTimers();
    store.show('loss', 200);
    store.draw(drawn([a]));
    for (let to = 9; to > 3; to--) store.draw(drawn([a], { window: { from: 1, to } }));
    expect(asked.map(({ to }) => to)).toEqual([null, 9]);
    vi.advanceTimersByTime(1_000);
    expect(asked.map(({ to }) => to)).toEqual([null, 9, 4]);
    vi.useRealTimers();
  });

  it('comes again when the server has too much to do', async () => {
    store.show('loss', 200);
    store.draw(drawn([a]));
    vi.useFakeTimers();
    const failed = asked[0].fail(Object.assign(new Error('busy'), { status: 503 }));
    await vi.advanceTimersByTimeAsync(1_500);
    await failed;
    expect(shown.get('loss')?.failure).toBeNull();
    expect(asked).toHaveLength(2);
    vi.useRealTimers();
  });
});
