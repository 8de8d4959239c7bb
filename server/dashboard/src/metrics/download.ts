/** Files for the reader: pictures as drawn, values as logged. */
import { readValues, type RunSummary } from '../api/client';
import { csvLine } from './csv';

/** Every value of a metric of these runs, none left out. */
export async function metricAsCsv(metric: string, runs: readonly RunSummary[]): Promise<Blob> {
  const { signal } = new AbortController();
  const parts: string[] = [csvLine(['run', 'run_id', 'step', 'timestamp', metric])];
  for (const run of runs) {
    let after: number | null = null;
    do {
      const page = await readValues(run.project, run.run_id, metric, after, signal);
      for (const { step, timestamp, value } of page.items) {
        parts.push(csvLine([run.run, run.run_id, step, timestamp, typeof value === 'number' ? value : String(value)]));
      }
      after = page.next;
    } while (after !== null);
  }
  return new Blob(parts, { type: 'text/csv' });
}

/** Gives a file to the browser to keep. */
export function download(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob);
  downloadFrom(address, name);
  // The browser has taken the file by then.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** Lets the browser fetch a file to keep; it is not opened. */
export function downloadFrom(address: string, name: string): void {
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
}
