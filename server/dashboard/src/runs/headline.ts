/** The sentence at the top of a project: how is it going? */
import type { RunStatus, RunSummary } from '../api/client';
import { capitalised, countInWords, formatCount } from '../format';
import { criticalWord } from './finding';

export interface Headline {
  /** What runs, as a sentence. */
  main: string;
  /** What has ended; may be empty. */
  rest: string;
  best: RunSummary | null;
}

type Kind = 'on track' | 'diverging' | 'loss is NaN' | 'critical' | 'stalled' | 'created';

/** Singular and plural predicate of each kind, in the order they are told. */
const PREDICATES: readonly [Kind, string, string][] = [
  ['on track', 'is on track', 'are on track'],
  ['diverging', 'diverges', 'diverge'],
  ['loss is NaN', 'has a loss of NaN', 'have a loss of NaN'],
  ['critical', 'is in trouble', 'are in trouble'],
  ['stalled', 'has stalled', 'have stalled'],
  ['created', 'has logged nothing yet', 'have logged nothing yet'],
];

function kindOf(run: RunSummary, status: RunStatus | undefined): Kind | null {
  if (run.state === 'created' || run.state === 'stalled') return run.state;
  if (run.state !== 'running') return null;
  return (criticalWord(status) as Kind | null) ?? 'on track';
}

function activeSentence(runs: readonly RunSummary[], statuses: ReadonlyMap<string, RunStatus>): string | null {
  const counts = new Map<Kind, number>();
  for (const run of runs) {
    const kind = kindOf(run, statuses.get(run.run_id));
    if (kind !== null) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  const parts = PREDICATES.filter(([kind]) => counts.has(kind)).map(([kind, singular, plural], position) => {
    const count = counts.get(kind) ?? 0;
    const noun = position > 0 ? '' : count === 1 ? ' run' : ' runs';
    return `${countInWords(count)}${noun} ${count === 1 ? singular : plural}`;
  });
  return parts.length === 0 ? null : `${capitalised(parts.join(', '))}.`;
}

/** The run with the lowest loss (mean of the last 10 rows) among those that log the commonest loss metric; null for one alone. */
export function bestRun(runs: readonly RunSummary[]): RunSummary | null {
  const counts = new Map<string, number>();
  for (const { loss_key } of runs) if (loss_key != null) counts.set(loss_key, (counts.get(loss_key) ?? 0) + 1);
  const key = [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
  let best: RunSummary | null = null;
  for (const run of runs) {
    if (run.loss_key !== key || run.loss == null) continue;
    if (best?.loss == null || run.loss < best.loss) best = run;
  }
  return runs.length < 2 ? null : best;
}

/** The same sentence of the moment in which it was true, when nothing newer is known. */
export const asOf = (clock: string, sentence: string): string => `At ${clock}: ${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`;

/** Tells a project in a few sentences. `runs` must not be empty. */
export function headline(runs: readonly RunSummary[], statuses: ReadonlyMap<string, RunStatus>): Headline {
  const active = activeSentence(runs, statuses);
  const ended = (['finished', 'failed', 'crashed'] as const)
    .map((state) => [runs.filter((run) => run.state === state).length, state] as const)
    .filter(([count]) => count > 0);
  const endedText = ended.map(([count, state]) => `${formatCount(count)} ${state}`).join(', ');
  const best = bestRun(runs);
  if (active !== null) return { main: active, rest: endedText && `${endedText}.`, best };
  const main = runs.length === 1 ? `The run has ${ended[0][1]}.` : `All ${countInWords(runs.length)} runs have ended.`;
  return { main, rest: ended.length > 1 ? `${endedText}.` : '', best };
}
