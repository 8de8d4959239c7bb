/** Draws a chart: grid and axes, evidence, the lines raw under smooth, their ends, and marks where one leaves the range. */
import { extentOfLine, firstBeyond, firstFrom, inColumn, lastValue, type Around, type Columns, type Course, type Line } from './line';
import { shareOf, type Scale } from './scale';
import type { Stroke, Surface, TextStyle } from './surface';
import { withRoomForText, xTicks, yTicks } from './ticks';

/** The plot in pixels of the surface, and what it shows. */
export interface Plot {
  left: number;
  top: number;
  width: number;
  height: number;
  x: Scale;
  y: Scale;
  /** `step`, `time`, `relative_time` or the name of a metric. */
  axis: string;
  /** Pixels of the surface in a CSS pixel. */
  scale: number;
}

export interface Emphasis {
  /** Drawn last and thicker. */
  focused: string | null;
  /** While the pointer is on a run, the others step back. */
  hovered: string | null;
}

export interface Colours {
  background: string;
  axis: string;
  grid: string;
  text: string;
  strong: string;
  critical: string;
  warning: string;
  /** Separators, and what controls stand out by. */
  line: string;
  accent: string;
  /** A colour for each custom property of a run. */
  runs: ReadonlyMap<string, string>;
}

/** A part of x that a finding is about. */
export interface Evidence {
  from: number;
  to: number;
  critical: boolean;
  /** One line; shown where there is room for it, unless a number stands for it. */
  words: string;
  /** Of the finding in a list beside the chart, in a ring: its number stands for the words. */
  number?: number;
}

/** A part of all of x, as shares from 0 to 1. */
export interface Overview {
  from: number;
  to: number;
}

const OVERVIEW_TOP = 1;
const OVERVIEW_HEIGHT = 3;
const NARROWEST_OVERVIEW = 0.01;
const DEVIATION_OPACITY = 0.16;
const EXTREMES_OPACITY = 0.07;
const WIDTH = 1.5;
const FOCUSED_WIDTH = 2.25;
/** More lines are one device pixel wide: they hide less of each other, and are drawn ten times as fast. */
const MOST_WIDE_LINES = 24;
/** Points farther apart than this, in CSS pixels, are drawn as points too. */
const POINTS_FROM_GAP = 8;
const LABEL_SIZE = 11;
/** Room for texts below and left of the plot, CSS pixels. */
export const X_AXIS_HEIGHT = 22;
export const Y_AXIS_WIDTH = 38;
/** Room right of a plot without names. */
export const RIGHT_ROOM = 6;
/** No more than one tick in so many CSS pixels, about one in twice as many. */
const X_TICK_EVERY = 50;
export const Y_TICK_EVERY = 20;

function rawOpacity(focused: boolean, lines: number): number {
  if (focused) return 0.34;
  return lines <= 6 ? 0.16 : 0.07;
}

const labelStyle = (plot: Plot, colours: Colours): TextStyle => ({
  colour: colours.text,
  size: LABEL_SIZE * plot.scale,
  weight: 400,
  align: 'right',
});

/** Pixel of an x. */
export function toLeft(plot: Plot, value: number): number {
  return plot.left + shareOf(plot.x, value) * plot.width;
}

/** Pixel of a value. */
export function toTop(plot: Plot, value: number): number {
  return plot.top + (1 - shareOf(plot.y, value)) * plot.height;
}

/** Grid, axes and their texts. */
export function paintFrame(surface: Surface, plot: Plot, colours: Colours): void {
  const { left, top, width, height, scale } = plot;
  const style = labelStyle(plot, colours);
  const half = (scale % 2) / 2;
  const sharp = (place: number) => Math.round(place - half) + half;
  const rule = (colour: string) => ({ colour, width: scale, opacity: 1, dash: [] });
  const bottom = sharp(top + height);
  for (const { value, text } of yTicks(plot.y, Math.max(2, height / scale / Y_TICK_EVERY))) {
    const y = sharp(toTop(plot, value));
    if (Math.abs(y - bottom) > scale) {
      surface.stroke((pen) => {
        pen.moveTo(left, y);
        pen.lineTo(left + width, y);
      }, rule(colours.grid));
    }
    surface.text(text, left - 8 * scale, y, style);
  }
  surface.stroke((pen) => {
    pen.moveTo(left, bottom);
    pen.lineTo(left + width, bottom);
  }, rule(colours.axis));
  const ticks = xTicks(plot.x, plot.axis, Math.max(2, width / scale / X_TICK_EVERY));
  for (const { value, text } of withRoomForText(ticks, plot.x, width, (words) => surface.textWidth(words, style))) {
    const x = sharp(toLeft(plot, value));
    surface.stroke((pen) => {
      pen.moveTo(x, bottom);
      pen.lineTo(x, bottom + 3 * scale);
    }, rule(colours.axis));
    // The last one is moved rather than cut.
    const most = left + width + RIGHT_ROOM * scale - surface.textWidth(text, style) / 2;
    surface.text(text, Math.min(x, most), bottom + 13 * scale, { ...style, align: 'center' });
  }
}

