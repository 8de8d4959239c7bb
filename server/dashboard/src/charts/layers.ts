/** The layers of a chart: its lines, the run that stands out of them, and over both what follows the pointer. */
import type { Window } from './drawing';
import { paintLabels } from './labels';
import type { Line, Reading } from './line';
import { paintNumbers } from './numbers';
import { paintEvidence, paintFrame, paintLine, paintOverview, toLeft, toTop, type Colours, type Evidence, type Overview, type Plot } from './paint';
import { moves } from './moves';
import { painter } from './painter';
import { CanvasSurface } from './surface';
import { turns } from './turns';

/** How much the lines step back while the pointer is on one of them. */
const STEPPED_BACK = 0.65;
/** Axes that have stood still for so long are there to stay, and the lines are painted for them. */
const CALM_MS = 100;

/** What the lowest layer shows. */
export interface Shown {
  plot: Plot;
  lines: readonly Line[];
  /** The part of x that these lines were asked for. */
  window: Window | null;
  evidence: readonly Evidence[];
  /** Of all of x the part that is seen, as shares from 0 to 1; null: all of it. */
  overview: Overview | null;
  /** Last values and names stand right of the lines, that of the focused one bold. */
  labelled: boolean;
  focused: string | null;
  lowerIsBetter: boolean;
  colours: Colours;
  /** Of the canvas, in its pixels. */
  width: number;
  height: number;
}

/** What stands out of the lines. */
export interface Standing {
  plot: Plot;
  /** The focused line, or that under the pointer; it is drawn thicker. */
  line: Line | null;
  /** The pointer is on it: the others step back. */
  isUnderPointer: boolean;
  lines: readonly Line[];
  evidence: readonly Evidence[];
  colours: Colours;
  width: number;
  height: number;
}

/** A canvas of this size, with nothing on it. */
export function cleared(canvas: HTMLCanvasElement, width: number, height: number): CanvasSurface | null {
  const context = canvas.getContext('2d');
  if (!context) return null;
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  context.globalAlpha = 1;
  context.clearRect(0, 0, width, height);
  return new CanvasSurface(context);
}

/** A picture, and the axes it was painted for. */
interface Picture {
  image: ImageBitmap | HTMLCanvasElement;
  plot: Plot;
}

/** Draws a picture at its place in other axes; where it has none there, it is left out. */
function drawMoved(surface: CanvasSurface, { image, plot: from }: Picture, plot: Plot, width: number, height: number): void {
  if (from === plot) surface.image(image, 0, 0, width, height, 0, 0, width, height);
  else if (from.axis === plot.axis && from.x.log === plot.x.log && from.y.log === plot.y.log) {
    const [left, right] = [toLeft(plot, from.x.min), toLeft(plot, from.x.max)];
    const [top, bottom] = [toTop(plot, from.y.max), toTop(plot, from.y.min)];
    surface.within(plot.left, plot.top, plot.width, plot.height, () =>
      surface.image(image, from.left, from.top, from.width, from.height, left, top, right - left, bottom - top),
    );
  }
}

/** The same lines with rows that came since: they may wait a moment. */
function isGrown(before: Shown | null, now: Shown): boolean {
  if (before === null || before.lines.length !== now.lines.length || before.window?.from !== now.window?.from || before.window?.to !== now.window?.to) return false;
  return now.lines.some(({ total }, i) => total !== before.lines[i].total) && now.lines.every(({ id }, i) => id === before.lines[i].id);
}

const isPaintedAlike = (a: Shown, b: Shown) => a.lines === b.lines && a.colours === b.colours && a.width === b.width && a.height === b.height;

/** Frame, evidence and lines. The lines are a picture of their own, which is moved while the axes change. */
export class LinesLayer {
  #chart: object;
  #canvas: HTMLCanvasElement;
  #ondrawn: (points: number) => void;
  #shown: Shown | null = null;
  #picture: Picture | null = null;
  #calm: ReturnType<typeof setTimeout> | undefined;

  /** `ondrawn` is told of how many points the lines are, whenever they have been painted. */
  constructor(chart: object, canvas: HTMLCanvasElement, ondrawn: (points: number) => void) {
    this.#chart = chart;
    this.#canvas = canvas;
    this.#ondrawn = ondrawn;
  }

