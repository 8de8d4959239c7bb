/** The histograms of one key of one run, as many as can be told apart. */
import { readLoggedValue, readLoggedValues } from '../api/loggedValues';
import { partsOf } from '../media/parts';
import type { HistogramAtStep } from './heat';

/** Those that lie evenly among all, at most so many, ascending in step. */
export async function readHistograms(project: string, run: string, key: string, most: number, signal: AbortSignal): Promise<HistogramAtStep[]> {
  const { values } = await readLoggedValues(project, 'histograms', { run, key, limit: most, spread: true }, signal);
  const whole = await Promise.all(values.map(async ({ rowId, step, value }) => ({ step, value: value ?? (await readLoggedValue(project, rowId, key, signal)) })));
  // The newest row comes first; of one step the newest counts last.
  return whole
    .reverse()
    .flatMap(({ step, value }) => partsOf(value).flatMap((part) => (part.kind === 'histogram' ? [{ step, histogram: part }] : [])))
    .sort((a, b) => a.step - b.step);
}
