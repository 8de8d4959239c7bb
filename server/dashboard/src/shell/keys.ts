/** What there is to do and by which key: one table, from which the sheet of keys and the palette are written and the keys are heard. */
import { MOST_SMOOTHING, PAGES, type PageName } from '../address';
import { compare, openRun, removeRuns, selectedRuns, toggleBaseline, toggleHidden, togglePinned, toggleSelected, unfold } from '../runs/actions';
import { soloed, toggled } from '../runs/sections';
import type { Workspace } from '../workspace.svelte';
import { PAGE_ENTRIES } from './pages';
import { theme } from './theme.svelte';

/** What the shell itself can do. */
export interface Shell {
  openKeys: () => void;
  openPalette: () => void;
  openViews: () => void;
}

export interface Key {
  /** As `KeyboardEvent.key` tells it; several do the same. */
  keys: readonly string[];
  /** As the sheet shows it; empty: no key does it, only the palette. */
  shown: string;
  does: string;
  /** Where it is heard; absent: on every page. */
  pages?: readonly PageName[];
  /** It is done with the focused run. */
  onRun?: true;
  /** Null: heard where it belongs, the sheet only tells of it. */
  run: ((workspace: Workspace, shell: Shell) => void) | null;
}

const SMOOTHING_STEP = 0.05;

function smooth(workspace: Workspace, by: number): void {
  const smoothing = Math.min(Math.max(workspace.view.smoothing + by, 0), MOST_SMOOTHING);
  workspace.change({ smoothing: Number(smoothing.toFixed(2)) });
}

async function copySentence(workspace: Workspace): Promise<void> {
  const { focused } = workspace;
  if (focused) await navigator.clipboard?.writeText(`${focused.run}: ${focused.summary}`);
}

/** A theme that the address asks for gives way to the one chosen. */
export function nextTheme(workspace: Workspace): void {
  theme.next();
  workspace.change({ frame: { ...workspace.view.frame, theme: null } });
}

/** Folds the column of runs away, or shows it again. */
export function toggleColumn(workspace: Workspace): void {
  const { frame } = workspace.view;
  workspace.change({ frame: { ...frame, sidebar: frame.sidebar === 'collapsed' ? 'visible' : 'collapsed' } });
}

/** Pages on which a run is focused by key. */
const LISTS: readonly PageName[] = ['metrics', 'runs'];
const CHARTS: readonly PageName[] = ['metrics'];
/** Pages with charts that are zoomed, smoothed and scaled alike. */
const DRAWN: readonly PageName[] = ['metrics', 'run'];
const TABLE: readonly PageName[] = ['runs'];
const ONE_RUN: readonly PageName[] = ['run'];

