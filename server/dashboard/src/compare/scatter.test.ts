/** Names beside points cover neither points nor each other, and the nearest point is found. */

import { describe, expect, it } from 'vitest';
import { randomNumbers } from './randomNumbers';
import { SvgSurface } from '../charts/svg';
import { byWeight, lookOf, nearestPoint, opacityOf, paintMark, placeLabels, type Mark, type Point } from './scatter';

const measure = (text: string) => text.length * 6;
const point = (id: string, x: number, y: number): Point => ({ id, name: id, x, y });

describe('names', () => {
  it('stand right of their points, else left, above, below', () => {
    expect(placeLabels([point('abc', 50, 50)], 2, { left: 0, right: 200, top: 0, bottom: 100 }, measure)).toEqual([{ id: 'abc', name: 'abc', x: 59, y: 50, align: 'start' }]);
    expect(placeLabels([point('abc', 190, 50)], 2, { left: 0, right: 200, top: 0, bottom: 100 }, measure)[0].align).toBe('end');
    expect(placeLabels([point('abc', 13, 50)], 2, { left: 0, right: 26, top: 0, bottom: 100 }, measure)[0]).toMatchObject({ align: 'middle', y: 36 });
  });

  it('give way to the more important ones', () => {
    const labels = placeLabels([point('first', 50, 50), point('second', 52, 52)], 2, { left: 0, right: 60, top: 0, bottom: 100 }, measure);
    expect(labels.map(({ id }) => id)).toContain('first');
  });

  it('never cover a point or each other', () => {
    const random = randomNumbers(5);
    const points = Array.from({ length: 60 }, (_, i) => point(`run-${i}`, random() * 400, random() * 300));
    const labels = placeLabels(points, 60, { left: 0, right: 400, top: 0, bottom: 300 }, measure);
    expect(labels.length).toBeGreaterThan(20);
    const boxes = labels.map(({ name, x, y, align }) => {
      const left = align === 'start' ? x : align === 'end' ? x - measure(name) : x - measure(name) / 2;
      return { left, right: left + measure(name), top: y - 7, bottom: y + 7 };
    });
    boxes.forEach((a, i) => {
      for (const b of boxes.slice(i + 1)) expect(a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom).toBe(false);
      for (const { id, x, y } of points) if (id !== labels[i].id) expect(x > a.left && x < a.right && y > a.top && y < a.bottom).toBe(false);
    });
  });
});

describe('the point under the pointer', () => {
  it('is the nearest one that is near', () => {
    const points = [point('a', 10, 10), point('b', 20, 10)];
    expect(nearestPoint(points, 16, 10, 12)).toBe('b');
    expect(nearestPoint(points, 100, 100, 12)).toBeNull();
  });
});

describe('the marks', () => {
  const mark = (state: Mark['state'], part: Partial<Mark> = {}): Mark => ({ x: 10, y: 20, state, colour: '#123456', chosen: false, kept: true, ...part });
  const painted = (one: Mark) => {
    const surface = new SvgSurface();
    paintMark(surface, one, 2, '#ffffff');
    return surface.finish(32, 32, '#ffffff');
  };

  it('tell the state by their shape, and are larger where compared', () => {
    const circles = (one: Mark) => [...painted(one).matchAll(/<circle cx="16" cy="16" r="([\d.]+)" fill="(#\w+)"/g)].map(([, radius, fill]) => [Number(radius), fill]);
    expect(circles(mark('finished'))).toEqual([[9, '#123456']]);
    expect(circles(mark('finished', { chosen: true }))).toEqual([[11, '#123456']]);
    expect(circles(mark('running'))).toEqual([[9, '#123456'], [5, '#ffffff']]);
    expect(painted(mark('crashed'))).toContain('stroke="#123456"');
  });

  it('step back where a brush took them away', () => {
    const marks = [mark('finished', { chosen: true }), mark('running'), mark('finished', { kept: false, chosen: true })];
    expect(marks.sort(byWeight).map(({ kept, chosen }) => [kept, chosen])).toEqual([[false, true], [true, false], [true, true]]);
    expect(marks.map(opacityOf)).toEqual([0.15, 1, 1]);
    expect(new Set(marks.map(lookOf)).size).toBe(2);
  });
});
