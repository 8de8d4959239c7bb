/** The part of the view that the address bar carries, so that a link shows what was seen. */
import type { XAxis } from './api/client';

export interface View {
  /** Project as spelled by the link; null: the page chooses. */
  project: string | null;
  /** Id or name of the focused run; null: the page chooses. */
  run: string | null;
  /** Metric in the chart; null: the loss of the focused run. */
  key: string | null;
  x: XAxis;
  /** Zoomed window in units of x; null: everything. */
  window: { from: number; to: number } | null;
  /** 0: none, up to `MOST_SMOOTHING`. */
  smoothing: number;
}

export const MOST_SMOOTHING = 0.99;
const DEFAULT_SMOOTHING = 0.9;
const AXES: readonly XAxis[] = ['step', 'time', 'relative_time'];

function readNumber(text: string | null): number | null {
  if (text === null || text.trim() === '') return null;
  const number = Number(text);
  return Number.isFinite(number) ? number : null;
}

/** Trackio's links give smoothing in per cent. */
function readSmoothing(text: string | null): number {
  const number = readNumber(text);
  if (number === null) return DEFAULT_SMOOTHING;
  const share = number >= 1 ? number / 100 : number;
  return Math.min(Math.max(share, 0), MOST_SMOOTHING);
}

/** Reads the view from `location.search`; what makes no sense counts as absent. */
export function readView(search: string): View {
  const parameters = new URLSearchParams(search);
  const from = readNumber(parameters.get('from'));
  const to = readNumber(parameters.get('to'));
  return {
    project: parameters.get('project') || parameters.get('selected_project') || null,
    run: parameters.get('run') || null,
    key: parameters.get('key') || null,
    x: AXES.find((axis) => axis === parameters.get('x')) ?? 'step',
    window: from !== null && to !== null && from < to ? { from, to } : null,
    smoothing: readSmoothing(parameters.get('smoothing')),
  };
}

/** Writes the view over `search`, keeping parameters that are not ours, leaving out what is default. */
export function writeView(search: string, view: View): string {
  const parameters = new URLSearchParams(search);
  const put = (name: string, value: string | null) =>
    value === null ? parameters.delete(name) : parameters.set(name, value);
  put('project', view.project);
  parameters.delete('selected_project');
  put('run', view.run);
  put('key', view.key);
  put('x', view.x === 'step' ? null : view.x);
  put('from', view.window === null ? null : String(view.window.from));
  put('to', view.window === null ? null : String(view.window.to));
  put('smoothing', view.smoothing === DEFAULT_SMOOTHING ? null : String(view.smoothing));
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

/** `search` without the write token, which must not stay in the address bar, the history or a copied link. */
export function withoutToken(search: string): string {
  const parameters = new URLSearchParams(search);
  if (!parameters.has('write_token')) return search;
  parameters.delete('write_token');
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}
