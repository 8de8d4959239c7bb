/** What the stream of a project tells, and what it changes in the list of runs. */
import type { RunStatus, RunSummary } from './client';

export interface Delta {
  /** Runs with new rows. */
  rows: { run_id: string; rows: { metrics: Record<string, unknown> }[] }[];
  /** Where the runs stand that have changed. */
  statuses: RunStatus[];
  /** Ids of runs that are no more. */
  deleted: string[];
}

function withStatus(run: RunSummary, status: RunStatus, newRows: number, now: number): RunSummary {
  const age = status.seconds_since_last_row;
  const ended = !['created', 'running', 'stalled'].includes(status.state);
  return {
    ...run,
    state: status.state,
    step: status.step,
    total_steps: status.total_steps,
    progress: status.progress,
    loss_key: status.loss?.key ?? run.loss_key,
    loss: status.loss?.recent ?? run.loss,
    loss_first: status.loss?.first ?? run.loss_first,
    loss_best: status.loss?.best ?? run.loss_best,
    elapsed_seconds: status.elapsed_seconds,
    eta_seconds: status.eta_seconds,
    eta_low_seconds: status.eta_low_seconds,
    eta_high_seconds: status.eta_high_seconds,
    summary: status.summary,
    rows: run.rows + newRows,
    last_row_at: age == null ? run.last_row_at : new Date(now - age * 1_000).toISOString(),
    finished_at: ended ? (run.finished_at ?? new Date(now).toISOString()) : null,
  };
}

/** The runs after a delta, and whether it speaks of runs that are not among them. */
export function withDelta(runs: readonly RunSummary[], delta: Delta, now: number): { runs: RunSummary[]; unknown: boolean } {
  const known = new Set(runs.map((run) => run.run_id));
  const statuses = new Map(delta.statuses.map((status) => [status.run_id, status]));
  const newRows = new Map(delta.rows.map(({ run_id, rows }) => [run_id, rows.length]));
  const deleted = new Set(delta.deleted);
  return {
    runs: runs
      .filter((run) => !deleted.has(run.run_id))
      .map((run) => {
        const status = statuses.get(run.run_id);
        return status ? withStatus(run, status, newRows.get(run.run_id) ?? 0, now) : run;
      }),
    unknown: delta.statuses.some((status) => !known.has(status.run_id)),
  };
}
