/** After how many steps a run reached a value: the first point at or beyond it, of all points and not of those drawn. */
import type { Series, SeriesRequest } from '../api/client';

type Read = (project: string, body: SeriesRequest, signal: AbortSignal) => Promise<{ series: Series[] }>;

/** Points of one question: few enough to be quick, so many that two or three questions find one of a million. */
const PIXELS = 1_000;
const MOST_QUESTIONS = 6;

/**
 * The value to be reached: what half of the runs came to (the worse of two in the middle), rounded to two figures to
 * the worse side, so that it can be said. Null where no run came to anything.
 */
export function usualReach(bests: readonly number[], lowerIsBetter: boolean): number | null {
  if (bests.length === 0) return null;
  const sorted = [...bests].sort((a, b) => (lowerIsBetter ? a - b : b - a));
  const best = sorted[Math.floor(sorted.length / 2)];
  if (best === 0 || !Number.isFinite(best)) return best;
  const unit = 10 ** (Math.floor(Math.log10(Math.abs(best))) - 1);
  const rounded = lowerIsBetter ? Math.ceil(best / unit - 1e-9) : Math.floor(best / unit + 1e-9);
  return Number((rounded * unit).toPrecision(12));
}

/** Position of the first value at or beyond `target`; -1 where none is. */
export function firstReached(values: readonly (number | null)[], target: number, lowerIsBetter: boolean): number {
  return values.findIndex((value) => value !== null && (lowerIsBetter ? value <= target : value >= target));
}

/**
 * The first step at which the metric of the run is at or beyond `target`; null when it never is. Each pixel column
 * holds its extreme, so the first column that reaches the target is certain; within it is asked again until its points
 * are all there (the first one may stand before the extreme).
 */
export async function stepsToReach(read: Read, project: string, run: string, metric: string, target: number, lowerIsBetter: boolean, signal: AbortSignal): Promise<number | null> {
  let window: { from: number; to: number } | null = null;
  let found: number | null = null;
  for (let question = 0; question < MOST_QUESTIONS; question++) {
    const body: SeriesRequest = { runs: [run], keys: [metric], x: 'step', pixels: PIXELS, from: window?.from ?? null, to: window?.to ?? null };
    const [series] = (await read(project, body, signal)).series;
    if (!series) return found;
    const { x, value } = series;
    const at = firstReached(value, target, lowerIsBetter);
    if (at < 0) return found;
    found = x[at];
    if (series.total_points === x.length) return found;
    // Columns have one width: what was left out before the point stands in its column or the one before.
    const width: number = (x[x.length - 1] - x[0]) / PIXELS;
    window = { from: Math.max(x[0], Math.floor(found - 2 * width)), to: found };
  }
  return found;
}
