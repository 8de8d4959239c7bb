/** Draws histograms over steps: at the left all of them by darkness, at the right one of them by length. */
import type { Colours } from '../charts/paint';
import type { Surface, TextStyle } from '../charts/surface';
import { xTicks, yTicks } from '../charts/ticks';
import type { Heat, HistogramAtStep } from './heat';

interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface Plots {
  heat: Box;
  bars: Box;
}

const Y_AXIS = 44;
const X_AXIS = 22;
const TOP = 6;
const GAP = 16;
const SHARE_OF_BARS = 0.24;
const TICK_EVERY = 24;
/** The smallest share that is seen at all. */
const FAINTEST = 0.08;

/** Where the two parts stand on so many pixels. */
export function plotsOf(width: number, height: number): Plots {
  const room = Math.max(0, width - Y_AXIS - GAP);
  const bars = Math.round(room * SHARE_OF_BARS);
  const common = { top: TOP, height: height - TOP - X_AXIS };
  return {
    heat: { left: Y_AXIS, width: room - bars, ...common },
    bars: { left: Y_AXIS + room - bars + GAP, width: bars, ...common },
  };
}

export function paintHeat(surface: Surface, { heat: box, bars }: Plots, heat: Heat, shown: HistogramAtStep, colours: Colours & { run: string }): void {
  const label = (align: TextStyle['align']): TextStyle => ({ colour: colours.text, size: 11, weight: 400, align });
  const yOf = (value: number) => box.top + box.height * (1 - (value - heat.low) / (heat.high - heat.low));
  const line = (from: [number, number], to: [number, number], colour: string, width = 1) =>
    surface.stroke(
      (pen) => {
        pen.moveTo(...from);
        pen.lineTo(...to);
      },
      { colour, width, opacity: 1, dash: [] },
    );
  const rectangle = (left: number, top: number, width: number, height: number, colour: string, opacity: number) =>
    surface.fill(
      (pen) => {
        pen.moveTo(left, top);
        pen.lineTo(left + width, top);
        pen.lineTo(left + width, top + height);
        pen.lineTo(left, top + height);
      },
      colour,
      opacity,
    );

  const y = { min: heat.low, max: heat.high, log: false };
  for (const { value, text } of yTicks(y, Math.max(2, Math.floor(box.height / TICK_EVERY)))) {
    line([box.left, yOf(value)], [bars.left + bars.width, yOf(value)], colours.grid);
    surface.text(text, box.left - 6, yOf(value), label('right'));
  }

  const columns = heat.steps.length;
  const [columnWidth, rowHeight] = [box.width / columns, box.height / heat.rows];
  for (let column = 0; column < columns; column++) {
    for (let row = 0; row < heat.rows; row++) {
      const share = heat.shares[column * heat.rows + row];
      if (share <= 0) continue;
      // By the square root, so that thin tails are seen beside a high middle.
      const opacity = FAINTEST + (1 - FAINTEST) * Math.sqrt(share / heat.most);
      // On whole pixels: parts that overlap would be darker.
      const [left, right] = [Math.round(box.left + column * columnWidth), Math.round(box.left + (column + 1) * columnWidth)];
      const [top, bottom] = [Math.round(box.top + (heat.rows - 1 - row) * rowHeight), Math.round(box.top + (heat.rows - row) * rowHeight)];
      rectangle(left, top, right - left, bottom - top, colours.run, opacity);
    }
  }

  const { edges, counts } = shown.histogram;
  // Bins may differ in width: what is compared is how many values there are in a unit.
  const densities = counts.map((count, bin) => (edges[bin + 1] > edges[bin] ? count / (edges[bin + 1] - edges[bin]) : 0));
  const highest = Math.max(...densities);
  densities.forEach((density, bin) => {
    if (density <= 0) return;
    const [top, bottom] = [yOf(edges[bin + 1]), yOf(edges[bin])];
    rectangle(bars.left, top, (density / highest) * bars.width, Math.max(0.5, bottom - top - 0.5), colours.run, 0.85);
  });

  const bottom = box.top + box.height;
  line([box.left, bottom + 0.5], [box.left + box.width, bottom + 0.5], colours.axis);
  line([bars.left + 0.5, box.top], [bars.left + 0.5, bottom], colours.axis);
  const place = heat.steps.findLastIndex((step) => step <= shown.step);
  if (place >= 0) {
    const x = box.left + (place + 0.5) * columnWidth;
    line([x, box.top], [x, bottom], colours.strong);
  }
  // Columns are even whatever their steps: the steps of some of them are told.
  const every = Math.max(1, Math.ceil(columns / Math.max(1, Math.floor(box.width / 80))));
  const ticks = xTicks({ min: 0, max: Math.max(1, columns - 1), log: false }, 'step', Math.max(1, Math.floor(columns / every)));
  for (const { value } of ticks) {
    const step = heat.steps[value];
    if (step === undefined) continue;
    surface.text(step.toLocaleString('en-US'), box.left + (value + 0.5) * columnWidth, bottom + 13, label('center'));
  }
}
