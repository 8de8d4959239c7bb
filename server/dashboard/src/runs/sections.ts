/** The runs of the left column: which are seen, in which sections, and which of them are drawn. */
import type { RunChoice } from '../address';
import type { RunStatus, RunSummary } from '../api/client';
import type { RunGroup } from '../api/seriesStore';
import { appearanceOf, type Appearance } from './appearance';
import { isActive } from './attention';
import { worstFinding } from './finding';

export interface Section {
  title: string;
  runs: readonly RunSummary[];
  /** Of the line that shows all of its runs together. */
  appearance?: Appearance;
}

/** Whether a run is among these ids or names. */
export const isNamed = (names: readonly string[], run: RunSummary): boolean => names.includes(run.run_id) || names.includes(run.run);

/** Whether the charts show a run. */
export function isDrawn(run: RunSummary, choice: RunChoice): boolean {
  return isNamed(choice.runs, run) === choice.only;
}

/** The choice after the swatch of a run was clicked. */
export function toggled(choice: RunChoice, run: RunSummary): RunChoice {
  const rest = choice.runs.filter((name) => name !== run.run_id && name !== run.run);
  return { only: choice.only, runs: rest.length < choice.runs.length ? rest : [...rest, run.run_id] };
}

/** Only this run; all again where it was the only one. */
export function soloed(choice: RunChoice, run: RunSummary): RunChoice {
  const alone = choice.only && choice.runs.length === 1 && isNamed(choice.runs, run);
  return alone ? { only: false, runs: [] } : { only: true, runs: [run.run_id] };
}

/** Adds or removes a name; ids and names are both taken for the run. */
export function pinToggled(pinned: readonly string[], run: RunSummary): string[] {
  const rest = pinned.filter((name) => name !== run.run_id && name !== run.run);
  return rest.length < pinned.length ? rest : [...rest, run.run_id];
}

function needsALook(run: RunSummary, status: RunStatus | undefined): boolean {
  if (!isActive(run)) return false;
  const severity = worstFinding(status)?.severity;
  return run.state === 'stalled' || severity === 'critical' || severity === 'warning';
}

/** Sections in the order in which they are read; empty ones are left out. The best of the finished runs stands first. */
export function sectionsOf(
  runs: readonly RunSummary[],
  all: readonly RunSummary[],
  statuses: ReadonlyMap<string, RunStatus>,
  pinned: readonly string[],
): Section[] {
  const sections: Record<'pinned' | 'look' | 'running' | 'failed' | 'finished', RunSummary[]> = {
    pinned: all.filter((run) => isNamed(pinned, run)),
    look: [],
    running: [],
    failed: [],
    finished: [],
  };
  for (const run of runs) {
    if (isNamed(pinned, run)) continue;
    if (needsALook(run, statuses.get(run.run_id))) sections.look.push(run);
    else if (isActive(run)) sections.running.push(run);
    else sections[run.state === 'finished' ? 'finished' : 'failed'].push(run);
  }
  sections.finished.sort((a, b) => (a.loss ?? Infinity) - (b.loss ?? Infinity) || 0);
  return [
    { title: 'Pinned', runs: sections.pinned },
    { title: 'Needs a look', runs: sections.look },
    { title: 'Running', runs: sections.running },
    { title: 'Failed', runs: sections.failed },
    { title: 'Finished', runs: sections.finished },
  ].filter((section) => section.runs.length > 0);
}

/** A section for each group that is drawn, and one for the runs that are not. */
export function sectionsOfGroups(groups: readonly RunGroup[], listed: readonly RunSummary[]): Section[] {
  const grouped = new Set(groups.flatMap(({ runs }) => runs));
  const others = listed.filter((run) => !grouped.has(run));
  const sections: Section[] = groups.map(({ name, runs }, slot) => ({ title: name, runs, appearance: appearanceOf(slot, groups.length) }));
  return others.length === 0 ? sections : [...sections, { title: 'Not drawn', runs: others }];
}
