/** Scales, smoothing and hit tests, without a canvas. */

import { describe, expect, it } from 'vitest';
import { testRun } from '../runs/testRuns';
import { smoothingOf } from './drawing';
import { spread, withRoom } from './labels';
import { linesOf, linesOfGroups, notFinite } from './lines';
import { inColumn, isLowerBetter, nearest, readAt, type Line } from './line';
import { paintLine } from './paint';
import { lowestPositive, xRange, yRange, yScale } from './range';
import { shareOf, valueAt, xScale, type Scale } from './scale';
import { SvgSurface } from './svg';
import { DECIMAL_INCREMENTS, SECOND_INCREMENTS, withRoomForText, xTicks, yTicks } from './ticks';

const steps = (count: number) => Array.from({ length: count }, (_, i) => i);

describe('what is not finite', () => {
  const broken = [{ id: 'a', x: [1, 3_600], smooth: [1, null], around: null } as unknown as Line];

  it('is told by its place on the axis', () => {
    expect(notFinite(broken, 'step')).toBe('not finite at 3600');
    expect(notFinite(broken, 'relative_time')).toBe('not finite at 3,600 s');
    expect(notFinite(broken, 'time')).toMatch(/^not finite at \d\d:\d\d:\d\d$/);
  });
});

describe('smoothing', () => {
  const run = (rows: number, part = {}) => ({ rows, step: rows, elapsed_seconds: rows / 10, ...part });

  it('is that of TensorBoard for a thousand rows, and none at zero', () => {
    expect(smoothingOf(0.9, 'step', null, [run(1_000)])).toEqual({ kind: 'exponential', weight: 0.9 });
    expect(smoothingOf(0, 'step', null, [run(1_000)])).toBeNull();
  });

  it('takes a thousandth of x for a row of longer runs, the same from one row to the next', () => {
    const million = smoothingOf(0.9, 'step', null, [run(5), run(1_000_000)]);
    expect(million).toMatchObject({ kind: 'half_life' });
    expect(million).toEqual(smoothingOf(0.9, 'auto', null, [run(1_000_010)]));
    if (million?.kind !== 'half_life') throw new Error('another kind');
    expect(0.5 ** (1_000 / million.half_life)).toBeCloseTo(0.9, 9);
    expect(smoothingOf(0.9, 'relative_time', null, [run(1_000_000)])).toEqual({ ...million, half_life: million.half_life / 10 });
  });

  it('is as fine as the window is narrow', () => {
    const half = smoothingOf(0.9, 'step', { from: 0, to: 500_000 }, [run(1_000_000)]);
    const whole = smoothingOf(0.9, 'step', null, [run(1_000_000)]);
    if (half?.kind !== 'half_life' || whole?.kind !== 'half_life') throw new Error('another kind');
    expect(half.half_life).toBeCloseTo(whole.half_life / 2, 9);
    expect(smoothingOf(0.9, 'step', { from: 0, to: 900 }, [run(1_000_000)])).toEqual({ kind: 'exponential', weight: 0.9 });
  });

  it('is by rows where that is chosen, however many there are', () => {
    expect(smoothingOf(0.9, 'step', null, [run(1_000_000)], 'ema')).toEqual({ kind: 'exponential', weight: 0.9 });
  });

  it('has a bell as wide as what the weight looks back on', () => {
    // A weight of 0.9 looks back on about 1 / -ln 0.9 = 9.5 rows.
    expect(smoothingOf(0.9, 'step', null, [run(500)], 'gaussian')).toEqual({ kind: 'gaussian', width: 9.5 });
    expect(smoothingOf(0.9, 'step', null, [run(500, { step: 5_000 })], 'gaussian')).toEqual({ kind: 'gaussian', width: 95 });
    expect(smoothingOf(0.9, 'step', null, [run(1_000_000)], 'gaussian')).toEqual({ kind: 'gaussian', width: 9_500 });
    expect(smoothingOf(0.9, 'epoch', null, [run(500)], 'gaussian')).toEqual({ kind: 'exponential', weight: 0.9 });
  });

  it('keeps the weight over a metric, whose extent nobody knows', () => {
    expect(smoothingOf(0.9, 'epoch', null, [run(1_000_000)])).toEqual({ kind: 'exponential', weight: 0.9 });
  });
});

