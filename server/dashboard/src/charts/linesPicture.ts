/** All lines of a chart as one picture, without axes: what `painter.ts` has made in a worker. */
import type { Line } from './line';
import { paintLine, type Colours, type Plot } from './paint';
import { CanvasSurface } from './surface';

/** What to paint, on how many device pixels. */
export interface LinesToPaint {
  plot: Plot;
  lines: readonly Line[];
  colours: Colours;
  width: number;
  height: number;
}

let canvas: OffscreenCanvas | null = null;

/** Paints it. Throws in a browser that cannot. */
export function pictureOf({ plot, lines, colours, width, height }: LinesToPaint): ImageBitmap {
  canvas ??= new OffscreenCanvas(width, height);
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('this browser has no canvas');
  const surface = new CanvasSurface(context);
  for (const line of lines) paintLine(surface, plot, line, { strong: false, lines: lines.length }, colours);
  return canvas.transferToImageBitmap();
}
