/** The part of the view that the address carries, so that a link shows what was seen. Links of Trackio are understood. */
import { isFrozen } from './frozen/frozen';
import { escapedForRegex } from './metrics/catalogue';

import { SMOOTHING_KINDS, type Drawing } from './charts/drawing';

/** In the order of their tabs; `shell/pages.ts` says what each is. */
export const PAGES = ['metrics', 'runs', 'run', 'compare', 'media', 'traces', 'artifacts', 'alerts', 'reports', 'files', 'settings'] as const;
export type PageName = (typeof PAGES)[number];

/** Parameters of the page that is shown, as they stand in the address; a record of `parameters.ts` beside the page reads them. */
export type OwnParameters = Readonly<Record<string, string>>;

/** Which runs are drawn: these only, or all but these. Ids or names. */
export interface RunChoice {
  only: boolean;
  runs: readonly string[];
}

/** What stands around the page, by the parameters of Trackio; pages in a frame leave out what they do not need. */
export interface Frame {
  /** The column of runs. */
  sidebar: 'visible' | 'collapsed' | 'hidden';
  hasNavbar: boolean;
  /** Tabs of what the project has nothing of are left out, not dim. */
  hidesEmptyTabs: boolean;
  /** Names of groups stand over the charts. */
  hasGroupNames: boolean;
  /** Null: as this browser keeps it. */
  theme: 'light' | 'dark' | null;
}

export const MOST_PLOTS_PER_ROW = 6;

export interface View extends Drawing {
  page: PageName;
  /** Project as spelled by the link; null: the page chooses. */
  project: string | null;
  /** Id or name of the focused run; null: the page chooses. */
  run: string | null;
  /** What the metrics are searched for: words, or `/regex/`. */
  search: string;
  /** What the runs are filtered by: words, or `/regex/`. */
  filter: string;
  choice: RunChoice;
  /** Runs that stand first in the column, whatever the filter; ids or names. */
  pinnedRuns: readonly string[];
  /** Metrics that stand first; null: the page chooses. */
  pinned: readonly string[] | null;
  /** Groups of metrics that are folded. */
  folded: readonly string[];
  /** Metric shown alone over the whole page. */
  open: string | null;
  /** The lanes under the first sentence are hidden. */
  stripFolded: boolean;
  /** Null: as many as fit. */
  plotsPerRow: number | null;
  frame: Frame;
  own: OwnParameters;
}

/** Names the page of a snapshot. */
const PAGE_PARAMETER = 'page';
export const MOST_SMOOTHING = 0.99;
export const DEFAULT_SMOOTHING = 0.9;
const EVERY_RUN: RunChoice = { only: false, runs: [] };

export function readNumber(text: string | null): number | null {
  if (text === null || text.trim() === '') return null;
  const number = Number(text);
  return Number.isFinite(number) ? number : null;
}

/** Trackio's links give smoothing in per cent. */
function readSmoothing(text: string | null): number {
  const number = readNumber(text);
  if (number === null) return DEFAULT_SMOOTHING;
  const share = number >= 1 ? number / 100 : number;
  return Math.min(Math.max(share, 0), MOST_SMOOTHING);
}

/** Items may hold commas of their own. */
export const readList = (text: string | null): string[] => (text ?? '').split(',').filter(Boolean).map(unescapeItem);
export const writeList = (items: readonly string[]): string | null => (items.length === 0 ? null : items.map(escapeItem).join(','));
const escapeItem = (item: string) => item.replaceAll('~', '~0').replaceAll(',', '~1');
const unescapeItem = (item: string) => item.replaceAll('~1', ',').replaceAll('~0', '~');

/** Trackio names metrics by a regular expression, or in old links one by one. */
function readSearch(parameters: URLSearchParams): string {
  const own = parameters.get('search');
  if (own !== null) return own;
  const expression = parameters.get('metric_filter');
  if (expression) return `/${expression}/`;
  const names = (parameters.get('metrics') ?? '').split(',').filter(Boolean);
  return names.length === 0 ? '' : `/^(${names.map(escapedForRegex).join('|')})$/`;
}

function readFrame(parameters: URLSearchParams): Frame {
  const sidebar = parameters.get('sidebar');
  const theme = parameters.get('__theme');
  return {
    sidebar: sidebar === 'collapsed' || sidebar === 'hidden' ? sidebar : 'visible',
    hasNavbar: parameters.get('navbar') !== 'hidden',
    hidesEmptyTabs: parameters.get('hide_empty_tabs') === 'true',
    hasGroupNames: parameters.get('accordion') !== 'hidden',
    theme: theme === 'light' || theme === 'dark' ? theme : null,
  };
}

function readPlotsPerRow(text: string | null): number | null {
  const number = readNumber(text);
  return number !== null && Number.isInteger(number) && number >= 1 && number <= MOST_PLOTS_PER_ROW ? number : null;
}

function readChoice(parameters: URLSearchParams): RunChoice {
  const only = readList(parameters.get('run_ids') ?? parameters.get('runs'));
  if (only.length > 0) return { only: true, runs: only };
  const hidden = readList(parameters.get('hide'));
  return hidden.length > 0 ? { only: false, runs: hidden } : EVERY_RUN;
}