describe('the lines of a chart', () => {
  const series = (points: number) => ({
    run_id: 'id-a', run: 'a', key: 'k', rank: 0, x_axis: 'step', exact: true, total_points: points,
    columns: 2, logX: false, x: [1, 9], value: [2, 3], raw: { x: [1, 5, 9], value: [2, 7, 4] },
  });
  const of = (points: number) => linesOf('k', [testRun({ run: 'a' })], new Map([['id-a', series(points)]]), 'step', null);

  it('lie smoothed over what was logged', () => {
    expect(of(1_000)).toMatchObject([{ x: [1, 9], smooth: [2, 3], raw: { value: [2, 7, 4] } }]);
  });

  it('stand in the columns that they were thinned out to', () => {
    expect(of(1_000)[0].columns).toEqual({ from: 1, to: 9, count: 2, log: false });
    expect(of(2)[0].columns).toBeUndefined();
    const columns = { from: 0, to: 8, count: 2, log: false };
    expect([0, 3.9, 4, 8].map((x) => inColumn(columns, x))).toEqual([2, 2, 6, 6]);
  });

  it('stand in the middle of logarithmic columns', () => {
    const columns = { from: 1, to: 10_000, count: 2, log: true };
    const middles = [1, 99, 101, 10_000].map((x) => inColumn(columns, x));
    [10, 10, 1_000, 1_000].forEach((middle, i) => expect(middles[i]).toBeCloseTo(middle, 6));
  });

  it('show evaluations as they are', () => {
    expect(of(3)).toMatchObject([{ x: [1, 5, 9], smooth: [2, 7, 4], raw: null }]);
  });

  it('of groups are their means, with what lies around', () => {
    const groups = [{ name: 'lr 1e-3', runs: [testRun({ run: 'a' }), testRun({ run: 'b', state: 'finished' })] }];
    const band = { group: 'lr 1e-3', key: 'k', x_axis: 'step', x: [1, 2], mean: [5, null], standard_deviation: [1, 0], min: [3, 0], max: [7, 0], runs: [2, 1] };
    expect(linesOfGroups(groups, new Map([['lr 1e-3', band]]), 'step')).toMatchObject([
      { name: 'lr 1e-3', state: 'running', smooth: [5, null], around: { low: [4, null], high: [6, null], min: [3, 0] } },
    ]);
    expect(linesOfGroups(groups, new Map([['lr 1e-3', band]]), 'time')).toEqual([]);
  });
});

describe('the range of y', () => {
  const falling = steps(500).map((i) => 1 + 2 * Math.exp(-i / 100));

  it('shows a single line whole', () => {
    const range = yRange([falling], false);
    expect(range?.min).toBeLessThan(1.1);
    expect(range?.max).toBeGreaterThan(3);
  });

  it('cuts a run that flies off, however long, unless told to keep it', () => {
    const flying = falling.map((value, i) => (i > 400 ? value + i : value));
    const lines = [falling, falling, flying];
    expect(yRange(lines, false)?.max).toBeLessThan(4);
    expect(yRange(lines, true)?.max).toBeGreaterThan(400);
  });

  it('shows lines of other heights, as learning rates, and none that stands far off', () => {
    const rates = [1, 2, 5, 10, 20, 50, 100].map((rate) => falling.map((value) => value * rate));
    expect(yRange(rates, false)?.max).toBeGreaterThan(300);
    expect(yRange([falling, falling, falling.map((value) => value * 1_000)], false)?.max).toBeLessThan(10);
  });

  it('cuts a single spike of a single line', () => {
    const spiked = falling.map((value, i) => (i === 250 ? 1_000 : value));
    expect(yRange([spiked], false)?.max).toBeLessThan(5);
  });

  it('keeps zero as the floor of what is never negative, and has room around a constant', () => {
    expect(yRange([[0, 1, 2]], false)?.min).toBe(0);
    expect(yRange([[5, 5]], false)).toEqual({ min: 4.5, max: 5.5 });
    expect(yRange([[0, 0]], false)).toEqual({ min: 0, max: 1 });
    const wobbling = yRange([[0.2, 0.2 + 3e-17, 0.2 - 3e-17]], false);
    expect(wobbling && wobbling.max - wobbling.min, 'a constant is a line in the middle').toBeGreaterThan(0.03);
    expect(yScale([[1, 1e303]], true, true).max, 'no scale ends in infinity').toBeLessThan(Infinity);
    expect(yRange([[1, 1.7e308]], true)?.max).toBeLessThan(Infinity);
  });

  it('is unknown without values', () => {
    expect(yRange([], false)).toBeNull();
    expect(yRange([[null]], false)).toBeNull();
  });

  it('has ticks at round distances, ascending', () => {
    for (const increments of [DECIMAL_INCREMENTS, SECOND_INCREMENTS]) {
      expect(increments).toEqual([...increments].sort((a, b) => a - b));
    }
    expect(DECIMAL_INCREMENTS).toContain(0.05);
  });
});

