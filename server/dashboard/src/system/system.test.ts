/** Samples of the machine: their order, their names, and how they are gathered. */
import { expect, it } from 'vitest';
import type { LogRow } from '../api/oneRun';
import { glance, ordered, titleOf } from './order';
import { withSamples, type Course } from './courses';

it('the graphics processors come first, what never changes not at all', () => {
  const keys = ['cpu/0/utilization', 'cpu/count_logical', 'memory/percent', 'cpu/utilization', 'gpu/10/power', 'gpu/0/power', 'gpu/1/utilization', 'gpu/0/utilization', 'gpu/0/total_memory'];
  expect(ordered(keys)).toEqual(['gpu/0/utilization', 'gpu/1/utilization', 'gpu/0/power', 'gpu/10/power', 'cpu/utilization', 'memory/percent', 'cpu/0/utilization']);
  expect(glance(keys, 4)).toEqual(['gpu/0/utilization', 'gpu/0/power', 'cpu/utilization', 'memory/percent']);
});

it('values have names a reader knows', () => {
  expect(['gpu/3/temp', 'cpu/utilization', 'gpu/0/pcie_tx', 'constructor'].map(titleOf)).toEqual(['GPU 3 temperature, °C', 'CPU utilization, %', 'gpu/0/pcie_tx', 'constructor']);
});

it('samples are gathered by name, and what was there stays as it was', () => {
  const row = (id: number, metrics: LogRow['metrics']): LogRow => ({ id, step: 0, timestamp: new Date(id * 1_000).toISOString(), metrics });
  const before = withSamples(new Map(), [row(1, { a: 1, words: 'x' }), row(2, { a: 'NaN', b: 5 })], 100);
  expect(before.get('a')).toEqual({ x: [1, 2], value: [1, null] });
  const after = withSamples(before, [row(3, { a: 2 })], 100);
  expect(after.get('a')).toEqual({ x: [1, 2, 3], value: [1, null, 2] });
  expect(before.get('a')?.x).toHaveLength(2);
  expect(after.get('b')).toBe(before.get('b'));
  expect([...after.keys()]).toEqual(['a', 'b']);
});

it('samples are kept for so long, of a page that is left open for weeks too', () => {
  let courses: ReadonlyMap<string, Course> = new Map();
  for (let id = 1; id <= 500; id++) courses = withSamples(courses, [{ id, step: 0, timestamp: new Date(id * 1_000).toISOString(), metrics: { a: id } }], 60);
  const { x, value } = courses.get('a') ?? { x: [], value: [] };
  expect([x.length, x[0], value[0], x.at(-1)]).toEqual([61, 440, 440, 500]);
});