  /** Shows this as soon as it is painted; until then the lines there are stand at their places in the new axes. */
  show(shown: Shown, isHere: boolean): void {
    const before = this.#shown;
    this.#shown = shown;
    if (this.#picture !== null) moves.add(this.#chart, this, isHere, () => this.#compose());
    const isAlike = before !== null && isPaintedAlike(before, shown);
    if (isAlike && before.plot === shown.plot) return;
    clearTimeout(this.#calm);
    if (isAlike && this.#picture !== null) this.#calm = setTimeout(() => this.#paint(shown, false), CALM_MS);
    else this.#paint(shown, isGrown(before, shown));
  }

  close(): void {
    clearTimeout(this.#calm);
    moves.forget(this.#chart, this);
    painter.forget(this);
    this.#keep(null);
  }

  #paint(shown: Shown, isGrowth: boolean): void {
    const { plot, lines, colours, width, height } = shown;
    painter.paint(this, { plot, lines, colours, width, height }, isGrowth, (image) => {
      this.#keep({ image, plot });
      this.#compose();
      this.#ondrawn(lines.reduce((sum, line) => sum + line.x.length, 0));
    });
  }

  #keep(picture: Picture | null): void {
    if (this.#picture?.image instanceof ImageBitmap) this.#picture.image.close();
    this.#picture = picture;
  }

  #compose(): void {
    moves.forget(this.#chart, this);
    if (this.#shown === null) return;
    const { plot, lines, evidence, overview, labelled, focused, lowerIsBetter, colours, width, height } = this.#shown;
    const surface = cleared(this.#canvas, width, height);
    if (!surface) return;
    paintFrame(surface, plot, colours);
    if (overview !== null) paintOverview(surface, plot, overview, colours);
    paintEvidence(surface, plot, evidence, colours, labelled);
    if (this.#picture !== null) drawMoved(surface, this.#picture, plot, width, height);
    if (labelled) paintLabels(surface, plot, lines, focused, lowerIsBetter, colours);
  }
}

/** The line that stands out, over the others; with the numbers of findings. */
export class StandingLayer {
  #chart: object;
  #canvas: HTMLCanvasElement;
  #shown: Standing | null = null;
  #image = document.createElement('canvas');
  /** What the image shows. */
  #painted: Standing | null = null;
  #isEmpty = true;
  #calm: ReturnType<typeof setTimeout> | undefined;

  constructor(chart: object, canvas: HTMLCanvasElement) {
    this.#chart = chart;
    this.#canvas = canvas;
  }

  /** Shows this in the next frame; in a chart away from the pointer in one of the next ones. */
  show(shown: Standing, isHere: boolean): void {
    const before = this.#shown;
    this.#shown = shown;
    clearTimeout(this.#calm);
    const isMoved = this.#painted !== null && this.#painted.line === shown.line && before?.plot !== shown.plot;
    if (isMoved && this.#painted?.width === shown.width && this.#painted.height === shown.height) {
      moves.add(this.#chart, this, isHere, () => this.#compose());
      this.#calm = setTimeout(() => this.#wait(), CALM_MS);
    } else if (isHere) {
      turns.forget(this);
      moves.add(this.#chart, this, true, () => this.#paint());
    } else this.#wait();
  }

  #wait(): void {
    turns.add(this, this.#shown?.line?.x.length ?? 0, () => this.#paint());
  }

  close(): void {
    clearTimeout(this.#calm);
    moves.forget(this.#chart, this);
    turns.forget(this);
  }

  #paint(): void {
    const shown = this.#shown;
    if (shown === null) return;
    const { plot, line, lines, colours, width, height } = shown;
    const isAsPainted = this.#painted !== null && this.#painted.line === line && this.#painted.plot === plot && this.#painted.colours === colours;
    if (line !== null && !isAsPainted) {
      const surface = cleared(this.#image, width, height);
      if (surface) paintLine(surface, plot, line, { strong: true, lines: lines.length }, colours);
    }
    this.#painted = shown;
    this.#compose();
  }

  #compose(): void {
    moves.forget(this.#chart, this);
    if (this.#shown === null || this.#painted === null) return;
    const { plot, line, isUnderPointer, lines, evidence, colours, width, height } = this.#shown;
    const isEmpty = line === null && evidence.length === 0;
    if (isEmpty && this.#isEmpty) return;
    const surface = cleared(this.#canvas, width, height);
    if (!surface) return;
    this.#isEmpty = isEmpty;
    if (line !== null) {
      if (isUnderPointer) {
        surface.fill((pen) => {
          pen.moveTo(plot.left, plot.top);
          pen.lineTo(plot.left + plot.width, plot.top);
          pen.lineTo(plot.left + plot.width, plot.top + plot.height);
          pen.lineTo(plot.left, plot.top + plot.height);
        }, colours.background, STEPPED_BACK);
      }
      drawMoved(surface, { image: this.#image, plot: this.#painted.plot }, plot, width, height);
    }
    paintNumbers(surface, plot, evidence, lines, colours);
  }
}

/** The cursor at `place` pixels from the left edge of the plot, with a dot on each of these lines. */
export function paintCursor(surface: CanvasSurface, plot: Plot, place: number, readings: readonly Reading[], focused: string | null, here: boolean, colours: Colours): void {
  const { scale, y } = plot;
  const middle = Math.floor(plot.left + place) + 0.5;
  surface.stroke((pen) => {
    pen.moveTo(middle, plot.top);
    pen.lineTo(middle, plot.top + plot.height);
  }, { colour: here ? colours.strong : colours.text, width: Math.max(1, Math.floor(scale)), opacity: 1, dash: [] });
  for (const { line, x, smooth } of readings) {
    if (smooth === null || smooth < y.min || smooth > y.max) continue;
    const [left, down] = [toLeft(plot, x), toTop(plot, smooth)];
    const radius = (line.id === focused ? 4 : 3) * scale;
    surface.disc(left, down, radius + scale, colours.background, 1);
    surface.disc(left, down, radius, colours.runs.get(line.appearance.colour) ?? colours.text, 1);
  }
}

/** The part of x that a drag has gone over, in pixels from the left edge of the plot. */
export function paintDrag(surface: CanvasSurface, plot: Plot, from: number, to: number, colours: Colours): void {
  const [left, right] = [plot.left + Math.min(from, to), plot.left + Math.max(from, to)];
  surface.fill((pen) => {
    pen.moveTo(left, plot.top);
    pen.lineTo(right, plot.top);
    pen.lineTo(right, plot.top + plot.height);
    pen.lineTo(left, plot.top + plot.height);
  }, colours.text, 0.16);
}