const line = (id: string, x: number[], raw: (number | null)[]): Line => ({
  id,
  name: id,
  state: 'running',
  appearance: { colour: '--run-0', dash: null },
  x,
  smooth: raw,
  raw: null,
  total: x.length,
  around: null,
  last: null,
});

describe('a scale', () => {
  const even: Scale = { min: -1, max: 3, log: false };
  const powers: Scale = { min: 0.01, max: 100, log: true };

  it('places a value and finds it again', () => {
    expect(shareOf(even, 0)).toBe(0.25);
    expect(shareOf(powers, 1)).toBeCloseTo(0.5, 12);
    for (const scale of [even, powers]) for (const share of [0, 0.3, 1]) expect(shareOf(scale, valueAt(scale, share))).toBeCloseTo(share, 12);
  });

  it('has no place for zero and less among powers', () => {
    expect(shareOf(powers, 0)).toBeNaN();
    expect(shareOf(powers, -1)).toBeNaN();
    expect(yScale([[0, -1, null]], false, true).log).toBe(false);
  });

  it('of powers spans the values above zero, not the others', () => {
    const { min, max, log } = yScale([[0, 1e-4, 1e-3, 1e-2, 0.1]], true, true);
    expect(log).toBe(true);
    expect(min).toBeGreaterThan(1e-5);
    expect(min).toBeLessThanOrEqual(1e-4);
    expect(max).toBeGreaterThanOrEqual(0.1);
    expect(max).toBeLessThan(1);
  });

  it('of x begins at zero where the lines begin near it, at the first step above it among powers', () => {
    const lines = [line('a', [10, 500], [1, 1]), line('b', [100, 1_000], [1, 1])];
    expect(xRange(lines)).toEqual({ min: 0, max: 1_000 });
    expect(xRange([line('late', [900, 1_000], [1, 1])])).toEqual({ min: 900, max: 1_000 });
    expect(xRange([line('one', [7], [1])])).toEqual({ min: 6.5, max: 7.5 });
    expect(xScale({ min: 0, max: 1_000 }, true, lowestPositive(lines))).toEqual({ min: 10, max: 1_000, log: true });
    expect(xScale({ min: 0, max: 0.5 }, true, 0).log).toBe(false);
  });
});

describe('ticks', () => {
  const texts = (ticks: { text: string }[]) => ticks.map(({ text }) => text);

  it('stand on round values, no more than asked for', () => {
    expect(texts(yTicks({ min: 0.93, max: 2.61, log: false }, 5))).toEqual(['1', '1.5', '2', '2.5']);
    expect(texts(xTicks({ min: 0, max: 1_200, log: false }, 'step', 4))).toEqual(['0', '500', '1,000']);
    expect(texts(xTicks({ min: 0, max: 2, log: false }, 'step', 8))).toEqual(['0', '1', '2']);
  });

  it('are about half as many as there is room for, and three where there is', () => {
    expect(texts(xTicks({ min: 0, max: 546, log: false }, 'step', 13))).toEqual(['0', '100', '200', '300', '400', '500']);
    expect(texts(xTicks({ min: 0, max: 800, log: false }, 'step', 4.4))).toEqual(['0', '200', '400', '600', '800']);
    expect(texts(yTicks({ min: 0.15, max: 0.95, log: false }, 4.4))).toEqual(['0.2', '0.4', '0.6', '0.8']);
    expect(texts(yTicks({ min: 0.1, max: 2.9, log: false }, 4.4))).toEqual(['1', '2']);
  });

  it('are powers of ten where there are several, thinned out where there are many', () => {
    expect(texts(yTicks({ min: 0, max: 8.6e303, log: false }, 5))).toEqual(['0', '2e303', '4e303', '6e303', '8e303']);
    expect(texts(yTicks({ min: 2e-4, max: 3, log: true }, 8))).toEqual(['0.001', '0.01', '0.1', '1']);
    expect(yTicks({ min: 1e-9, max: 1e9, log: true }, 4).length).toBeLessThanOrEqual(5);
    expect(texts(yTicks({ min: 1.2, max: 9, log: true }, 6))).toEqual(['2', '5']);
  });

  it('leave out a text that would touch the one before', () => {
    const scale: Scale = { min: 0, max: 10, log: false };
    const ticks = [0, 1, 5].map((value) => ({ value, text: String(value) }));
    expect(withRoomForText(ticks, scale, 100, () => 12).map(({ value }) => value)).toEqual([0, 5]);
  });
});

