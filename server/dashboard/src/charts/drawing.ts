/** How all charts of a page are drawn, and how the server has to smooth for that. */
import type { RunSummary, Smoothing } from '../api/client';
import type { Scale } from './scale';
import { isTime } from './ticks';

/** A part of x. */
export interface Window {
  from: number;
  to: number;
}

/**
 * How lines are smoothed. `weighted`: a mean of what came before, weighing less the longer ago it was; `ema`: the same
 * by the weight of a row, as TensorBoard and wandb have it, however many there are; `gaussian`: a mean of what is around,
 * before and after.
 */
export const SMOOTHING_KINDS = ['weighted', 'ema', 'gaussian'] as const;
export type SmoothingKind = (typeof SMOOTHING_KINDS)[number];

/** The kinds in words, for a choice. */
export const SMOOTHING_CHOICES: readonly { value: SmoothingKind; text: string }[] = [
  { value: 'weighted', text: 'time-weighted mean' },
  { value: 'ema', text: 'mean of rows (EMA)' },
  { value: 'gaussian', text: 'bell (Gaussian)' },
];

/** The part of a view that says how its charts look. */
export interface Drawing {
  /** `auto`, `step`, `time`, `relative_time` or a metric. */
  x: string;
  /** Zoomed window in units of x; null: everything. */
  window: Window | null;
  /** 0: none, to below 1. */
  smoothing: number;
  /** How; null: as this browser prefers. */
  smoothingKind: SmoothingKind | null;
  logX: boolean;
  logY: boolean;
  keepOutliers: boolean;
}

export const PLAIN_DRAWING: Drawing = { x: 'auto', window: null, smoothing: 0, smoothingKind: null, logX: false, logY: false, keepOutliers: false };

/** Where the plot of a chart lies across it, and what stands along that: for what is to stand below it. */
export interface PlotPlace {
  /** From the left edge of the chart, CSS pixels. */
  left: number;
  width: number;
  x: Scale;
  /** `step`, `time`, `relative_time` or the name of a metric. */
  axis: string;
}

/** Up to so many rows the weight is that of a row beside the next one, as in TensorBoard. */
export const ROWS_BY_WEIGHT = 1_000;

/** What smoothing has to know of a run. */
export type Extent = Pick<RunSummary, 'rows' | 'step' | 'elapsed_seconds'>;

/**
 * The smoothing to ask for, null for none. A weight that smooths a thousand rows well does nothing to a million:
 * where there are more, a thousandth of x counts as a row, so that a line looks the same however often it was logged
 * and however far it is zoomed. Over a metric nothing is known of its extent, and the weight stays that of a row; a bell
 * has no width there.
 */
export function smoothingOf(weight: number, axis: string, window: Window | null, runs: readonly Extent[], kind: SmoothingKind = 'weighted'): Smoothing | null {
  if (weight <= 0) return null;
  if (kind === 'ema') return { kind: 'exponential', weight };
  const most = (of: (run: Extent) => number | null | undefined) => runs.reduce((highest, run) => Math.max(highest, of(run) ?? 0), 0);
  // Most metrics stand over steps; where one does not, the first answer tells.
  const whole = axis === 'step' || axis === 'auto' ? most((run) => run.step) : isTime(axis) ? most((run) => run.elapsed_seconds) : 0;
  const seen = window === null ? whole : Math.min(window.to - window.from, whole);
  const rows = most((run) => run.rows) * (whole > 0 ? seen / whole : 1);
  if (whole > 0 && kind === 'gaussian') {
    // As wide as what such a weight looks back on is long.
    const row = seen / Math.min(Math.max(rows, 1), ROWS_BY_WEIGHT);
    return { kind: 'gaussian', width: Number((row / -Math.log(weight)).toPrecision(2)) };
  }
  if (whole <= 0 || rows <= ROWS_BY_WEIGHT) return { kind: 'exponential', weight };
  // With two figures: runs grow, and not every row shall be another question.
  const extent = Number(seen.toPrecision(2));
  return { kind: 'half_life', half_life: (extent / ROWS_BY_WEIGHT) * (Math.log(0.5) / Math.log(weight)) };
}
