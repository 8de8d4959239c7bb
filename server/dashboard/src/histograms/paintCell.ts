/** Draws histograms over a true axis of steps, darker where there is more: the picture of a cell among charts. */
import { RIGHT_ROOM, type Colours } from '../charts/paint';
import { shareOf, type Scale } from '../charts/scale';
import type { Surface, TextStyle } from '../charts/surface';
import { withRoomForText, xTicks, yTicks } from '../charts/ticks';
import type { Column } from './cell';
import type { Heat } from './heat';

/** The plot in CSS pixels, and what it shows. */
export interface CellPlot {
  left: number;
  top: number;
  width: number;
  height: number;
  x: Scale;
  y: Scale;
}

const X_TICK_EVERY = 60;
const Y_TICK_EVERY = 28;
/** The smallest share that is seen at all. */
const FAINTEST = 0.1;

/** `columns` are those of the steps of `heat`. */
export function paintCell(surface: Surface, plot: CellPlot, heat: Heat, columns: readonly Column[], colours: Colours & { run: string }): void {
  const { left, top, width, height, x, y } = plot;
  const label = (align: TextStyle['align']): TextStyle => ({ colour: colours.text, size: 11, weight: 400, align });
  const bottom = top + height;
  const across = (value: number) => left + shareOf(x, value) * width;
  const up = (value: number) => bottom - shareOf(y, value) * height;
  const line = (from: [number, number], to: [number, number], colour: string) =>
    surface.stroke(
      (pen) => {
        pen.moveTo(...from);
        pen.lineTo(...to);
      },
      { colour, width: 1, opacity: 1, dash: [] },
    );
  for (const { value, text } of yTicks(y, Math.max(2, Math.floor(height / Y_TICK_EVERY)))) {
    const at = Math.round(up(value)) + 0.5;
    line([left, at], [left + width, at], colours.grid);
    surface.text(text, left - 6, at, label('right'));
  }
  surface.within(left, top, width, height, () => {
    // Where columns are narrower than a pixel, the first of them has it.
    let taken = -Infinity;
    columns.forEach((column, place) => {
      // A logarithmic axis has no place for what is not above zero: its column begins at the left.
      const begin = Math.max(left, across(column.from) || left);
      const end = Math.min(left + width, across(column.to));
      const from = Math.max(Math.round(begin), taken);
      const to = Math.max(Math.round(end), Math.round(begin) + 1);
      if (!(end > begin) || to <= from) return;
      taken = to;
      for (let row = 0; row < heat.rows; row++) {
        const share = heat.shares[place * heat.rows + row];
        if (share <= 0) continue;
        // On whole pixels: parts that overlap would be darker.
        const [low, high] = [Math.round(bottom - (row / heat.rows) * height), Math.round(bottom - ((row + 1) / heat.rows) * height)];
        const draw = (pen: { moveTo: (x: number, y: number) => void; lineTo: (x: number, y: number) => void }) => {
          pen.moveTo(from, high);
          pen.lineTo(to, high);
          pen.lineTo(to, low);
          pen.lineTo(from, low);
        };
        // By the square root, so that thin tails are seen beside a high middle.
        surface.fill(draw, colours.run, FAINTEST + (1 - FAINTEST) * Math.sqrt(share / heat.most));
      }
    });
  });
  line([left, bottom + 0.5], [left + width, bottom + 0.5], colours.axis);
  const ticks = withRoomForText(xTicks(x, 'step', Math.max(1, Math.floor(width / X_TICK_EVERY))), x, width, (text) => surface.textWidth(text, label('center')));
  for (const { value, text } of ticks) {
    line([across(value), bottom + 1], [across(value), bottom + 4], colours.axis);
    // The last one stays whole.
    const middle = Math.min(across(value), left + width + RIGHT_ROOM - surface.textWidth(text, label('center')) / 2);
    surface.text(text, middle, bottom + 13, label('center'));
  }
}