/** Over the plot a bar of all of x, with the part of it that is seen. */
export function paintOverview(surface: Surface, plot: Plot, { from, to }: Overview, colours: Colours): void {
  const middle = (OVERVIEW_TOP + OVERVIEW_HEIGHT / 2) * plot.scale;
  const bar = (start: number, end: number, colour: string) =>
    surface.stroke((pen) => {
      pen.moveTo(plot.left + start * plot.width, middle);
      pen.lineTo(plot.left + end * plot.width, middle);
    }, { colour, width: OVERVIEW_HEIGHT * plot.scale, opacity: 1, dash: [] });
  bar(0, 1, colours.line);
  const start = Math.min(from, 1 - NARROWEST_OVERVIEW);
  bar(start, Math.max(to, start + NARROWEST_OVERVIEW), colours.accent);
}

/** The part of x that a finding is about, as a band with a line at its start. */
export function paintEvidence(surface: Surface, plot: Plot, evidence: readonly Evidence[], colours: Colours, words: boolean): void {
  const { left, top, width, height, scale } = plot;
  for (const { from, to, critical, words: text, number } of evidence) {
    const colour = critical ? colours.critical : colours.warning;
    const start = Math.max(toLeft(plot, from), left);
    const end = Math.min(toLeft(plot, to), left + width);
    if (!(end >= left && start <= left + width)) continue;
    surface.fill((pen) => {
      pen.moveTo(start, top);
      pen.lineTo(Math.max(end, start + scale), top);
      pen.lineTo(Math.max(end, start + scale), top + height);
      pen.lineTo(start, top + height);
    }, colour, critical ? 0.09 : 0.1);
    surface.stroke((pen) => {
      pen.moveTo(start, top);
      pen.lineTo(start, top + height);
    }, { colour, width: scale, opacity: 1, dash: [] });
    if (!words || number !== undefined) continue;
    const style: TextStyle = { colour, size: LABEL_SIZE * scale, weight: 600, align: 'left' };
    // Right of the band, else left of it, else on it: never cut.
    const room = surface.textWidth(text, style) + 6 * scale;
    const isLeft = end + room > left + width && start - room >= left;
    const place = end + room <= left + width ? end : Math.max(Math.min(start, left + width - room), left);
    surface.text(text, isLeft ? start - 6 * scale : place + 6 * scale, top + 8 * scale, isLeft ? { ...style, align: 'right' } : style);
  }
}

/** How a line ends: a dot while it runs, an open square when stalled, a cross when it broke off. */
function paintEnd(surface: Surface, line: Line, x: number, y: number, scale: number, colour: string, background: string): void {
  const half = 3.5 * scale;
  const square = (pen: { moveTo(x: number, y: number): void; lineTo(x: number, y: number): void }) => {
    pen.moveTo(x - half, y - half);
    pen.lineTo(x + half, y - half);
    pen.lineTo(x + half, y + half);
    pen.lineTo(x - half, y + half);
    pen.lineTo(x - half, y - half);
  };
  if (line.state === 'running') {
    surface.disc(x, y, 5 * scale, background, 1);
    surface.disc(x, y, 3.5 * scale, colour, 1);
  } else if (line.state === 'stalled') {
    surface.fill(square, background, 1);
    surface.stroke(square, { colour, width: 1.5 * scale, opacity: 1, dash: [] });
  } else if (line.state === 'failed' || line.state === 'crashed') {
    surface.stroke((pen) => {
      pen.moveTo(x - half, y - half);
      pen.lineTo(x + half, y + half);
      pen.moveTo(x + half, y - half);
      pen.lineTo(x - half, y + half);
    }, { colour, width: 2 * scale, opacity: 1, dash: [] });
  }
}

/** Position of the first value in the window that lies outside of the range of y; -1 when none does. */
export function firstOutside(line: Line, x: Scale, y: Scale): number {
  const { min, max } = extentOfLine(line);
  if (min >= y.min && max <= y.max) return -1;
  const end = firstBeyond(line.x, x.max);
  for (let i = firstFrom(line.x, x.min); i < end; i++) {
    const value = line.smooth[i];
    if (value !== null && (value < y.min || value > y.max) && !(y.log && value <= 0)) return i;
  }
  return -1;
}

/** x where the line meets `edge` on its way to the point `outside`. */
function exitX(line: Line, outside: number, edge: number): number {
  const [from, to] = [line.smooth[outside - 1] ?? null, line.smooth[outside]];
  if (from === null || to === null || from === to) return line.x[outside];
  const share = Math.min(Math.max((edge - from) / (to - from), 0), 1);
  return line.x[outside - 1] + share * (line.x[outside] - line.x[outside - 1]);
}

