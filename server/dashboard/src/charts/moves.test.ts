/** While axes move the chart under the pointer goes first, and no other is left behind. */

import { expect, it } from 'vitest';
import { Moves } from './moves';

function movesByHand() {
  const frames: (() => void)[] = [];
  const done: string[] = [];
  const moves = new Moves((run) => frames.push(run));
  const charts = Array.from({ length: 10 }, (_, place) => ({ place }));
  const layers = [{}, {}];
  /** All charts want to be put together; the last one is under the pointer. */
  const move = () => {
    for (const chart of charts) for (const layer of layers) moves.add(chart, layer, chart.place === 9, () => done.push(`${chart.place}`));
  };
  /** What is put together in the next frame. */
  const frame = () => {
    done.length = 0;
    frames.shift()?.();
    return done.join('');
  };
  return { moves, charts, layers, move, frame };
}

it('puts the chart under the pointer together in each frame, the others in turn, each with all its layers', () => {
  const { move, frame } = movesByHand();
  move();
  expect(frame()).toBe('0011223399');
  move();
  expect(frame()).toBe('4455667799');
  move();
  expect(frame()).toBe('8800112299');
  expect(frame()).toBe('33445566');
  expect(frame()).toBe('77');
  expect(frame()).toBe('');
});

it('leaves out what has been put together meanwhile', () => {
  const { moves, charts, layers, move, frame } = movesByHand();
  move();
  for (const chart of charts.slice(1, 9)) for (const layer of layers) moves.forget(chart, layer);
  moves.forget(charts[0], layers[0]);
  expect(frame()).toBe('099');
  expect(frame()).toBe('');
});
