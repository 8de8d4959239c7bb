/** Brushes keep what lies in them and come back from the address as they were. */

import { describe, expect, it } from 'vitest';
import { axisOf } from './axis';
import { brushOf, brushParameter, keeps, partOf, type Brush, type Brushes } from './brush';
import type { Findable } from './quantity';

const run: Findable = {
  settings: new Map<string, string | number>([['lr', 1e-4], ['optimizer', 'sgd']]),
  outcomes: new Map([['eval/loss', { last: 2, min: 1.5, max: 9 }]]),
};
const brushes = (...all: [string, Brush][]): Brushes => new Map(all);

describe('a brush', () => {
  it('keeps what lies in it, its ends too', () => {
    expect(keeps(brushes(['best:eval/loss', { from: 1.5, to: 1.6 }]), run)).toBe(true);
    expect(keeps(brushes(['best:eval/loss', { from: 1.6, to: 3 }]), run)).toBe(false);
    expect(keeps(brushes(['last:eval/loss', { from: 1.6, to: Infinity }]), run)).toBe(true);
    expect(keeps(brushes(['config:optimizer', { texts: ['adamw', 'sgd'] }]), run)).toBe(true);
    expect(keeps(brushes(['config:optimizer', { texts: ['adamw'] }]), run)).toBe(false);
  });

  it('keeps what lies in all of them', () => {
    expect(keeps(brushes(['config:lr', { from: 0, to: 1 }], ['config:optimizer', { texts: ['adamw'] }]), run)).toBe(false);
    expect(keeps(brushes(), undefined)).toBe(true);
  });

  it('keeps no run without a value', () => {
    expect(keeps(brushes(['config:seed', { from: -Infinity, to: Infinity }]), run)).toBe(false);
    expect(keeps(brushes(['config:lr', { from: 0, to: 1 }]), undefined)).toBe(false);
  });
});

describe('on its axis', () => {
  it('comes from a part and goes back to it', () => {
    for (const axis of [axisOf([1, 2, 9, 5], true), axisOf([1e-6, 1, 10, null], true), axisOf([1, 1.1, 1.2, 1.3, 1.4, 50], true)]) {
      const brush = brushOf(axis, { low: 0.3, high: 0.7 });
      const part = brush && partOf(axis, brush);
      expect(part?.low).toBeCloseTo(0.3, 9);
      expect(part?.high).toBeCloseTo(0.7, 9);
    }
  });

  it('takes the texts that stand in it', () => {
    const axis = axisOf(['a', 'b', 'c'], true);
    expect(brushOf(axis, { low: 0.4, high: 1 })).toEqual({ texts: ['b', 'c'] });
    expect(brushOf(axis, { low: 0.1, high: 0.4 })).toBeNull();
    expect(partOf(axis, { texts: ['b', 'gone'] })).toEqual({ low: 0.47, high: 0.53 });
    expect(partOf(axis, { texts: ['gone'] })).toBeNull();
  });

  it('is none where all of the axis is taken', () => {
    expect(brushOf(axisOf([1, 2], true), { low: 0, high: 1 })).toBeNull();
  });

  it('takes values far out only where it goes to the end', () => {
    const axis = axisOf([1, 1.1, 1.2, 1.3, 1.4, 50], true);
    expect(brushOf(axis, { low: 0.5, high: 1 })).toMatchObject({ to: Infinity });
    expect(brushOf(axis, { low: 0.97, high: 1 })).toEqual({ from: 50, to: Infinity });
    expect(brushOf(axis, { low: 0, high: 0.95 })).toEqual({ from: -Infinity, to: 1.4 });
  });
});

describe('in the address', () => {
  it('comes back as it was, with any name and open ends', () => {
    const all = brushes(['config:a,b:"c"', { texts: ['x,y', '"'] }], ['best:eval/loss', { from: 1.38, to: Infinity }], ['last:ü', { from: -Infinity, to: 0 }]);
    expect(brushParameter.read(brushParameter.write(all))).toEqual(all);
    expect(brushParameter.write(brushes())).toBeNull();
  });

  it('is written in six figures, and what was in it stays in it', () => {
    const ends = { from: 1.23456789, to: 0.1 + 0.2 + 1 };
    const [, read] = [...brushParameter.read(brushParameter.write(brushes(['best:a', ends])))][0];
    expect(read).toEqual({ from: 1.23456, to: 1.3 });
    const small = { from: -1.00000001e-5, to: 9.99999999e-6 };
    const [, back] = [...brushParameter.read(brushParameter.write(brushes(['best:a', small])))][0] as [string, { from: number; to: number }];
    expect(back.from).toBeLessThanOrEqual(small.from);
    expect(back.to).toBeGreaterThanOrEqual(small.to);
  });

  it('leaves out what makes no sense', () => {
    for (const text of ['', '{', 'null', '[1]', '[["lr",1,2]]', '[["best:a",2,1]]', '[["best:a","1",2]]', '[["best:a",[1]]]', '[["best:",1,2]]']) {
      expect(brushParameter.read(text), text).toEqual(new Map());
    }
    expect(brushParameter.read('[["nonsense"],["best:a",1,2]]')).toEqual(brushes(['best:a', { from: 1, to: 2 }]));
  });
});