/** How the runs of a group lie around their mean: one standard deviation, and fainter all of them. */
function paintAround(surface: Surface, plot: Plot, x: readonly number[], around: Around, colour: string): void {
  const area = (low: readonly (number | null)[], high: readonly (number | null)[], share: number) => {
    const places = x.flatMap((at, i) => {
      const [bottom, top] = [low[i], high[i]].map((value) => (value === null ? NaN : toTop(plot, value)));
      const left = toLeft(plot, at);
      return Number.isNaN(bottom + top + left) ? [] : [{ left, bottom, top }];
    });
    if (places.length < 2) return;
    surface.fill((pen) => {
      pen.moveTo(places[0].left, places[0].top);
      for (const { left, top } of places) pen.lineTo(left, top);
      for (const { left, bottom } of places.toReversed()) pen.lineTo(left, bottom);
    }, colour, share);
  };
  area(around.min, around.max, EXTREMES_OPACITY);
  area(around.low, around.high, DEVIATION_OPACITY);
}

/** Draws one course of values, each at its place. */
function trace(surface: Surface, plot: Plot, { x, value: values }: Course, stroke: Stroke): void {
  surface.stroke((pen) => {
    let down = false;
    for (let i = 0; i < x.length; i++) {
      const value = values[i];
      const top = value === null ? NaN : toTop(plot, value);
      const left = toLeft(plot, x[i]);
      if (Number.isNaN(top) || Number.isNaN(left)) {
        down = false;
        continue;
      }
      if (down) pen.lineTo(left, top);
      else pen.moveTo(left, top);
      down = true;
    }
  }, stroke);
}

/**
 * Draws a course by its columns: in the middle of each from its first value to its lowest, its highest and its last.
 * That covers the same pixels as all values of the column do, which need not be there.
 */
function traceColumns(surface: Surface, plot: Plot, { x, value: values }: Course, columns: Columns, stroke: Stroke): void {
  surface.stroke((pen) => {
    let down = false;
    let place = NaN;
    let [first, low, high, last] = [0, 0, 0, 0];
    const flush = () => {
      if (Number.isNaN(place)) return;
      const left = toLeft(plot, place);
      let before = NaN;
      for (const value of [first, low, high, last]) {
        if (value === before) continue;
        const top = toTop(plot, value);
        if (down) pen.lineTo(left, top);
        else pen.moveTo(left, top);
        down = true;
        before = value;
      }
      place = NaN;
    };
    for (let i = 0; i < x.length; i++) {
      const value = values[i];
      if (value === null || (plot.y.log && value <= 0)) {
        flush();
        down = false;
        continue;
      }
      const own = inColumn(columns, x[i]);
      if (own !== place) {
        flush();
        place = own;
        first = low = high = value;
      } else if (value < low) low = value;
      else if (value > high) high = value;
      last = value;
    }
    flush();
  }, stroke);
}

/** Draws one of so many lines; a strong one is thicker. */
export function paintLine(surface: Surface, plot: Plot, line: Line, { strong, lines }: { strong: boolean; lines: number }, colours: Colours): void {
  const { scale } = plot;
  const colour = colours.runs.get(line.appearance.colour) ?? 'currentColor';
  const dash = (line.appearance.dash ?? []).map((length) => length * scale);
  surface.within(plot.left, plot.top, plot.width, plot.height, () => {
    if (line.around !== null) paintAround(surface, plot, line.x, line.around, colour);
    // Columns are even, and on a logarithmic axis the first ones are wide.
    const columns = line.columns?.log === plot.x.log ? line.columns : undefined;
    const draw = (course: Course, stroke: Stroke) => (columns === undefined ? trace(surface, plot, course, stroke) : traceColumns(surface, plot, course, columns, stroke));
    if (line.raw !== null) draw(line.raw, { colour, width: scale, opacity: rawOpacity(strong, lines), dash: [] });
    const width = strong ? FOCUSED_WIDTH * scale : lines > MOST_WIDE_LINES ? 1 : WIDTH * scale;
    draw({ x: line.x, value: line.smooth }, { colour, width, opacity: 1, dash });
    const count = line.x.length;
    const gap = count < 2 ? Infinity : (toLeft(plot, line.x[count - 1]) - toLeft(plot, line.x[0])) / (count - 1);
    if (gap > POINTS_FROM_GAP * scale) {
      line.smooth.forEach((value, i) => value !== null && surface.disc(toLeft(plot, line.x[i]), toTop(plot, value), 2 * scale, colour, 1));
    }
  });
  const outside = firstOutside(line, plot.x, plot.y);
  if (outside >= 0) {
    const up = (line.smooth[outside] ?? 0) > plot.y.max;
    const edge = up ? plot.y.max : plot.y.min;
    const x = Math.max(toLeft(plot, exitX(line, outside, edge)), plot.left);
    const y = toTop(plot, edge);
    const height = (up ? 8 : -8) * scale;
    surface.fill((pen) => {
      pen.moveTo(x, y);
      pen.lineTo(x - 4.5 * scale, y + height);
      pen.lineTo(x + 4.5 * scale, y + height);
    }, colour, 1);
  }
  const end = lastValue(line.smooth);
  const endX = line.x[line.x.length - 1];
  if (end !== null && endX >= plot.x.min && endX <= plot.x.max && end >= plot.y.min && end <= plot.y.max) {
    paintEnd(surface, line, toLeft(plot, endX), toTop(plot, end), scale, colour, colours.background);
  }
}
