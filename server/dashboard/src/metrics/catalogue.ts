/** Which charts there are, in groups and in the order in which they are worth a look. */
import type { MetricSummary, ProjectMetric } from '../api/client';

export interface Group {
  /** First part of the names of its metrics; `Pinned` and `metrics` are ours. */
  name: string;
  keys: string[];
}

export const PINNED = 'Pinned';
/** Where metrics stand whose names have no parts. */
const UNNAMED = 'metrics';

const FIRST: readonly string[] = [UNNAMED, 'train', 'eval', 'val', 'validation', 'test', 'rewards', 'perf', 'performance'];
const LAST: readonly string[] = ['system', 'profiling'];
/** Metrics of an evaluation. */
export const MEASURED = /^(eval|val|valid|validation|test)([/_.]|$)/i;

/** What stands before the first slash; a name without one is in `metrics`. */
export function groupOf(key: string): string {
  const slash = key.indexOf('/');
  return slash <= 0 ? UNNAMED : key.slice(0, slash);
}

/** The metrics that anyone wants to see: loss, learning rate, gradient norm, and two of the evaluation. */
export function usuallyPinned(keys: readonly string[], lossKey: string | null): string[] {
  const loss = lossKey ?? keys.find((key) => /(^|[/_])loss$/i.test(key)) ?? null;
  const others = keys.filter((key) => key !== loss);
  const measured = others.filter((key) => MEASURED.test(key) && !/(runtime|per_second|steps|samples)/.test(key));
  const chosen = [
    loss,
    others.find((key) => /(^|[/_.])(learning_rate|lr)(\b|$)/i.test(key)),
    others.find((key) => /grad(ient)?_norm/i.test(key)),
    measured.find((key) => /loss$/i.test(key)),
    measured.find((key) => /acc|f1|score|reward|bleu|rouge|auc/i.test(key)),
  ];
  return [...new Set(chosen.filter((key) => key != null))];
}

const names = new Intl.Collator('en', { numeric: true });

function rankOf(group: string): number {
  const first = FIRST.indexOf(group.toLowerCase());
  if (first >= 0) return first;
  return LAST.includes(group.toLowerCase()) ? FIRST.length + 1 : FIRST.length;
}

/** Losses first in a group, then by name with numbers in order. */
function byWorth(a: string, b: string): number {
  const isLoss = (key: string) => Number(!/loss/i.test(key));
  return isLoss(a) - isLoss(b) || names.compare(a, b);
}

/** All groups in their order; a pinned metric stands in `Pinned` only. */
export function groupsOf(keys: readonly string[], pinned: readonly string[]): Group[] {
  const first = new Set(pinned.filter((key) => keys.includes(key)));
  const byName = new Map<string, string[]>();
  for (const key of keys) {
    if (first.has(key)) continue;
    const name = groupOf(key);
    const group = byName.get(name);
    if (group) group.push(key);
    else byName.set(name, [key]);
  }
  const groups = [...byName]
    // A metric may be named like the group that is ours; no group has a slash in its name.
    .map(([name, members]) => ({ name: name === PINNED ? `${PINNED}/` : name, keys: members.sort(byWorth) }))
    .sort((a, b) => rankOf(a.name) - rankOf(b.name) || names.compare(a.name, b.name));
  return first.size === 0 ? groups : [{ name: PINNED, keys: [...first] }, ...groups];
}

/** A search of texts: all words in any order, or `/a regular expression/` (`^` and `$` of each line; `/…/c` minds case). */
export interface Search {
  matches: (name: string) => boolean;
  /** Finds every place in a text that the search is about; null when it is about nothing. */
  mark: RegExp | null;
  /** What is wrong with the expression; null when it can be used. */
  error: string | null;
}

/** A text as an expression that finds just it. */
export const escapedForRegex = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);

/** Reads what was typed. An expression that is not finished finds nothing wrong with anything. */
export function readSearch(text: string): Search {
  const expression = /^\/(.*?)(?:\/([a-z]*))?$/s.exec(text.trim());
  if (expression && expression[1] !== '') {
    try {
      const found = new RegExp(expression[1], expression[2]?.includes('c') ? 'm' : 'im');
      return { matches: (name) => found.test(name), mark: new RegExp(found.source, `${found.flags}g`), error: null };
    } catch (error) {
      return { matches: () => true, mark: null, error: error instanceof Error ? error.message.replace(/^Invalid regular expression: /, '') : 'not an expression' };
    }
  }
  const words = text.toLowerCase().split(/\s+/).filter((word) => word !== '' && word !== '/');
  const mark = words.length === 0 ? null : new RegExp(words.map(escapedForRegex).join('|'), 'gi');
  return { matches: (name) => words.every((word) => name.toLowerCase().includes(word)), mark, error: null };
}

/** The metrics of several runs by name, without those that `define_metric` hides everywhere. */
export function keysOf(metrics: readonly (readonly (MetricSummary | ProjectMetric)[])[]): string[] {
  const keys = new Set<string>();
  for (const ofRun of metrics) for (const { key, hidden } of ofRun) if (!hidden) keys.add(key);
  return [...keys];
}
