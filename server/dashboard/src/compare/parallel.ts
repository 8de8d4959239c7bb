/** Runs as lines across parallel axes: painted on a canvas, and found again under the pointer. */
import type { Surface, TextStyle } from '../charts/surface';
import type { Colours } from '../charts/paint';
import type { Appearance } from '../runs/appearance';
import { marksOf, type Axis, type Mark } from './axis';

/** The places of one run on all axes, from 0 at the lower ends to 1. */
export interface Course {
  id: string;
  appearance: Appearance;
  shares: readonly number[];
  /** Compared in the table: thicker. */
  chosen: boolean;
  /** In all brushes. */
  kept: boolean;
}

/** Where the axes stand, in pixels of the surface. */
export interface Frame {
  /** One for each axis, ascending. */
  lefts: readonly number[];
  top: number;
  height: number;
  /** Pixels of the surface in a CSS pixel. */
  scale: number;
}

const WIDTH = 1.5;
const CHOSEN_WIDTH = 2.25;
/** Of many lines: a line of one pixel is painted at a fraction of the cost of a wider one. */
const HAIR_WIDTH = 1;
const NOT_KEPT = 0.14;
/** So many lines can be seen one by one; more of them grow fainter. */
const FULL_UP_TO = 24;
const FAINTEST = 0.25;
/** Dashes of more lines cannot be told apart, and are slow to paint. */
const DASHED_UP_TO = 60;

/** How strong a line of so many is drawn. */
export function strength(course: Course, count: number): number {
  if (!course.kept) return NOT_KEPT;
  return course.chosen ? 1 : Math.max(FAINTEST, Math.min(1, (FULL_UP_TO / count) ** 0.5));
}

const yOf = (frame: Frame, share: number) => frame.top + (1 - share) * frame.height;

/** Paints lines, of `count` that there are: the compared ones over the others. */
export function paintCourses(surface: Surface, frame: Frame, courses: readonly Course[], count: number, colours: Colours): void {
  for (const course of [...courses].sort((a, b) => Number(a.chosen) - Number(b.chosen))) {
    const { colour, dash } = course.appearance;
    surface.stroke(
      (pen) =>
        course.shares.forEach((share, i) => {
          if (i === 0) pen.moveTo(frame.lefts[i], yOf(frame, share));
          else pen.lineTo(frame.lefts[i], yOf(frame, share));
        }),
      {
        colour: colours.runs.get(colour) ?? colours.text,
        width: course.chosen ? CHOSEN_WIDTH * frame.scale : count > DASHED_UP_TO ? HAIR_WIDTH : WIDTH * frame.scale,
        opacity: strength(course, count),
        dash: (course.chosen || count <= DASHED_UP_TO ? (dash ?? []) : []).map((length) => length * frame.scale),
      },
    );
  }
}

const MARK_EVERY = 40;
const MOST_SIGNS = 14;

const shortened = (text: string) => (text.length > MOST_SIGNS ? `${text.slice(0, MOST_SIGNS - 1)}…` : text);

/** What the marks of an axis say, as long as there is room for. */
export const shownMarks = (axis: Axis, height: number): Mark[] =>
  marksOf(axis, Math.max(2, Math.floor(height / MARK_EVERY))).map(({ share, text }) => ({ share, text: shortened(text) }));

/** The axes over the lines, by their marks, the texts on the background so that they can be read. */
export function paintAxes(surface: Surface, frame: Frame, axes: readonly (readonly Mark[])[], colours: Colours): void {
  const { lefts, top, height, scale } = frame;
  const style: TextStyle = { colour: colours.text, size: 11 * scale, weight: 400, align: 'left' };
  axes.forEach((marks, i) => {
    const left = lefts[i];
    surface.stroke(
      (pen) => {
        pen.moveTo(left, top);
        pen.lineTo(left, top + height);
      },
      { colour: colours.axis, width: scale, opacity: 1, dash: [] },
    );
    const isFirst = i === 0 && axes.length > 1;
    for (const { share, text } of marks) {
      const y = yOf(frame, share);
      const wide = surface.textWidth(text, style);
      const start = isFirst ? left - 8 * scale - wide : left + 8 * scale;
      surface.fill(
        (pen) => {
          pen.moveTo(start - 2 * scale, y - 7 * scale);
          pen.lineTo(start + wide + 2 * scale, y - 7 * scale);
          pen.lineTo(start + wide + 2 * scale, y + 7 * scale);
          pen.lineTo(start - 2 * scale, y + 7 * scale);
        },
        colours.background,
        0.8,
      );
      surface.stroke(
        (pen) => {
          pen.moveTo(left - 3 * scale, y);
          pen.lineTo(left + 3 * scale, y);
        },
        { colour: colours.axis, width: scale, opacity: 1, dash: [] },
      );
      surface.text(text, start, y, style);
    }
  });
}

/** The line nearest to a place, not farther than `most` straight up or down; kept ones before others. Null when none is near. */
export function nearestCourse(courses: readonly Course[], frame: Frame, x: number, y: number, most: number): string | null {
  const { lefts } = frame;
  if (lefts.length === 0) return null;
  const beyond = lefts.findIndex((left) => left >= x);
  const right = beyond < 0 ? lefts.length - 1 : Math.min(Math.max(beyond, 1), lefts.length - 1);
  const at = lefts.length === 1 ? 0 : Math.min(Math.max((x - lefts[right - 1]) / (lefts[right] - lefts[right - 1]), 0), 1);
  let found: string | null = null;
  let least = most;
  for (const course of courses) {
    const from = course.shares[Math.max(right - 1, 0)];
    const to = course.shares[lefts.length === 1 ? 0 : right];
    // What was brushed away is found only where nothing else is near.
    const away = Math.abs(yOf(frame, from + at * (to - from)) - y) + (course.kept ? 0 : most / 2);
    if (away < least) [found, least] = [course.id, away];
  }
  return found;
}
