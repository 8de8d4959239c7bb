/** Lines across axes: what is painted over what, and which one is under the pointer. */

import { describe, expect, it } from 'vitest';
import { appearanceOf } from '../runs/appearance';
import { SvgSurface } from '../charts/svg';
import { axisOf } from './axis';
import { nearestCourse, paintAxes, paintCourses, shownMarks, strength, type Course, type Frame } from './parallel';

const COLOURS = { background: '#fff', axis: '#777', grid: '#eee', text: '#666', strong: '#111', critical: '#b00', warning: '#850', line: '#ddd', accent: '#25d', runs: new Map([['--run-0', '#0d6dd7'], ['--run-1', '#6e7926'], ['--run-2', '#06a094']]) };
const FRAME: Frame = { lefts: [0, 100, 200], top: 0, height: 100, scale: 1 };
const course = (slot: number, shares: number[], part: Partial<Course> = {}): Course => ({ id: `run-${slot}`, appearance: appearanceOf(slot, 1), shares, chosen: false, kept: true, ...part });

describe('the line under the pointer', () => {
  const courses = [course(0, [0, 1, 0]), course(1, [1, 0, 1]), course(2, [0.5, 0.5, 0.5], { kept: false })];

  it('is the nearest between the two axes beside it', () => {
    expect(nearestCourse(courses, FRAME, 90, 12, 6)).toBe('run-0');
    expect(nearestCourse(courses, FRAME, 110, 88, 6)).toBe('run-1');
    expect(nearestCourse(courses, FRAME, 90, 30, 6)).toBeNull();
  });

  it('is found beyond the outer axes too, and on one axis', () => {
    expect(nearestCourse(courses, FRAME, -20, 99, 6)).toBe('run-0');
    expect(nearestCourse(courses, FRAME, 500, 1, 6)).toBe('run-1');
    expect(nearestCourse([course(0, [0.5])], { ...FRAME, lefts: [10] }, 12, 50, 6)).toBe('run-0');
    expect(nearestCourse(courses, { ...FRAME, lefts: [] }, 0, 0, 6)).toBeNull();
  });

  it('is one that the brush keeps before one that it does not', () => {
    expect(nearestCourse([course(2, [0.5, 0.5], { kept: false }), course(0, [0.48, 0.48])], { ...FRAME, lefts: [0, 100] }, 50, 50, 6)).toBe('run-0');
    expect(nearestCourse([course(2, [0.5, 0.5], { kept: false })], { ...FRAME, lefts: [0, 100] }, 50, 50, 6)).toBe('run-2');
  });
});

describe('the picture', () => {
  it('puts the compared ones above', () => {
    const surface = new SvgSurface();
    paintCourses(surface, FRAME, [course(0, [0, 0, 0], { chosen: true }), course(1, [1, 1, 1]), course(2, [0.5, 0.5, 0.5])], 3, COLOURS);
    const colours = [...surface.finish(200, 100, '#fff').matchAll(/stroke="(#[0-9a-f]{6})"/g)].map(([, colour]) => colour);
    expect(colours).toEqual(['#6e7926', '#06a094', '#0d6dd7']);
  });

  it('grows fainter with many lines, but not where one was chosen', () => {
    expect(strength(course(0, []), 12)).toBe(1);
    expect(strength(course(0, []), 1_000)).toBeLessThan(0.3);
    expect(strength(course(0, [], { chosen: true }), 1_000)).toBe(1);
    expect(strength(course(0, [], { kept: false, chosen: true }), 12)).toBeLessThan(0.2);
  });

  it('has lines of one pixel where there are many, on any screen', () => {
    const widths = (count: number) => {
      const surface = new SvgSurface();
      paintCourses(surface, { ...FRAME, scale: 2 }, [course(0, [0, 0, 0]), course(1, [1, 1, 1], { chosen: true })], count, COLOURS);
      return [...surface.finish(200, 100, '#fff').matchAll(/stroke-width="([\d.]+)"/g)].map(([, width]) => Number(width));
    };
    expect(widths(12)).toEqual([3, 4.5]);
    expect(widths(1_000)).toEqual([1, 4.5]);
  });

  it('names the marks, long texts cut', () => {
    const surface = new SvgSurface();
    const axes = [axisOf([1e-6, 1e-3], true), axisOf(['a very long name of an optimizer', 'b'], true), axisOf([1, 2], true)];
    paintAxes(surface, FRAME, axes.map((axis) => shownMarks(axis, 100)), COLOURS);
    expect(surface.finish(200, 100, '#fff')).toContain('1e-6');
    expect(surface.finish(200, 100, '#fff')).toContain('a very long n…');
    expect(shownMarks(axisOf([0, 1], true), 300).length).toBeGreaterThan(3);
  });
});
