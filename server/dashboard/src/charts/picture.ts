/** What a chart says, complete with title and legend, as one picture to keep. */
import { formatFigure } from '../format';
import { isLowerBetter, lastValue, type Line } from './line';
import { cut } from './labels';
import { paintEvidence, paintFrame, paintLine, X_AXIS_HEIGHT, type Colours, type Evidence, type Plot } from './paint';
import type { Scale } from './scale';
import { CanvasSurface, type Surface } from './surface';
import { SvgSurface } from './svg';

export interface Picture {
  title: string;
  lines: readonly Line[];
  axis: string;
  x: Scale;
  y: Scale;
  evidence: readonly Evidence[];
}

const WIDTH = 960;
const PLOT_HEIGHT = 400;
const EDGE = 20;
const TITLE_HEIGHT = 32;
const LEGEND_ROW = 18;
const LEGEND_COLUMN = 230;
const LEFT = 56;
/** Device pixels of a CSS pixel in a PNG. */
const PNG_SCALE = 2;

const legendColumns = Math.floor((WIDTH - 2 * EDGE) / LEGEND_COLUMN);
const heightOf = (picture: Picture) =>
  EDGE + TITLE_HEIGHT + PLOT_HEIGHT + X_AXIS_HEIGHT + 16 + Math.ceil(picture.lines.length / legendColumns) * LEGEND_ROW + EDGE;

function paint(surface: Surface, picture: Picture, colours: Colours, scale: number): void {
  const { title, lines, axis, x, y, evidence } = picture;
  const style = { colour: colours.strong, size: 13 * scale, weight: 600, align: 'left' } as const;
  surface.text(title, EDGE * scale, (EDGE + 10) * scale, style);
  const plot: Plot = {
    left: LEFT * scale,
    top: (EDGE + TITLE_HEIGHT) * scale,
    width: (WIDTH - LEFT - EDGE) * scale,
    height: PLOT_HEIGHT * scale,
    x,
    y,
    axis,
    scale,
  };
  paintFrame(surface, plot, colours);
  // No list stands beside a picture: the words do.
  paintEvidence(surface, plot, evidence.map((mark) => ({ ...mark, number: undefined })), colours, true);
  for (const line of lines) paintLine(surface, plot, line, { strong: false, lines: lines.length }, colours);
  const sign = isLowerBetter(title) ? 1 : -1;
  const worst = sign * Infinity;
  const figure = (line: Line) => line.last ?? lastValue(line.smooth);
  const byValue = [...lines].sort((a, b) => sign * ((figure(a) ?? worst) - (figure(b) ?? worst)) || 0);
  byValue.forEach((line, i) => {
    const left = EDGE + (i % legendColumns) * LEGEND_COLUMN;
    const middle = EDGE + TITLE_HEIGHT + PLOT_HEIGHT + X_AXIS_HEIGHT + 16 + (Math.floor(i / legendColumns) + 0.5) * LEGEND_ROW;
    surface.stroke(
      (pen) => {
        pen.moveTo(left * scale, middle * scale);
        pen.lineTo((left + 18) * scale, middle * scale);
      },
      {
        colour: colours.runs.get(line.appearance.colour) ?? colours.text,
        width: 2.5 * scale,
        opacity: 1,
        dash: (line.appearance.dash ?? []).map((length) => length * scale),
      },
    );
    const text = { colour: colours.strong, size: 11 * scale, weight: 400, align: 'left' } as const;
    const words = `${formatFigure(figure(line))}  ${line.name}`;
    surface.text(cut(words, (LEGEND_COLUMN - 36) * scale, (part) => surface.textWidth(part, text)), (left + 26) * scale, middle * scale, text);
  });
}

export function toSvg(picture: Picture, colours: Colours): Blob {
  const surface = new SvgSurface();
  paint(surface, picture, colours, 1);
  return new Blob([surface.finish(WIDTH, heightOf(picture), colours.background)], { type: 'image/svg+xml' });
}

export async function toPng(picture: Picture, colours: Colours): Promise<Blob> {
  const canvas = document.createElement('canvas');
  canvas.width = WIDTH * PNG_SCALE;
  canvas.height = heightOf(picture) * PNG_SCALE;
  const context = canvas.getContext('2d');
  if (!context) throw new Error('this browser has no canvas');
  context.fillStyle = colours.background;
  context.fillRect(0, 0, canvas.width, canvas.height);
  paint(new CanvasSurface(context), picture, colours, PNG_SCALE);
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('the picture could not be made'))), 'image/png'),
  );
}
