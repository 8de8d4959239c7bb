/** The lines of the run table from top to bottom, and which of them are seen. */
import type { RunSummary } from '../api/client';
import { fieldOf, STATES, titleOf, valueOf, type Facts } from './fields';
import type { TableView } from './parameters';
import { sorted } from './table';

export type Line =
  | { kind: 'group'; key: string; title: string; runs: readonly RunSummary[] }
  | { kind: 'run'; key: string; run: RunSummary }
  /** What stands below a run that is unfolded. */
  | { kind: 'details'; key: string; run: RunSummary };

export type Heights = Record<Line['kind'], number>;

/** Only the newest run of each name. `runs` are newest first. */
export function latestOfEachName(runs: readonly RunSummary[]): RunSummary[] {
  const names = new Set<string>();
  return runs.filter(({ run }) => !names.has(run) && names.add(run));
}

const order = new Intl.Collator('en', { numeric: true });

/** Runs with the same value of a field together, in their own order; groups by value, runs without one last. */
function grouped(runs: readonly RunSummary[], by: string, facts: Facts): Line[] {
  const field = fieldOf(by, facts);
  if (field === null) return runs.map((run) => ({ kind: 'run', key: run.run_id, run }));
  const groups = new Map<string | null, { value: unknown; runs: RunSummary[] }>();
  for (const run of runs) {
    const value = valueOf(field, run, facts);
    const text = value == null || (Array.isArray(value) && value.length === 0) ? null : Array.isArray(value) ? value.map(String).join(', ') : String(value);
    const group = groups.get(text);
    if (group) group.runs.push(run);
    else groups.set(text, { value, runs: [run] });
  }
  const rank = ([text, { value }]: [string | null, { value: unknown }]) => (text === null ? 2 : typeof value === 'number' ? 0 : 1);
  const sortedGroups = [...groups].sort((a, b) => {
    if (rank(a) !== rank(b)) return rank(a) - rank(b);
    const [left, right] = [a[1].value, b[1].value];
    if (typeof left === 'number' && typeof right === 'number') return left - right;
    if (field.kind === 'state') return STATES.indexOf(left as RunSummary['state']) - STATES.indexOf(right as RunSummary['state']);
    return order.compare(a[0] ?? '', b[0] ?? '');
  });
  const title = titleOf(field);
  return sortedGroups.flatMap(([text, { runs: members }]): Line[] => [
    { kind: 'group', key: text === null ? 'group' : `group ${text}`, title: text === null ? `no ${title}` : `${title} ${text}`, runs: members },
    ...members.map((run) => ({ kind: 'run' as const, key: run.run_id, run })),
  ]);
}

/** All lines. `open` is the id of the run that is unfolded, `groupBy` a field; both may be empty. */
export function linesOf(runs: readonly RunSummary[], groupBy: string, open: string, facts: Facts): Line[] {
  const lines: Line[] = groupBy === '' ? runs.map((run) => ({ kind: 'run', key: run.run_id, run })) : grouped(runs, groupBy, facts);
  const at = lines.findIndex((line) => line.kind === 'run' && line.key === open);
  const line = lines[at];
  if (line?.kind === 'run') lines.splice(at + 1, 0, { kind: 'details', key: `details ${line.key}`, run: line.run });
  return lines;
}

/** The runs of the table in its order; `runs` are newest first. */
export function rowsOf(runs: readonly RunSummary[], { latest, sort, group }: Pick<TableView, 'latest' | 'sort' | 'group'>, facts: Facts): RunSummary[] {
  const rows = sorted(latest ? latestOfEachName(runs) : runs, sort, facts);
  return group === '' ? rows : linesOf(rows, group, '', facts).flatMap((line) => (line.kind === 'run' ? [line.run] : []));
}

/** Where each line begins, and at the end where the last one ends. */
export function topsOf(lines: readonly Line[], heights: Heights): number[] {
  const tops = [0];
  for (const { kind } of lines) tops.push(tops[tops.length - 1] + heights[kind]);
  return tops;
}

/** Lines beyond the edges that are drawn too, so that scrolling finds them there. */
const MARGIN = 6;

/** The lines between `top` and `bottom`, with a few more on each side. */
export function seenLines(tops: readonly number[], top: number, bottom: number): { from: number; to: number } {
  const count = tops.length - 1;
  /** The first line that ends below `place`. */
  const lineAt = (place: number) => {
    let [low, high] = [0, count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (tops[middle + 1] <= place) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return { from: Math.max(0, lineAt(top) - MARGIN), to: Math.min(count, lineAt(bottom) + 1 + MARGIN) };
}

/** The ids between two runs of the table, both included, in its order. */
export function between(runs: readonly RunSummary[], one: string, other: string): string[] {
  const [a, b] = [one, other].map((id) => runs.findIndex((run) => run.run_id === id));
  if (a < 0 || b < 0) return [other];
  return runs.slice(Math.min(a, b), Math.max(a, b) + 1).map((run) => run.run_id);
}
