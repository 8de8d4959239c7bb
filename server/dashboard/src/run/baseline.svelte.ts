/** The run that another one is measured by, with its settings. */
import { readRun, type RunSummary } from '../api/client';
import { settingsOf, type Settings } from '../runs/configs';

/** Says in the address that a run is measured by none. */
export const NO_BASELINE = '-';
/** Label that makes a run the baseline of its project. */
const BASELINE_TAG = 'baseline';

/** The run asked for by id or name; asked for none in particular, the newest that is labelled as the baseline. */
export function baselineOf(runs: readonly RunSummary[], run: RunSummary, asked: string): RunSummary | null {
  if (asked === NO_BASELINE) return null;
  const others = runs.filter((other) => other.run_id !== run.run_id);
  if (asked === '') return others.find(({ tags }) => tags.includes(BASELINE_TAG)) ?? null;
  return others.find((other) => other.run_id === asked) ?? others.find((other) => other.run === asked) ?? null;
}

export class Baseline {
  settings = $state.raw<Settings | null>(null);

  constructor(
    readonly project: string,
    readonly id: string,
  ) {}

  /** Reads its settings, which stay as they are from the start of a run. */
  read(): () => void {
    const asked = new AbortController();
    readRun(this.project, this.id, asked.signal)
      .then(({ config }) => (this.settings = settingsOf(config)))
      // The banner of the page says that the server is away.
      .catch(() => {});
    return () => asked.abort();
  }
}
