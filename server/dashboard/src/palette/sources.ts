/** Everything the palette can find, in the order of its kinds, made anew for what is typed. */
import { PAGES } from '../address';
import type { RunSummary } from '../api/client';
import { formatCount, formatFigure } from '../format';
import { compareRuns, openRun } from '../runs/actions';
import { readFilter } from '../runs/filter/filter';
import { bestRun } from '../runs/headline';
import { hears, KEYS, perform, type Key, type Shell } from '../shell/keys';
import { PAGE_ENTRIES } from '../shell/pages';
import type { SavedViews } from '../shell/views.svelte';
import type { Workspace } from '../workspace.svelte';
import type { Entry, Source } from './sections';

export interface Handles extends Shell {
  workspace: Workspace;
  views: SavedViews;
}

const CHART = 'M2 13.5h12M2.5 10.5 6 6l3 2.5L13.5 3';
const FUNNEL = 'M2 4h12M4.5 8h7M7 12h2';
const BOOKMARK = 'M4.5 2.5h7v11L8 10.8 4.5 13.5Z';
const PROMPT = 'm3 5 3 3-3 3M8.5 11H13';
const PROJECT = 'M3 14v-4M7 14V7M11 14V9M14 14V3';
/** Sorting thousands of runs by their fit is quick; making as many entries is not needed for those never shown. */
const MOST_RUNS = 2_000;
const MOST_METRICS = 20_000;

const sign = (path: string) => ({ kind: 'sign', path }) as const;

function ofRun({ workspace }: Handles, run: RunSummary): Entry {
  const { focused } = workspace;
  const look = { kind: 'run', run } as const;
  const runOther = focused === null || focused === run ? undefined : () => compareRuns(workspace, [focused, run]);
  return { id: run.run_id, title: run.run, detail: run.summary, shown: '', look, run: () => openRun(workspace, run), runOther };
}

/** The best run under that name, so that it is found by somebody who does not know it. */
function ofBest({ workspace }: Handles, best: RunSummary): Entry {
  const detail = `${best.run}, ${best.loss_key} ${formatFigure(best.loss)}`;
  return { id: '', title: 'Best run', detail, shown: '', look: { kind: 'run', run: best }, run: () => openRun(workspace, best) };
}

function ofKey(handles: Handles, key: Key): Entry {
  const { focused } = handles.workspace;
  const detail = key.onRun && focused ? focused.run : '';
  const title = key.does.charAt(0).toUpperCase() + key.does.slice(1);
  return { id: key.does, title, detail, shown: key.shown, look: sign(PROMPT), run: () => perform(key, handles.workspace, handles) };
}

export function sourcesOf(handles: Handles, typed: string): Source[] {
  const { workspace, views } = handles;
  const runs = workspace.runs ?? [];
  const heard = KEYS.filter((key) => hears(key, workspace.view.page) && (key.run !== null || key.keys.length === 1));
  const best = bestRun(runs);
  const filter = readFilter(typed, workspace.facts);
  const fitting = typed === '' || filter.problem !== null ? [] : runs.filter(filter.matches);
  const filters: Entry[] =
    fitting.length === 0
      ? []
      : [
          {
            id: 'runs',
            title: `Only runs that fit "${typed}"`,
            detail: `${formatCount(fitting.length)} of ${formatCount(runs.length)} runs`,
            shown: '',
            look: sign(FUNNEL),
            run: () => workspace.change({ filter: typed }),
          },
        ];
  return [
    {
      title: 'Runs',
      most: 6,
      mostUntyped: 4,
      entries: [...(best === null ? [] : [ofBest(handles, best)]), ...(typed === '' ? workspace.listed : runs).slice(0, MOST_RUNS).map((run) => ofRun(handles, run))],
    },
    { title: 'On the selected run', most: 4, mostUntyped: 3, entries: workspace.focused === null ? [] : heard.filter((key) => key.onRun).map((key) => ofKey(handles, key)) },
    {
      title: 'Saved views',
      most: 5,
      mostUntyped: 4,
      entries: views.list.map((view) => ({
        id: JSON.stringify([view.project, view.name]),
        title: view.name,
        detail: view.project ?? '',
        shown: '',
        look: sign(BOOKMARK),
        run: () => workspace.openAddress(view.address),
      })),
    },
    {
      title: 'Pages',
      most: 6,
      mostUntyped: PAGES.length,
      entries: PAGES.map((page) => {
        const { title, key, sign: path } = PAGE_ENTRIES[page];
        return { id: page, title, detail: '', shown: key === undefined ? '' : `G ${key.toUpperCase()}`, look: sign(path), run: () => workspace.openPage(page) };
      }),
    },
    {
      title: 'Metrics',
      most: 6,
      mostUntyped: 0,
      entries: (workspace.keys ?? []).slice(0, MOST_METRICS).map((key) => ({
        id: key,
        title: key,
        detail: '',
        shown: '',
        look: sign(CHART),
        run: () => workspace.openPage('metrics', { open: key }),
      })),
    },
    { title: 'Do', most: 6, mostUntyped: 30, entries: heard.filter((key) => !key.onRun).map((key) => ofKey(handles, key)) },
    {
      title: 'Projects',
      most: 5,
      mostUntyped: 0,
      entries: (workspace.projects ?? [])
        .filter(({ project }) => project !== workspace.project)
        .map(({ project, runs: count }) => ({
          id: project,
          title: project,
          detail: `${formatCount(count)} ${count === 1 ? 'run' : 'runs'}`,
          shown: '',
          look: sign(PROJECT),
          run: () => workspace.openProject(project),
        })),
    },
    { title: 'Filter', most: 2, mostUntyped: 0, entries: filters, always: true },
  ];
}