export const KEYS: readonly Key[] = [
  { keys: [], shown: 'Ctrl K', does: 'search or run a command', run: null },
  { keys: ['j'], shown: 'J', does: 'next run', pages: LISTS, run: (workspace) => workspace.focusNeighbour(1) },
  { keys: ['k'], shown: 'K', does: 'previous run', pages: LISTS, run: (workspace) => workspace.focusNeighbour(-1) },
  {
    keys: ['x'],
    shown: 'X',
    does: 'hide or show the run',
    pages: CHARTS,
    onRun: true,
    run: (workspace) => workspace.focused && workspace.change({ choice: toggled(workspace.view.choice, workspace.focused) }),
  },
  {
    keys: ['o'],
    shown: 'O',
    does: 'only this run, or all',
    pages: LISTS,
    onRun: true,
    run: (workspace) => workspace.focused && workspace.change({ choice: soloed(workspace.view.choice, workspace.focused) }),
  },
  { keys: ['x'], shown: 'X', does: 'select the run', pages: TABLE, onRun: true, run: (workspace) => workspace.focused && toggleSelected(workspace, workspace.focused) },
  { keys: ['d'], shown: 'D', does: 'fold or unfold the run', pages: TABLE, onRun: true, run: (workspace) => workspace.focused && unfold(workspace, workspace.focused) },
  { keys: ['h'], shown: 'H', does: 'hide or show the run in the charts', pages: TABLE, onRun: true, run: (workspace) => workspace.focused && toggleHidden(workspace, [workspace.focused]) },
  { keys: ['b'], shown: 'B', does: 'measure the others against the run', pages: TABLE, onRun: true, run: (workspace) => workspace.focused && toggleBaseline(workspace, workspace.focused) },
  { keys: ['p'], shown: 'P', does: 'pin the run', pages: TABLE, onRun: true, run: (workspace) => workspace.focused && togglePinned(workspace, workspace.focused) },
  { keys: ['c'], shown: 'C', does: 'compare the selected runs', pages: TABLE, run: compare },
  { keys: ['Delete'], shown: 'Del', does: 'delete the selected runs', pages: TABLE, run: (workspace) => removeRuns(workspace, selectedRuns(workspace)) },
  { keys: ['f'], shown: 'F', does: 'open the page of the run', pages: LISTS, onRun: true, run: (workspace) => workspace.focused && openRun(workspace, workspace.focused) },
  { keys: ['j', 'k'], shown: 'J K', does: 'next and previous run', pages: ONE_RUN, run: null },
  { keys: ['c'], shown: 'C', does: 'compare the run', pages: ONE_RUN, run: null },
  { keys: ['n'], shown: 'N', does: 'next finding', pages: ONE_RUN, run: null },
  { keys: ['1'], shown: '1 … 8', does: 'a part of the run', pages: ONE_RUN, run: null },
  { keys: ['y'], shown: 'Y', does: 'copy the sentence of the run', onRun: true, run: (workspace) => void copySentence(workspace) },
  { keys: ['/'], shown: '/', does: 'search metrics or runs', pages: LISTS, run: null },
  { keys: ['ArrowLeft', 'ArrowRight'], shown: '← →', does: 'move the cursor (Shift: 10 times as far)', pages: DRAWN, run: null },
  { keys: ['+', '-'], shown: '+ −', does: 'zoom in and out', pages: DRAWN, run: null },
  { keys: ['0'], shown: '0', does: 'show everything', pages: DRAWN, run: (workspace) => workspace.zoomOut() },
  { keys: ['e'], shown: 'E', does: 'chart on full screen', pages: CHARTS, run: null },
  { keys: ['p'], shown: 'P', does: 'pin the chart', pages: CHARTS, run: null },
  { keys: [',', '.'], shown: ', .', does: 'move the chart', pages: CHARTS, run: null },
  { keys: ['['], shown: '[', does: 'smooth less', pages: DRAWN, run: (workspace) => smooth(workspace, -SMOOTHING_STEP) },
  { keys: [']'], shown: ']', does: 'smooth more', pages: DRAWN, run: (workspace) => smooth(workspace, SMOOTHING_STEP) },
  { keys: ['l'], shown: 'L', does: 'logarithmic y', pages: DRAWN, run: (workspace) => workspace.change({ logY: !workspace.view.logY }) },
  {
    keys: ['r'],
    shown: 'R',
    does: 'over time or steps',
    pages: DRAWN,
    run: (workspace) => workspace.setAxis(workspace.view.x === 'relative_time' ? 'auto' : 'relative_time'),
  },
  { keys: ['s'], shown: 'S', does: 'hide or show the lanes', pages: CHARTS, run: (workspace) => workspace.change({ stripFolded: !workspace.view.stripFolded }) },
  { keys: ['\\'], shown: '\\', does: 'fold or show the column of runs', pages: CHARTS, run: toggleColumn },
  ...PAGES.flatMap((page) => {
    const { title, key } = PAGE_ENTRIES[page];
    return key === undefined ? [] : { keys: [], shown: `G ${key.toUpperCase()}`, does: title.toLowerCase(), run: null };
  }),
  { keys: ['v'], shown: 'V', does: 'saved views, or save this one', run: (_workspace, shell) => shell.openViews() },
  { keys: ['t'], shown: 'T', does: 'light, dark or as the system', run: nextTheme },
  { keys: ['Escape'], shown: 'Esc', does: 'one step back', run: null },
  { keys: ['?'], shown: '?', does: 'these keys', run: (_workspace, shell) => shell.openKeys() },
];

/** Whether the key is heard on this page. */
export const hears = ({ pages }: Key, page: PageName): boolean => pages === undefined || pages.includes(page);

/** What a key does, asked for otherwise; a key that is heard elsewhere is pressed for that. */
export function perform(key: Key, workspace: Workspace, shell: Shell): void {
  if (key.run) key.run(workspace, shell);
  else window.dispatchEvent(new KeyboardEvent('keydown', { key: key.keys[0], cancelable: true }));
}
