/** Tests of numbers, moments and definitions as rows hold them. */
import { describe, expect, it } from 'vitest';
import { axisOf, definitionOf } from './definitions';
import { microsecondsOf, numberIn, told } from './numbers';
import { revived } from './shape';

describe('values of rows', () => {
  it('are numbers, or words for what JSON has none for', () => {
    expect([1.5, 'NaN', '-Infinity', 'nan', true, null, { a: 1 }].map(numberIn)).toEqual([1.5, NaN, -Infinity, undefined, undefined, undefined, undefined]);
    expect(told({ a: [NaN, 1, { b: Infinity }], c: 'NaN' })).toEqual({ a: ['NaN', 1, { b: 'Infinity' }], c: 'NaN' });
  });

  it('come back from cells as they were logged', () => {
    expect(revived(7n, null)).toBe(7);
    expect(revived('{"a":1}', 'json')).toEqual({ a: 1 });
    expect(revived('{"a":1}', 'text')).toBe('{"a":1}');
    const members = [{ name: 'gone', shape: 'text', has_nulls: false } as const, { name: 'null', shape: 'text', has_nulls: true } as const, { name: 'deep', shape: { list: 'json' } } as const];
    expect(revived({ gone: null, null: null, deep: ['[1]', null] }, { object: members as never })).toEqual({ null: null, deep: [[1], null] });
  });

  it('have a moment to the microsecond', () => {
    expect(microsecondsOf('1970-01-01T00:00:01.000002+00:00')).toBe(1_000_002);
    expect(microsecondsOf('1970-01-01T01:00:00+01:00')).toBe(0);
    expect(microsecondsOf('2026-11-23 02:17:52.07Z')).toBe(Date.UTC(2026, 10, 23, 2, 17, 52, 70) * 1_000);
    expect(microsecondsOf('yesterday')).toBeNaN();
  });
});

describe('what a metric is drawn over', () => {
  const definitions = [
    { name: 'eval/*', step_metric: 'epoch' },
    { name: '*', step_metric: 'tokens', step_sync: false },
    { name: 'eval/loss', step_metric: 'round' },
    { name: 'epoch', step_metric: 'epoch' },
  ];
  const all = () => true;

  it('is said by its own definition, or by the longest pattern', () => {
    expect(definitionOf(definitions, 'eval/loss')?.step_metric).toBe('round');
    expect(definitionOf(definitions, 'eval/accuracy')?.step_metric).toBe('epoch');
    expect(definitionOf(definitions, 'loss')?.step_metric).toBe('tokens');
    expect(definitionOf(definitions, '_rank')).toBeNull();
  });

  it('is what was asked for, then what was defined and logged, then the step', () => {
    expect(axisOf('auto', 'eval/loss', definitions, all)).toEqual({ of: 'metric', key: 'round', synced: true });
    expect(axisOf('auto', 'loss', definitions, all)).toEqual({ of: 'metric', key: 'tokens', synced: false });
    expect(axisOf('auto', 'loss', definitions, () => false)).toEqual({ of: 'step' });
    expect(axisOf('auto', 'epoch', definitions, all)).toEqual({ of: 'step' });
    expect(axisOf('time', 'loss', definitions, all)).toEqual({ of: 'time' });
    expect(axisOf('epoch', 'loss', definitions, all)).toEqual({ of: 'metric', key: 'epoch', synced: false });
  });
});
