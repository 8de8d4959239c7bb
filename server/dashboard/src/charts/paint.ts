/** Draws the lines of a chart on a canvas: raw under smooth, ends, and marks where a line leaves the range. */
import { lastValue, type Line } from './line';
import type { Range } from './range';

/** The plot in device pixels, and what it shows. */
export interface Plot {
  left: number;
  top: number;
  width: number;
  height: number;
  x: Range;
  y: Range;
  /** Device pixels of a CSS pixel. */
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
  /** A colour for each custom property of a run. */
  runs: ReadonlyMap<string, string>;
}

const WIDTH = 1.5;
const FOCUSED_WIDTH = 2.25;
const STEPPED_BACK = 0.35;
/** Points farther apart than this, in CSS pixels, are drawn as points too. */
const POINTS_FROM_GAP = 8;

function rawOpacity(focused: boolean, lines: number): number {
  if (focused) return 0.34;
  return lines <= 6 ? 0.16 : 0.07;
}

type ToPixel = (value: number) => number;

function trace(x: readonly number[], values: readonly (number | null)[], toX: ToPixel, toY: ToPixel): Path2D {
  const path = new Path2D();
  let pen = false;
  for (let i = 0; i < x.length; i++) {
    const value = values[i];
    if (value === null) {
      pen = false;
    } else if (pen) {
      path.lineTo(toX(x[i]), toY(value));
    } else {
      path.moveTo(toX(x[i]), toY(value));
      pen = true;
    }
  }
  return path;
}

function disc(context: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}

/** How a line ends: a dot while it runs, an open square when stalled, a cross when it broke off. */
function paintEnd(context: CanvasRenderingContext2D, line: Line, x: number, y: number, scale: number, background: string): void {
  context.setLineDash([]);
  if (line.state === 'running') {
    const colour = context.fillStyle;
    context.fillStyle = background;
    disc(context, x, y, 5 * scale);
    context.fillStyle = colour;
    disc(context, x, y, 3.5 * scale);
  } else if (line.state === 'stalled') {
    const half = 3.5 * scale;
    const colour = context.fillStyle;
    context.lineWidth = 1.5 * scale;
    context.fillStyle = background;
    context.fillRect(x - half, y - half, 2 * half, 2 * half);
    context.fillStyle = colour;
    context.strokeRect(x - half, y - half, 2 * half, 2 * half);
  } else if (line.state === 'failed' || line.state === 'crashed') {
    const half = 3.5 * scale;
    context.lineWidth = 2 * scale;
    context.beginPath();
    context.moveTo(x - half, y - half);
    context.lineTo(x + half, y + half);
    context.moveTo(x + half, y - half);
    context.lineTo(x - half, y + half);
    context.stroke();
  }
}

/** A caret at the edge where a line first leaves the range. */
function paintCaret(context: CanvasRenderingContext2D, x: number, edge: number, up: boolean, scale: number): void {
  const height = (up ? 8 : -8) * scale;
  context.beginPath();
  context.moveTo(x, edge);
  context.lineTo(x - 4.5 * scale, edge + height);
  context.lineTo(x + 4.5 * scale, edge + height);
  context.closePath();
  context.fill();
}

/** Position of the first value in the window that lies outside of the range of y; -1 when none does. */
export function firstOutside(line: Line, x: Range, y: Range): number {
  return line.smooth.findIndex(
    (value, i) => value !== null && line.x[i] >= x.min && line.x[i] <= x.max && (value < y.min || value > y.max),
  );
}

/** x where the line meets `edge` on its way to the point `outside`. */
function exitX(line: Line, outside: number, edge: number): number {
  const [from, to] = [line.smooth[outside - 1] ?? null, line.smooth[outside]];
  if (from === null || to === null || from === to) return line.x[outside];
  const share = Math.min(Math.max((edge - from) / (to - from), 0), 1);
  return line.x[outside - 1] + share * (line.x[outside] - line.x[outside - 1]);
}

function paintLine(context: CanvasRenderingContext2D, plot: Plot, line: Line, focused: boolean, lines: number, colours: Colours): void {
  const { scale } = plot;
  const toX: ToPixel = (value) => plot.left + ((value - plot.x.min) / (plot.x.max - plot.x.min)) * plot.width;
  const toY: ToPixel = (value) => plot.top + plot.height - ((value - plot.y.min) / (plot.y.max - plot.y.min)) * plot.height;
  const colour = colours.runs.get(line.appearance.colour) ?? 'currentColor';
  const opacity = context.globalAlpha;
  context.strokeStyle = colour;
  context.fillStyle = colour;
  context.lineJoin = 'round';

  context.save();
  context.beginPath();
  context.rect(plot.left, plot.top, plot.width, plot.height);
  context.clip();
  if (line.smooth !== line.raw) {
    context.globalAlpha = opacity * rawOpacity(focused, lines);
    context.lineWidth = scale;
    context.stroke(trace(line.x, line.raw, toX, toY));
    context.globalAlpha = opacity;
  }
  context.lineWidth = (focused ? FOCUSED_WIDTH : WIDTH) * scale;
  context.setLineDash((line.appearance.dash ?? []).map((length) => length * scale));
  context.stroke(trace(line.x, line.smooth, toX, toY));
  context.setLineDash([]);
  const span = line.x.length < 2 ? Infinity : (toX(line.x[line.x.length - 1]) - toX(line.x[0])) / (line.x.length - 1);
  if (span > POINTS_FROM_GAP * scale) {
    line.smooth.forEach((value, i) => value !== null && disc(context, toX(line.x[i]), toY(value), 2 * scale));
  }
  context.restore();

  const outside = firstOutside(line, plot.x, plot.y);
  if (outside >= 0) {
    const up = (line.smooth[outside] ?? 0) > plot.y.max;
    const edge = up ? plot.y.max : plot.y.min;
    paintCaret(context, Math.max(toX(exitX(line, outside, edge)), plot.left), toY(edge), up, scale);
  }
  const end = lastValue(line.smooth);
  const endX = line.x[line.x.length - 1];
  if (end !== null && endX >= plot.x.min && endX <= plot.x.max && end >= plot.y.min && end <= plot.y.max) {
    paintEnd(context, line, toX(endX), toY(end), scale, colours.background);
  }
}

/** Draws all lines, the emphasised one last. */
export function paintLines(
  context: CanvasRenderingContext2D,
  plot: Plot,
  lines: readonly Line[],
  emphasis: Emphasis,
  colours: Colours,
): void {
  context.save();
  const front = emphasis.hovered ?? emphasis.focused;
  const order = [...lines].sort((a, b) => Number(a.id === front) - Number(b.id === front));
  for (const line of order) {
    context.globalAlpha = emphasis.hovered !== null && line.id !== emphasis.hovered ? STEPPED_BACK : 1;
    paintLine(context, plot, line, line.id === front || line.id === emphasis.focused, lines.length, colours);
  }
  context.restore();
}
