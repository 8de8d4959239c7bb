/** Points of a scatter plot: how they are painted, which one is near, and where names find room beside them. */
import type { RunState } from '../api/client';
import type { Surface } from '../charts/surface';

export interface Point {
  id: string;
  name: string;
  /** From the left and the top, CSS pixels. */
  x: number;
  y: number;
}

export interface Label {
  id: string;
  name: string;
  x: number;
  y: number;
  align: 'start' | 'end' | 'middle';
}

export interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Distance of a name from the middle of its point. */
const BESIDE = 9;
const LINE = 14;
const HALF_POINT = 5;

const overlap = (a: Box, b: Box) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

function boxOf({ x, y, align }: Label, wide: number): Box {
  const left = align === 'start' ? x : align === 'end' ? x - wide : x - wide / 2;
  return { left, right: left + wide, top: y - LINE / 2, bottom: y + LINE / 2 };
}

/**
 * A name for the first `named` points, which stand by importance, where one of four places beside it covers no point
 * and no other name; a point without room gets none. Names stay within `room`. `measure` is the width of a text.
 */
export function placeLabels(points: readonly Point[], named: number, room: Box, measure: (text: string) => number): Label[] {
  const taken: Box[] = points.map(({ x, y }) => ({ left: x - HALF_POINT, right: x + HALF_POINT, top: y - HALF_POINT, bottom: y + HALF_POINT }));
  const labels: Label[] = [];
  points.slice(0, named).forEach(({ id, name, x, y }, own) => {
    const wide = measure(name);
    const places: Label[] = [
      { id, name, x: x + BESIDE, y, align: 'start' },
      { id, name, x: x - BESIDE, y, align: 'end' },
      { id, name, x, y: y - LINE, align: 'middle' },
      { id, name, x, y: y + LINE, align: 'middle' },
    ];
    for (const label of places) {
      const box = boxOf(label, wide);
      if (box.left < room.left || box.right > room.right || box.top < room.top || box.bottom > room.bottom) continue;
      if (taken.some((other, i) => i !== own && overlap(box, other))) continue;
      taken.push(box);
      labels.push(label);
      return;
    }
  });
  return labels;
}

export interface Mark {
  x: number;
  y: number;
  state: RunState;
  colour: string;
  /** Compared in the table: larger. */
  chosen: boolean;
  /** In all brushes. */
  kept: boolean;
}

const SIZE = 4.5;
const CHOSEN_SIZE = 5.5;
const NOT_KEPT = 0.15;

/** The marks that step back first, the compared ones last. */
export const byWeight = (a: Mark, b: Mark): number => Number(a.kept) - Number(b.kept) || Number(a.chosen) - Number(b.chosen);

export const opacityOf = ({ kept }: Mark): number => (kept ? 1 : NOT_KEPT);

/** Half the side of a square, in CSS pixels, that holds any mark. */
export const MARK_ROOM = 8;

/** What marks that look the same have in common. */
export const lookOf = ({ state, colour, chosen }: Mark): string => `${state} ${colour} ${chosen}`;

/**
 * Paints one mark in the middle of a square. The shape tells the state, as at the end of a line: filled when finished,
 * a cross when it broke off, else open. `scale`: pixels in a CSS pixel.
 */
export function paintMark(surface: Surface, { state, colour, chosen }: Mark, scale: number, background: string): void {
  const size = (chosen ? CHOSEN_SIZE : SIZE) * scale;
  const middle = MARK_ROOM * scale;
  const half = size - scale;
  if (state === 'failed' || state === 'crashed') {
    surface.stroke((pen) => {
      pen.moveTo(middle - half, middle - half);
      pen.lineTo(middle + half, middle + half);
      pen.moveTo(middle + half, middle - half);
      pen.lineTo(middle - half, middle + half);
    }, { colour, width: 2 * scale, opacity: 1, dash: [] });
    return;
  }
  surface.disc(middle, middle, size, colour, 1);
  if (state !== 'finished') surface.disc(middle, middle, size - 2 * scale, background, 1);
}

/** The point nearest to a place, not farther than `most`. */
export function nearestPoint(points: readonly Point[], x: number, y: number, most: number): string | null {
  let found: string | null = null;
  let least = most;
  for (const point of points) {
    const away = Math.hypot(point.x - x, point.y - y);
    if (away < least) [found, least] = [point.id, away];
  }
  return found;
}
