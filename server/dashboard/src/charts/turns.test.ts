/** Charts take turns, a few points in a frame, and none waits for ever. */

import { expect, it } from 'vitest';
import { Turns } from './turns';

function turnsByHand() {
  const frames: (() => void)[] = [];
  const done: string[] = [];
  const turns = new Turns((run) => frames.push(run));
  const [a, b, c] = [{}, {}, {}];
  const add = (chart: object, name: string, points: number) => turns.add(chart, points, () => done.push(name));
  /** What is drawn in the next frame. */
  const frame = () => {
    done.length = 0;
    frames.shift()?.();
    return [...done];
  };
  return { turns, charts: [a, b, c], add, frame };
}

it('draws many short lines in one frame and long ones in several', () => {
  const { charts: [a, b, c], add, frame } = turnsByHand();
  add(a, 'a', 10);
  add(b, 'b', 1_000);
  add(c, 'c', 5_000);
  expect(frame()).toEqual(['a', 'b']);
  expect(frame()).toEqual(['c']);
  expect(frame()).toEqual([]);
});

it('draws what a chart wanted last, and keeps its place', () => {
  const { charts: [a, b, c], add, frame } = turnsByHand();
  for (const [chart, name] of [[a, 'a'], [b, 'b'], [c, 'c']] as const) add(chart, name, 2_000);
  expect(frame()).toEqual(['a']);
  for (const [chart, name] of [[a, 'a2'], [b, 'b2'], [c, 'c2']] as const) add(chart, name, 2_000);
  expect(frame()).toEqual(['b2']);
  expect(frame()).toEqual(['c2']);
  expect(frame()).toEqual(['a2']);
});

it('forgets a chart that is gone', () => {
  const { turns, charts: [a, b], add, frame } = turnsByHand();
  add(a, 'a', 1);
  add(b, 'b', 1);
  turns.forget(a);
  expect(frame()).toEqual(['b']);
});
