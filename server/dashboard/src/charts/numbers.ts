/** Numbered rings on a chart, the same numbers as in a list beside it. */
import { nearest, type Line } from './line';
import { toLeft, toTop, type Colours, type Evidence, type Plot } from './paint';
import type { Surface } from './surface';

/** Width of a numbered ring and of the one around a single point, CSS pixels. */
const NUMBER_WIDTH = 18;
const POINT_WIDTH = 9;
/** Distance of a number from what it is about. */
const GAP = 3;

interface Place {
  x: number;
  y: number;
}

function paintRing(surface: Surface, { x, y }: Place, width: number, thickness: number, colour: string, inside: string): void {
  surface.disc(x, y, width / 2, colour, 1);
  surface.disc(x, y, width / 2 - thickness, inside, 1);
}

/** The point of the first line that has a value at `x`, in pixels of the surface. */
function pointAt(plot: Plot, lines: readonly Line[], x: number): Place | null {
  for (const { raw, x: places, smooth } of lines) {
    const course = raw ?? { x: places, value: smooth };
    const i = nearest(course.x, x);
    const value = i < 0 ? null : course.value[i];
    if (value !== null && value >= plot.y.min && value <= plot.y.max) return { x: toLeft(plot, course.x[i]), y: toTop(plot, value) };
  }
  return null;
}

/** Where a number stands: left of its line at the top, else right of it, and below those that are there already. */
function placeOf(plot: Plot, point: Place | null, start: number, taken: readonly Place[]): Place {
  const { left, top, width, height, scale } = plot;
  const half = (NUMBER_WIDTH / 2) * scale;
  const beside = start - half - GAP * scale >= left ? start - half - GAP * scale : Math.min(start + half + GAP * scale, left + width - half);
  const above = point === null ? top + half : point.y - half - (POINT_WIDTH / 2 + GAP) * scale;
  const place = point === null ? { x: beside, y: above } : { x: Math.min(Math.max(point.x, left + half), left + width - half), y: Math.max(above, top + half) };
  const covers = ({ x, y }: Place) => Math.abs(x - place.x) < 2 * half && Math.abs(y - place.y) < 2 * half;
  while (taken.some(covers) && place.y + 3 * half <= top + height) place.y += half;
  return place;
}

/** Draws the numbers of the evidence that has some, over the lines; what lies at one step only has a ring there too. */
export function paintNumbers(surface: Surface, plot: Plot, evidence: readonly Evidence[], lines: readonly Line[], colours: Colours): void {
  const { left, width, scale } = plot;
  const taken: Place[] = [];
  for (const { from, to, critical, number } of evidence) {
    const start = toLeft(plot, from);
    if (number === undefined || toLeft(plot, to) < left || start > left + width) continue;
    const colour = critical ? colours.critical : colours.warning;
    const point = from === to ? pointAt(plot, lines, from) : null;
    if (point) paintRing(surface, point, POINT_WIDTH * scale, 1.25 * scale, colour, colours.background);
    const place = placeOf(plot, point, Math.max(start, left), taken);
    taken.push(place);
    paintRing(surface, place, NUMBER_WIDTH * scale, 1.5 * scale, colour, colours.background);
    surface.text(String(number), place.x, place.y + 0.5 * scale, { colour, size: 11 * scale, weight: 600, align: 'center' });
  }
}
