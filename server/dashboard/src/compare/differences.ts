/** The table of differences: how the compared runs fare, and where their settings, code and environment are not the same. */
import type { RunDetail, RunStatus, RunSummary } from '../api/client';
import { parseDiff } from '../code/unifiedDiff';
import { formatCount, formatFigure, formatSetting, formatShare, formatSpan, NO_VALUE } from '../format';
import { differing } from '../runs/configs';
import { criticalWord } from '../runs/finding';
import { figureOf, titleOf, type Findable, type Quantity } from './quantity';
import { isLowerBetterOf } from './selection';

export interface Cell {
  /** As it is shown. */
  text: string;
  /** As it is copied. */
  value: number | string | null;
  /** The best of its row. */
  best: boolean;
  /** Not what the baseline has. */
  changed: boolean;
  /** Added to the text, in the colour of what is critical. */
  critical: string | null;
  /** What is cut or left out of the text. */
  full: string | null;
}

export interface Row {
  name: string;
  /** Figures stand in columns. */
  figures: boolean;
  cells: Cell[];
}

export interface Section {
  title: string;
  /** How much is the same, and so not listed. */
  note: string;
  rows: Row[];
}

/** What a run was made with, as far as it is known. */
export interface Origin {
  detail: RunDetail;
  /** Changes that were not committed; null when none are kept. */
  diff: string | null;
}

const cellOf = (part: Partial<Cell> & Pick<Cell, 'text' | 'value'>): Cell => ({ best: false, changed: false, critical: null, full: null, ...part });

function stateCell(run: RunSummary, status: RunStatus | undefined): Cell {
  const words = run.state === 'running' && run.progress != null ? `running, ${formatShare(run.progress)}` : run.state;
  return cellOf({ text: words, value: run.state, critical: criticalWord(status) });
}

/** Cells of figures, the best one marked where some run is worse. */
function figureRow(name: string, figures: readonly (number | null)[], format: (value: number) => string, lowerIsBetter: boolean | null): Row {
  const present = figures.filter((figure) => figure !== null);
  const worth = (figure: number) => (lowerIsBetter === true ? figure : -figure);
  const best = lowerIsBetter === null || new Set(present).size < 2 ? null : present.reduce((a, b) => (worth(b) < worth(a) ? b : a));
  return {
    name,
    figures: true,
    cells: figures.map((figure) => cellOf({ text: figure === null ? NO_VALUE : format(figure), value: figure, best: best !== null && figure === best })),
  };
}

/** How the runs fare. `reached`: steps to the value of that name, when they are known. */
export function outcomeSection(
  runs: readonly RunSummary[],
  statuses: ReadonlyMap<string, RunStatus>,
  facts: ReadonlyMap<string, Findable>,
  quantities: readonly Quantity[],
  reached: { name: string; steps: ReadonlyMap<string, number | null> } | null,
): Section {
  const rows: Row[] = [{ name: 'state', figures: false, cells: runs.map((run) => stateCell(run, statuses.get(run.run_id))) }];
  for (const quantity of quantities) {
    const figures = runs.map((run) => figureOf(facts.get(run.run_id), quantity));
    rows.push(figureRow(titleOf(quantity), figures, formatFigure, quantity.kind === 'config' ? null : isLowerBetterOf(quantity)));
  }
  if (reached !== null) rows.push(figureRow(reached.name, runs.map((run) => reached.steps.get(run.run_id) ?? null), formatCount, true));
  rows.push(figureRow('time', runs.map((run) => run.elapsed_seconds ?? null), formatSpan, null));
  return { title: 'Differences', note: '', rows };
}

/** Rows of what is not the same in all runs. A value that is not the baseline's is marked. A run of which nothing is known differs in nothing. */
function differenceRows(values: readonly ReadonlyMap<string, Cell>[], baseline: number): Row[] {
  const keys = values.map((cells) => new Map([...cells].map(([name, { value }]) => [name, JSON.stringify(value)])));
  const known = keys.filter((cells) => cells.size > 0);
  const isKnown = (i: number) => keys[i] !== undefined && keys[i].size > 0;
  return differing(known).map((name) => ({
    name,
    figures: values.every((cells) => typeof (cells.get(name)?.value ?? 0) === 'number'),
    cells: values.map((cells, i) => ({ ...(cells.get(name) ?? cellOf({ text: NO_VALUE, value: null })), changed: isKnown(i) && isKnown(baseline) && keys[i].get(name) !== keys[baseline].get(name) })),
  }));
}

function same(values: readonly ReadonlyMap<string, unknown>[], different: number, one: string, many: string): string {
  const all = new Set(values.flatMap((cells) => [...cells.keys()])).size;
  if (all === 0) return '';
  const differ = different === 0 ? '' : `${formatCount(different)} ${different === 1 ? one : many}, `;
  return `${differ}${formatCount(all - different)} ${all - different === 1 ? 'is' : 'are'} the same`;
}

/** In which settings they differ; the rest is counted. */
export function configSection(runs: readonly RunSummary[], facts: ReadonlyMap<string, Findable>, baseline: number): Section {
  const values = runs.map((run) => {
    const settings = facts.get(run.run_id)?.settings ?? new Map<string, never>();
    return new Map([...settings].map(([name, value]) => [name, cellOf({ text: formatSetting(value), value: typeof value === 'boolean' ? String(value) : value })]));
  });
  const rows = differenceRows(values, baseline);
  return { title: 'config', note: same(values, rows.length, 'key differs', 'keys differ'), rows };
}

function codeCell({ detail, diff }: Origin): Cell | null {
  const { git_commit: commit, environment } = detail;
  if (commit == null) return null;
  const files = diff === null ? [] : parseDiff(diff).map(({ path }) => path);
  const changes = files.length > 0 ? ` + ${formatCount(files.length)} ${files.length === 1 ? 'file' : 'files'}` : environment?.git_dirty === true ? ' + changes' : '';
  return cellOf({ text: commit.slice(0, 7) + changes, value: `${commit}${diff === null ? changes : `\n${diff}`}`, full: [commit, ...files].join('\n') });
}

function environmentOf(origin: Origin | undefined): ReadonlyMap<string, Cell> {
  const cells = new Map<string, Cell>();
  if (origin === undefined) return cells;
  const { detail } = origin;
  const { environment } = detail;
  const put = (name: string, value: string | number | null | undefined) => {
    if (value != null && value !== '') cells.set(name, cellOf({ text: String(value), value, full: String(value) }));
  };
  const code = codeCell(origin);
  if (code !== null) cells.set('commit', code);
  put('branch', environment?.git_branch);
  put('repository', environment?.git_remote);
  put('command', detail.command);
  put('directory', environment?.directory);
  put('host', detail.host);
  put('user', environment?.user);
  put('system', environment?.system);
  put('processors', environment?.processors);
  put('python', environment?.python);
  put('interpreter', environment?.executable);
  for (const [name, version] of Object.entries(environment?.packages ?? {})) put(name, version);
  return cells;
}

/** In which code and environment they differ. Null until it is known of all. */
export function originSection(runs: readonly RunSummary[], origins: ReadonlyMap<string, Origin>, baseline: number): Section | null {
  if (runs.some((run) => !origins.has(run.run_id))) return null;
  const values = runs.map((run) => environmentOf(origins.get(run.run_id)));
  const rows = differenceRows(values, baseline);
  return { title: 'code and environment', note: same(values, rows.length, 'differs', 'differ'), rows };
}
