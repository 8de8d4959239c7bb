/** What can be done with runs on the Runs page, by buttons and keys alike. */
import type { OwnParameters } from '../address';
import { changeRun, type RunEdit, type RunSummary } from '../api/client';
import { MAY_ONLY_READ } from '../api/refusal';
import type { Workspace } from '../workspace.svelte';
import { TABLE_PARAMETERS, type TableView } from './parameters';
import { isNamed, pinToggled, toggled } from './sections';

/** A browser has six connections to a server. */
const REQUESTS_TOGETHER = 4;

function changeTable(workspace: Workspace, part: Partial<TableView>): void {
  workspace.changeOwn(TABLE_PARAMETERS.write(part));
}

/** Unfolds a run, or folds it again. */
export function unfold(workspace: Workspace, run: RunSummary): void {
  changeTable(workspace, { details: workspace.table.details === run.run_id ? '' : run.run_id });
}

/** Chooses these runs for the bar at the bottom, or no longer. */
export function select(workspace: Workspace, ids: readonly string[], chosen: boolean): void {
  const rest = workspace.table.select.filter((id) => !ids.includes(id));
  changeTable(workspace, { select: chosen ? [...rest, ...ids] : rest });
}

export function toggleSelected(workspace: Workspace, run: RunSummary): void {
  select(workspace, [run.run_id], !workspace.table.select.includes(run.run_id));
}

/** The chosen runs that are there, in the order of the table; those that the filter leaves out last. */
export function selectedRuns(workspace: Workspace): RunSummary[] {
  const ids = new Set(workspace.table.select);
  if (ids.size === 0) return [];
  const rows = workspace.rows.filter((run) => ids.has(run.run_id));
  const seen = new Set(rows);
  return [...rows, ...(workspace.runs ?? []).filter((run) => ids.has(run.run_id) && !seen.has(run))];
}

/** The run that the others are measured against. */
export function baselineOf(workspace: Workspace): RunSummary | null {
  const { baseline } = workspace.table;
  const runs = workspace.runs ?? [];
  return baseline === '' ? null : (runs.find((run) => run.run_id === baseline) ?? runs.find((run) => run.run === baseline) ?? null);
}

/** Measures the others against this run, or against none any more. */
export function toggleBaseline(workspace: Workspace, run: RunSummary): void {
  changeTable(workspace, { baseline: baselineOf(workspace)?.run_id === run.run_id ? '' : run.run_id });
}

/** Opens the page of a run, beside the baseline where there is one. */
export function openRun(workspace: Workspace, run: RunSummary): void {
  const baseline = baselineOf(workspace);
  workspace.openPage('run', { ...workspace.partOf(run), own: baseline === null ? {} : { baseline: baseline.run_id } });
}

/** Opens the comparison of these runs. */
export function compareRuns(workspace: Workspace, runs: readonly RunSummary[]): void {
  const baseline = baselineOf(workspace);
  const own: OwnParameters = baseline !== null && runs.includes(baseline) ? { baseline: baseline.run_id } : {};
  workspace.openPage('compare', { choice: { only: true, runs: runs.map((run) => run.run_id) }, own });
}

/** Opens the comparison of the chosen runs, of the focused one when none is chosen. */
export function compare(workspace: Workspace): void {
  const chosen = selectedRuns(workspace);
  const runs = chosen.length > 0 ? chosen : workspace.focused ? [workspace.focused] : [];
  if (runs.length > 0) compareRuns(workspace, runs);
}

/** The charts show these runs only. */
export function showOnCharts(workspace: Workspace, runs: readonly RunSummary[]): void {
  workspace.openPage('metrics', { choice: { only: true, runs: runs.map((run) => run.run_id) } });
}

/** Hides the runs in the charts; all of them again where all are hidden. */
export function toggleHidden(workspace: Workspace, runs: readonly RunSummary[]): void {
  const drawn = (run: RunSummary) => isNamed(workspace.view.choice.runs, run) === workspace.view.choice.only;
  const hides = runs.some(drawn);
  let { choice } = workspace.view;
  for (const run of runs) if ((isNamed(choice.runs, run) === choice.only) === hides) choice = toggled(choice, run);
  workspace.change({ choice });
}

export function togglePinned(workspace: Workspace, run: RunSummary): void {
  workspace.change({ pinnedRuns: pinToggled(workspace.view.pinnedRuns, run) });
}

/** Hides the runs everywhere and deletes them when nobody undoes it. */
export function removeRuns(workspace: Workspace, runs: readonly RunSummary[]): void {
  if (workspace.project === null || runs.length === 0) return;
  if (!workspace.mayEdit) {
    // Not hidden first and shown again: the server would refuse.
    workspace.removal.failure = MAY_ONLY_READ;
    return;
  }
  const gone = new Set(runs.map((run) => run.run_id));
  workspace.removal.remove(workspace.project, runs);
  const { select: chosen, details, baseline } = workspace.table;
  changeTable(workspace, { select: chosen.filter((id) => !gone.has(id)), details: gone.has(details) ? '' : details, baseline: gone.has(baseline) ? '' : baseline });
}

/** Changes one run; throws when the server refuses. */
export async function editRun(workspace: Workspace, run: RunSummary, edit: Partial<RunEdit>): Promise<void> {
  workspace.take(await changeRun(run.project, run.run_id, edit));
}

/** Gives all these runs a tag, or takes it from all where each has it; throws the first refusal. */
export async function toggleTag(workspace: Workspace, runs: readonly RunSummary[], tag: string): Promise<void> {
  const takes = runs.every((run) => run.tags.includes(tag));
  const changed = takes ? runs : runs.filter((run) => !run.tags.includes(tag));
  for (let i = 0; i < changed.length; i += REQUESTS_TOGETHER) {
    const part = changed.slice(i, i + REQUESTS_TOGETHER);
    await Promise.all(part.map((run) => editRun(workspace, run, { tags: takes ? run.tags.filter((each) => each !== tag) : [...run.tags, tag] })));
  }
}
