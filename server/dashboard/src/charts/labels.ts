/** Names at the right end of the lines, moved apart so that none covers another. */
import { formatFigure } from '../format';
import { lastValue, type Line } from './line';
import { toLeft, toTop, type Colours, type Plot } from './paint';
import type { Surface, TextStyle } from './surface';

/** Distance of two names in CSS pixels. */
export const LABEL_HEIGHT = 15;

/** So many names can be moved apart and still be followed to their lines. */
const MOST_MOVED = 12;

/** The names to show, of those given by importance: all when they are few, else those that need not move. */
export function withRoom<T extends { top: number }>(labels: readonly T[], height: number): T[] {
  if (labels.length <= Math.min(MOST_MOVED, height / LABEL_HEIGHT)) return [...labels];
  const chosen: T[] = [];
  for (const label of labels) {
    if (chosen.every(({ top }) => Math.abs(top - label.top) >= LABEL_HEIGHT)) chosen.push(label);
  }
  return chosen;
}

/**
 * Moves `wanted` positions (centres, ascending) apart by `gap` within `min` to `max`, as little as possible.
 * There must be room for all of them.
 */
export function spread(wanted: readonly number[], gap: number, min: number, max: number): number[] {
  const placed = [...wanted];
  for (let i = 0; i < placed.length; i++) {
    placed[i] = Math.max(placed[i], i === 0 ? min : placed[i - 1] + gap);
  }
  for (let i = placed.length - 1; i >= 0; i--) {
    placed[i] = Math.min(placed[i], i === placed.length - 1 ? max : placed[i + 1] - gap);
  }
  return placed;
}

/** Room for the names right of the plot, CSS pixels. */
export const LABELS_WIDTH = 142;
const LEADER = 16;

interface End {
  line: Line;
  top: number;
  x: number;
  figure: number;
}

/** The lines whose end is seen, the most important first: the focused one, those that go on, then the best. */
function ends(plot: Plot, lines: readonly Line[], focused: string | null, lowerIsBetter: boolean): End[] {
  const seen = lines.flatMap((line): End[] => {
    const end = lastValue(line.smooth);
    const endX = line.x[line.x.length - 1];
    if (end === null || endX < plot.x.min || endX > plot.x.max || end < plot.y.min || end > plot.y.max) return [];
    return [{ line, top: toTop(plot, end), x: toLeft(plot, endX), figure: line.last ?? end }];
  });
  const rank = (line: Line) => (line.id === focused ? 0 : line.state === 'running' || line.state === 'stalled' ? 1 : 2);
  const sign = lowerIsBetter ? 1 : -1;
  return seen.sort((a, b) => rank(a.line) - rank(b.line) || sign * (a.figure - b.figure));
}

/** The text, with an ellipsis where it is wider than `room`. */
export function cut(text: string, room: number, width: (text: string) => number): string {
  if (width(text) <= room) return text;
  let length = text.length;
  while (length > 0 && width(`${text.slice(0, length)}…`) > room) length -= 1;
  return `${text.slice(0, length)}…`;
}

/** Writes last value and name of the lines right of the plot, each joined to its end. */
export function paintLabels(surface: Surface, plot: Plot, lines: readonly Line[], focused: string | null, lowerIsBetter: boolean, colours: Colours): void {
  const { left, top, width, height, scale } = plot;
  const inCss = ends(plot, lines, focused, lowerIsBetter).map((end) => ({ ...end, top: (end.top - top) / scale }));
  const chosen = withRoom(inCss, height / scale).sort((a, b) => a.top - b.top);
  const places = spread(chosen.map((label) => label.top), LABEL_HEIGHT, 0, height / scale);
  const right = left + width;
  const style = (line: Line): TextStyle => ({
    colour: line.id === focused ? colours.strong : colours.text,
    size: 11 * scale,
    weight: line.id === focused ? 600 : 400,
    align: 'left',
  });
  const texts = chosen.map(({ figure }) => formatFigure(figure));
  const figures = Math.max(0, ...chosen.map(({ line }, i) => surface.textWidth(texts[i], style(line))));
  chosen.forEach(({ line, top: from, x }, i) => {
    const y = top + places[i] * scale;
    const early = x < right - 12 * scale;
    surface.stroke(
      (pen) => {
        pen.moveTo(right + 3 * scale, top + from * scale);
        pen.lineTo(right + LEADER * scale, y);
      },
      { colour: colours.runs.get(line.appearance.colour) ?? colours.text, width: scale, opacity: 1, dash: early ? [1.5 * scale, 2.5 * scale] : [] },
    );
    const start = right + (LEADER + 3) * scale;
    surface.text(texts[i], start, y, style(line));
    const name = start + figures + 8 * scale;
    const measure = (text: string) => surface.textWidth(text, style(line));
    surface.text(cut(line.name, right + LABELS_WIDTH * scale - name, measure), name, y, style(line));
  });
}
