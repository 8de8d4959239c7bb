/** Charts are painted beside the page one after another; what grows waits for its turn, and the page can do without. */

import { beforeEach, expect, it, vi } from 'vitest';
import type { LinesToPaint } from './linesPicture';
import { Painter, type PaintWorker, type ToPaint } from './painter';

let told: ToPaint[];
let drawn: string[];
let painter: Painter;
let worker: PaintWorker;

const work = (name: string): LinesToPaint => ({ width: name.length, height: 1, lines: [], plot: {} as LinesToPaint['plot'], colours: {} as LinesToPaint['colours'] });
const picture = () => ({ close: vi.fn() }) as unknown as ImageBitmap;
const charts = new Map<string, object>();
const chart = (name: string) => charts.get(name) ?? charts.set(name, {}).get(name)!;
const paint = (name: string, part: { of?: string; isGrowth?: boolean } = {}) =>
  painter.paint(chart(part.of ?? name), work(name), part.isGrowth ?? false, () => drawn.push(name));
const answer = (position: number, milliseconds = 1) =>
  worker.onmessage?.({ data: { number: told[position].number, picture: picture(), milliseconds } } as MessageEvent);

beforeEach(() => {
  [told, drawn] = [[], []];
  charts.clear();
  worker = { postMessage: (message) => told.push(message), terminate: vi.fn(), onmessage: null, onerror: null };
  painter = new Painter(() => worker);
});

it('has two charts under way, the first ones first', () => {
  for (const name of ['a', 'bb', 'ccc']) paint(name);
  expect(told.map(({ work }) => work.width)).toEqual([1, 2]);
  answer(0);
  expect(told.map(({ work }) => work.width)).toEqual([1, 2, 3]);
  answer(1);
  answer(2);
  expect(drawn).toEqual(['a', 'bb', 'ccc']);
});

it('paints only the last of what a chart wants while it waits', () => {
  for (const name of ['a', 'bb']) paint(name);
  for (const name of ['ccc', 'cccc', 'ccccc']) paint(name, { of: 'c' });
  answer(0);
  answer(1);
  answer(2);
  expect(told.map(({ work }) => work.width)).toEqual([1, 2, 5]);
  expect(drawn).toEqual(['a', 'bb', 'ccccc']);
});

it('draws nothing for a chart that is gone', () => {
  for (const name of ['a', 'bb', 'ccc']) paint(name);
  painter.forget(chart('a'));
  painter.forget(chart('ccc'));
  answer(0);
  answer(1);
  expect(drawn).toEqual(['bb']);
  expect(told).toHaveLength(2);
});

it('rests after lines that grow, but not before others', async () => {
  vi.useFakeTimers();
  paint('a', { isGrowth: true });
  paint('bb', { isGrowth: true });
  expect(told).toHaveLength(1);
  answer(0, 50);
  expect(told).toHaveLength(1);
  paint('ccc');
  expect(told[1].work.width).toBe(3);
  answer(1);
  await vi.advanceTimersByTimeAsync(90);
  expect(told).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(20);
  expect(told[2].work.width).toBe(2);
  vi.useRealTimers();
});

it('is settled when all is painted, and does not wait for what only grows', async () => {
  let settled = false;
  paint('a');
  void painter.settled().then(() => (settled = true));
  await Promise.resolve();
  expect(settled).toBe(false);
  paint('bb', { isGrowth: true });
  answer(0);
  await Promise.resolve();
  expect(settled).toBe(true);
});

it('paints on the page where the worker fails', () => {
  vi.useFakeTimers();
  const transferToImageBitmap = vi.fn(picture);
  vi.stubGlobal('OffscreenCanvas', class {
    getContext = () => ({});
    transferToImageBitmap = transferToImageBitmap;
  });
  paint('a');
  worker.onerror?.({} as ErrorEvent);
  expect(worker.terminate).toHaveBeenCalled();
  paint('bb');
  vi.runAllTimers();
  expect(drawn).toEqual(['a', 'bb']);
  expect(told).toHaveLength(1);
  vi.unstubAllGlobals();
  vi.useRealTimers();
});
