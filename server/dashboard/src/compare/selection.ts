/** Which runs are compared, by which target, and over which axes, where the address does not say. */
import { isLowerBetter } from '../charts/line';
import { MEASURED, usuallyPinned } from '../metrics/catalogue';
import type { RunSummary } from '../api/client';
import type { RunChoice } from '../address';
import type { SettingValues } from '../runs/configs';
import { figureOf, idOf, type Findable, type Quantity } from './quantity';

/** Columns of the table of differences; more cannot be read side by side. */
export const MOST_COMPARED = 12;
/** Runs that are proposed. */
const PROPOSED = 4;
/** An axis where fewer runs differ from the others says little. */
const FEWEST_DIFFERING = 3;

/** The metrics worth a row each: the loss and what was evaluated, the most telling first. */
export function usualMetrics(keys: readonly string[], lossKey: string | null): string[] {
  const pinned = usuallyPinned(keys, lossKey);
  const measured = pinned.filter((key) => MEASURED.test(key));
  return [...new Set([...measured, ...pinned.slice(0, 1)])];
}

/** What runs are judged by: the loss of the evaluation, else the loss. */
export function usualTarget(keys: readonly string[], lossKey: string | null): Quantity | null {
  const metrics = usualMetrics(keys, lossKey);
  const name = metrics.find((key) => /loss$/i.test(key)) ?? metrics[0];
  return name === undefined ? null : { kind: 'best', name };
}

/** Whether smaller values of the target are the better ones; of a setting nothing is better. */
export const isLowerBetterOf = ({ kind, name }: Quantity): boolean => kind === 'config' || isLowerBetter(name);

/** Runs with the target, the best first. */
export function ranked(runs: readonly RunSummary[], facts: ReadonlyMap<string, Findable>, target: Quantity): RunSummary[] {
  const sign = isLowerBetterOf(target) ? 1 : -1;
  return runs
    .flatMap((run) => {
      const figure = figureOf(facts.get(run.run_id), target);
      return figure === null ? [] : { run, figure };
    })
    .sort((a, b) => sign * (a.figure - b.figure) || a.run.colour_slot - b.run.colour_slot)
    .map(({ run }) => run);
}

/** The run of this id, else the newest of this name. */
export const findRun = (runs: readonly RunSummary[], name: string): RunSummary | undefined =>
  runs.find(({ run_id }) => run_id === name) ?? runs.find(({ run }) => run === name);

/** Runs that were chosen, in the order of the choice; null where none was, or none of them is there. */
export function chosenRuns(runs: readonly RunSummary[], choice: RunChoice): RunSummary[] | null {
  if (!choice.only) return null;
  const found = new Set(choice.runs.map((name) => findRun(runs, name)).filter((run) => run !== undefined));
  return found.size === 0 ? null : [...found];
}

/** The best runs by the target, of those not hidden; the newest until the target of any is known. */
export function proposedRuns(runs: readonly RunSummary[], choice: RunChoice, facts: ReadonlyMap<string, Findable>, target: Quantity | null): RunSummary[] {
  const hidden = new Set(choice.only ? [] : choice.runs);
  const seen = runs.filter((run) => !hidden.has(run.run_id) && !hidden.has(run.run));
  const best = target === null ? [] : ranked(seen, facts, target);
  return (best.length === 0 ? seen.filter((run) => run.rows > 0) : best).slice(0, PROPOSED);
}

/** How many runs have another value than the commonest one. */
function differingRuns(settings: readonly SettingValues[], name: string): number {
  const counts = new Map<unknown, number>();
  for (const values of settings) counts.set(values.get(name), (counts.get(values.get(name)) ?? 0) + 1);
  return settings.length - Math.max(...counts.values());
}

/** The settings of these in which at least a few runs differ; all of them where there is none. */
export function tellingSettings(names: readonly string[], settings: readonly SettingValues[]): readonly string[] {
  const telling = names.filter((name) => differingRuns(settings, name) >= FEWEST_DIFFERING);
  return telling.length === 0 ? names : telling;
}

/** The settings given, then the usual metrics, the target last; so many as there is room for. */
export function usualAxes(names: readonly string[], settings: readonly SettingValues[], metrics: readonly string[], lossKey: string | null, target: Quantity | null, most: number): Quantity[] {
  const outcomes = metrics.map((name): Quantity => ({ kind: name === lossKey && target?.name !== name ? 'last' : 'best', name }));
  const last = target === null ? [] : [target];
  const between = outcomes.filter((quantity) => target === null || idOf(quantity) !== idOf(target)).reverse();
  const named = tellingSettings(names, settings).map((name): Quantity => ({ kind: 'config', name }));
  const room = Math.max(1, most - last.length - Math.min(between.length, 2));
  const first = named.slice(0, room);
  return [...first, ...between.slice(0, Math.max(0, most - first.length - last.length)), ...last];
}
