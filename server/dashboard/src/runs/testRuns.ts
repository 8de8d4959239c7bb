/** Runs and statuses for tests: complete, with what a test is about put in. */
import type { Finding, RunStatus, RunSummary } from '../api/client';

export function testRun(part: Partial<RunSummary> = {}): RunSummary {
  const run = part.run ?? 'run';
  return { project: 'p', run, run_id: `id-${run}`, state: 'running', rows: 1, tags: [], colour_slot: 0, summary: '', ...part };
}

export function testStatus(run: RunSummary, findings: Finding[], part: Partial<RunStatus> = {}): RunStatus {
  const { project, run_id, state } = run;
  const alerts = { error: 0, warn: 0, info: 0 };
  return { project, run: run.run, run_id, state, state_source: 'process', findings, alerts, summary: '', ...part };
}

export function byRun(...statuses: RunStatus[]): Map<string, RunStatus> {
  return new Map(statuses.map((status) => [status.run_id, status]));
}