describe('a line of more points than columns', () => {
  const plot = { left: 0, top: 0, width: 4, height: 10, x: { min: 0, max: 4, log: false }, y: { min: 0, max: 10, log: false }, axis: 'step', scale: 1 };
  const colours = { background: '', axis: '', grid: '', text: '', strong: '', critical: '', warning: '', line: '', accent: '', runs: new Map([['--run-0', 'red']]) };
  const columns = { from: 0, to: 4, count: 4, log: false };
  const drawing = (x: number[], raw: (number | null)[], part: Partial<Line> = {}) => {
    const surface = new SvgSurface();
    paintLine(surface, plot, { ...line('a', x, raw), columns, ...part }, { strong: false, lines: 1 }, colours);
    return surface.finish(4, 10, 'white');
  };

  it('is the same with all points and with those that matter', () => {
    const x = steps(4_000).map((i) => i / 1_000);
    const value = x.map((at, i) => (i === 2_345 ? 9 : 5 + Math.sin(i) + at / 10));
    const kept = new Set<number>();
    for (let column = 0; column < 4; column++) {
      const own = x.map((_, i) => i).slice(1_000 * column, 1_000 * (column + 1));
      const byValue = own.toSorted((a, b) => value[a] - value[b]);
      for (const i of [own[0], own[999], byValue[0], byValue[999]]) kept.add(i);
    }
    const few = [...kept].sort((a, b) => a - b);
    expect(drawing(few.map((i) => x[i]), few.map((i) => value[i]))).toBe(drawing(x, value));
    const without = few.filter((i) => i !== 2_345);
    expect(drawing(without.map((i) => x[i]), without.map((i) => value[i]))).not.toBe(drawing(x, value));
  });

  it('has gaps where values are no numbers', () => {
    expect(drawing([0, 1, 2, 3], [1, null, 1, 1]).match(/M/g)?.length).toBe(2);
    expect(drawing([0, 1, 2, 3], [1, 1, 1, 1]).match(/M/g)?.length).toBe(1);
  });
});

it('a drawing keeps hostile names as texts', () => {
  const surface = new SvgSurface();
  surface.text('</svg><script>&"', 0, 0, { colour: 'red', size: 11, weight: 400, align: 'left' });
  const text = surface.finish(10, 10, 'white');
  expect(text).toContain('&lt;/svg&gt;&lt;script&gt;&amp;&quot;');
  expect(text.match(/<script/)).toBeNull();
});

it('a drawing holds no sign that XML forbids', () => {
  const surface = new SvgSurface();
  surface.text('a\u0000b\u001bc\ud800d\u{1f600}', 0, 0, { colour: 'red', size: 11, weight: 400, align: 'left' });
  expect(surface.finish(10, 10, 'white')).toContain('>a\ufffdb\ufffdc\ufffdd\u{1f600}<');
});

describe('the crosshair', () => {
  it('finds the nearest point', () => {
    expect([-5, 0, 4, 6, 14.9, 99].map((at) => nearest([0, 5, 10], at))).toEqual([0, 0, 1, 1, 2, 2]);
    expect(nearest([], 1)).toBe(-1);
  });

  it('lists all runs at x, best first, gaps last', () => {
    const lines = [
      line('worse', [0, 10], [2, 2]),
      line('best', [0, 10], [1, 1]),
      line('gap', [0, 10], [null, null]),
      line('ended', [0, 4], [0, 0]),
      line('later', [8, 10], [0, 0]),
    ];
    const { readings, endedBefore } = readAt(lines, 5, true);
    expect(readings.map((reading) => reading.line.id)).toEqual(['best', 'worse', 'gap']);
    expect(endedBefore).toBe(1);
    expect(readAt(lines, 5, false).readings.map((reading) => reading.line.id)).toEqual(['worse', 'best', 'gap']);
  });

  it('knows which metrics should fall', () => {
    expect(['train/loss', 'eval/wer', 'perplexity', 'val_error'].every(isLowerBetter)).toBe(true);
    expect(['accuracy', 'reward', 'flower'].some(isLowerBetter)).toBe(false);
  });
});

describe('names at the ends', () => {
  it('are moved apart within the plot', () => {
    expect(spread([10, 11, 12], 15, 0, 100)).toEqual([10, 25, 40]);
    expect(spread([95, 96, 100], 15, 0, 100)).toEqual([70, 85, 100]);
    expect(spread([-5], 15, 0, 100)).toEqual([0]);
  });

  it('are all shown when few, else only those with room', () => {
    const labels = steps(30).map((i) => ({ top: i * 5 }));
    expect(withRoom(labels.slice(0, 5), 300)).toHaveLength(5);
    expect(withRoom(labels, 300).map(({ top }) => top)).toEqual(steps(10).map((i) => i * 15));
    expect(withRoom(labels.slice(0, 5), 40).length).toBeLessThan(5);
  });
});