/** Names of parameters that all pages share; those of Trackio are read, and written under ours. */
export const SHARED_PARAMETERS: ReadonlySet<string> = new Set([
  ...['project', 'run', 'x', 'from', 'to', 'smoothing', 'smoothing_kind', 'log_x', 'log_y', 'outliers', 'search', 'filter', 'run_ids', 'hide', 'pin_runs'],
  ...['pin', 'fold', 'open', 'strip', 'plots_per_row', 'accordion', 'sidebar', 'navbar', 'hide_empty_tabs', '__theme'],
  ...['selected_project', 'selected_run', 'selected_run_id', 'runs', 'metric_filter', 'metrics', 'x_axis', 'x-axis', 'xmin', 'xmax'],
]);

/** Last part of the path that names a page, which may be served below a path; a snapshot has one file for all pages and names them in the query. */
function readPage(pathname: string, parameters: URLSearchParams): PageName {
  const name = pathname.slice(pathname.lastIndexOf('/') + 1);
  const asked = (isFrozen ? parameters.get(PAGE_PARAMETER) : null) ?? name;
  return PAGES.find((page) => page === asked) ?? 'metrics';
}

/** Whether an address names a page, rather than whatever is of use. */
export function namesPage(pathname: string, search: string): boolean {
  return isFrozen ? new URLSearchParams(search).has(PAGE_PARAMETER) : !pathname.endsWith('/');
}

/** Reads the view from path and query of the address; what makes no sense counts as absent. */
export function readView(pathname: string, search: string): View {
  const parameters = new URLSearchParams(search);
  const either = (...names: string[]) => names.map((name) => parameters.get(name)).find(Boolean) ?? null;
  const from = readNumber(either('from', 'xmin'));
  const to = readNumber(either('to', 'xmax'));
  return {
    page: readPage(pathname, parameters),
    project: either('project', 'selected_project'),
    run: either('run', 'selected_run_id', 'selected_run'),
    x: either('x', 'x_axis', 'x-axis') ?? 'auto',
    window: from !== null && to !== null && from < to ? { from, to } : null,
    smoothing: readSmoothing(parameters.get('smoothing')),
    smoothingKind: SMOOTHING_KINDS.find((kind) => kind === parameters.get('smoothing_kind')) ?? null,
    logX: parameters.get('log_x') === '1',
    logY: parameters.get('log_y') === '1',
    keepOutliers: parameters.get('outliers') === 'keep',
    search: readSearch(parameters),
    filter: parameters.get('filter') ?? '',
    choice: readChoice(parameters),
    pinnedRuns: readList(parameters.get('pin_runs')),
    pinned: parameters.has('pin') ? readList(parameters.get('pin')) : null,
    folded: readList(parameters.get('fold')),
    open: either('open'),
    stripFolded: parameters.get('strip') === 'folded',
    plotsPerRow: readPlotsPerRow(parameters.get('plots_per_row')),
    frame: readFrame(parameters),
    own: Object.fromEntries([...parameters].filter(([name]) => !SHARED_PARAMETERS.has(name) && !(isFrozen && name === PAGE_PARAMETER))),
  };
}

/** Path and query of the view, where `pathname` is that of any page; what is default is left out. */
export function writeView(pathname: string, view: View): string {
  const parameters = new URLSearchParams();
  const put = (name: string, value: string | null) => {
    if (value !== null && value !== '') parameters.set(name, value);
  };
  put('project', view.project);
  put('run', view.run);
  put('x', view.x === 'auto' ? null : view.x);
  put('from', view.window === null ? null : String(view.window.from));
  put('to', view.window === null ? null : String(view.window.to));
  put('smoothing', view.smoothing === DEFAULT_SMOOTHING ? null : String(view.smoothing));
  put('smoothing_kind', view.smoothingKind);
  put('log_x', view.logX ? '1' : null);
  put('log_y', view.logY ? '1' : null);
  put('outliers', view.keepOutliers ? 'keep' : null);
  put('search', view.search);
  put('filter', view.filter);
  put('run_ids', view.choice.only ? writeList(view.choice.runs) : null);
  put('hide', view.choice.only ? null : writeList(view.choice.runs));
  put('pin_runs', writeList(view.pinnedRuns));
  if (view.pinned !== null) parameters.set('pin', writeList(view.pinned) ?? '');
  put('fold', writeList(view.folded));
  put('open', view.open);
  put('strip', view.stripFolded ? 'folded' : null);
  put('plots_per_row', view.plotsPerRow === null ? null : String(view.plotsPerRow));
  put('sidebar', view.frame.sidebar === 'visible' ? null : view.frame.sidebar);
  put('navbar', view.frame.hasNavbar ? null : 'hidden');
  put('hide_empty_tabs', view.frame.hidesEmptyTabs ? 'true' : null);
  put('accordion', view.frame.hasGroupNames ? null : 'hidden');
  put('__theme', view.frame.theme);
  for (const [name, value] of Object.entries(view.own)) parameters.set(name, value);
  const folder = pathname.slice(0, pathname.lastIndexOf('/') + 1);
  if (isFrozen) {
    if (view.page !== 'metrics') parameters.set(PAGE_PARAMETER, view.page);
    return `${pathname}${parameters.size === 0 ? '' : `?${parameters.toString()}`}`;
  }
  const text = parameters.toString();
  return `${folder}${view.page === 'metrics' ? '' : view.page}${text === '' ? '' : `?${text}`}`;
}

/** `search` without the write token, which must not stay in the address bar, the history or a copied link. */
export function withoutToken(search: string): string {
  const parameters = new URLSearchParams(search);
  if (!parameters.has('write_token')) return search;
  parameters.delete('write_token');
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}
