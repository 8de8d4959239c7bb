/** Which runs deserve a look now, and in which order. */
import type { RunStatus, RunSummary } from '../api/client';
import { secondsSince } from '../format';
import { worstFinding } from './finding';

/** Lanes on the page; the rest is counted. */
export const MOST_LANES = 5;
/** A failure older than this is history. */
const LATELY_SECONDS = 86_400;

/** No end has been seen: rows may still come. */
export function isActive(run: Pick<RunSummary, 'state'>): boolean {
  return run.state === 'created' || run.state === 'running' || run.state === 'stalled';
}

function failedLately(run: RunSummary, now: number): boolean {
  if (run.state !== 'failed' && run.state !== 'crashed') return false;
  const age = secondsSince(run.finished_at ?? run.last_row_at ?? run.created_at, now);
  return age !== null && age <= LATELY_SECONDS;
}

function urgency(run: RunSummary, status: RunStatus | undefined): number {
  const severity = isActive(run) ? worstFinding(status)?.severity : undefined;
  if (severity === 'critical') return 0;
  if (severity === 'warning') return 1;
  if (run.state === 'stalled') return 2;
  if (run.state === 'failed' || run.state === 'crashed') return 3;
  return 4;
}

/** Seconds without a row; by the server's clock where it was asked. */
export function silentSeconds(run: RunSummary, status: RunStatus | undefined, now: number): number | null {
  return status?.seconds_since_last_row ?? secondsSince(run.last_row_at, now);
}

/** Runs that need a look: critical, warning, stalled, failed lately, then running by time left. */
export function needingALook(
  runs: readonly RunSummary[],
  statuses: ReadonlyMap<string, RunStatus>,
  now: number,
): RunSummary[] {
  return runs
    .filter((run) => isActive(run) || failedLately(run, now))
    .map((run) => ({ run, urgency: urgency(run, statuses.get(run.run_id)) }))
    .sort((a, b) => a.urgency - b.urgency || (a.run.eta_seconds ?? Number.MAX_VALUE) - (b.run.eta_seconds ?? Number.MAX_VALUE))
    .map(({ run }) => run);
}
