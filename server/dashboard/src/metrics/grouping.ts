/** Runs drawn as groups: those that have the same value of a field. */
import type { RunSummary } from '../api/client';
import type { RunGroup } from '../api/seriesStore';
import { titleOf, valueOf, type Facts, type Field } from '../runs/fields';

/** More groups than this tell nothing apart. */
const MOST_CHOICES = 200;

function textOf(field: Field, run: RunSummary, facts: Facts): string {
  const value = valueOf(field, run, facts);
  const text = Array.isArray(value) ? value.join(', ') : value == null ? '' : String(value);
  const named = field.of === 'config' ? `${titleOf(field)} ` : '';
  return text === '' ? `${titleOf(field)} not set` : named + text;
}

/** The groups in the order in which they began: a group keeps its colour when others come. */
export function groupsBy(field: Field, runs: readonly RunSummary[], facts: Facts): RunGroup[] {
  const groups = new Map<string, RunSummary[]>();
  for (const run of [...runs].sort((a, b) => a.colour_slot - b.colour_slot)) {
    const name = textOf(field, run, facts);
    const members = groups.get(name);
    if (members) members.push(run);
    else groups.set(name, [run]);
  }
  return [...groups].map(([name, members]) => ({ name, runs: members }));
}

/** The settings by which runs can be grouped: those in which they differ, without those that are another for each run. */
export function groupable(runs: readonly RunSummary[], { settings, configs }: Facts): string[] {
  if (configs === null) return [];
  const differing = settings.filter((setting) => {
    const values = new Set(runs.map((run) => configs.get(run.run_id)?.get(setting)));
    return values.size > 1 && values.size < runs.length;
  });
  return differing.slice(0, MOST_CHOICES);
}
