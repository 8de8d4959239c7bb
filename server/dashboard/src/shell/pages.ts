/** The pages there are: one table, from which tabs, keys and the palette are made and the pages are loaded. */
import type { Component } from 'svelte';
import { PAGES, type PageName } from '../address';
import type { Contents } from '../api/client';
import type { Workspace } from '../workspace.svelte';

/** What the shell hands to every page; a page takes what it needs. */
export interface PageProps {
  workspace: Workspace;
  /** Shows the column of runs, which lies over the page on a narrow screen. */
  onruns: () => void;
}

export interface PageEntry {
  title: string;
  /** Path of its sign on 16 by 16. */
  sign: string;
  /** Opens it after `g`; absent: no key does. */
  key?: string;
  /** False: it is reached from what it shows, not by a tab. */
  hasTab?: false;
  /** The column of runs stands at its left. */
  hasColumn?: true;
  /** What must be there for it to show something; absent: runs. */
  needs?: 'project' | 'nothing';
  /** Its tab is dim where the project has nothing of this. */
  content?: keyof Contents;
  /** Figure beside its title; null: not known. */
  count?: (workspace: Workspace) => number | null;
  /** Its code comes when it is first opened. */
  load: () => Promise<{ default: Component<PageProps> }>;
}

export const PAGE_ENTRIES: Readonly<Record<PageName, PageEntry>> = {
  metrics: { title: 'Metrics', sign: 'M2 13.5h12M2.5 10.5 6 6l3 2.5L13.5 3', key: 'm', hasColumn: true, load: () => import('../pages/MetricsPage.svelte') },
  runs: { title: 'Runs', sign: 'M2 4h12M2 8h12M2 12h12', key: 'r', count: ({ runs }) => runs?.length ?? null, load: () => import('../pages/RunsPage.svelte') },
  compare: { title: 'Compare', sign: 'M2.5 3v10M2.5 8h3.5M10 8h3.5M13.5 3v10M8 2v12', key: 'c', load: () => import('../pages/ComparePage.svelte') },
  media: {
    title: 'Media',
    sign: 'M2.5 3h11v10h-11ZM2.5 11l3.5-3.5 3 3 2-2 2.5 2.5M10.5 6h.01',
    key: 'i',
    content: 'media',
    hasColumn: true,
    load: () => import('../pages/MediaPage.svelte'),
  },
  traces: {
    title: 'Traces',
    sign: 'M2.5 3.5h11v7h-6l-3 3v-3h-2Z',
    key: 't',
    hasColumn: true,
    content: 'traces',
    load: () => import('../pages/TracesPage.svelte'),
  },
  reports: {
    title: 'Reports',
    sign: 'M4 2h5.5L12.5 5v9H4ZM9.5 2v3h3M6 8h4.5M6 10.5h4.5',
    key: 'p',
    content: 'reports',
    load: () => import('../pages/ReportsPage.svelte'),
  },
  artifacts: {
    title: 'Artifacts',
    sign: 'M8 2 13.5 5v6L8 14 2.5 11V5ZM2.5 5 8 8l5.5-3M8 8v6',
    key: 'v',
    content: 'artifacts',
    count: ({ contents }) => contents?.artifacts || null,
    needs: 'project',
    load: () => import('../pages/ArtifactsPage.svelte'),
  },
  files: {
    title: 'Files',
    sign: 'M2 4.5h4.5L8 6h6v7H2Z',
    key: 'f',
    content: 'files',
    needs: 'project',
    load: () => import('../pages/FilesPage.svelte'),
  },
  run: { title: 'Run', sign: 'M2 8h3l2-4 3 8 2-4h2', hasTab: false, load: () => import('../pages/RunPage.svelte') },
  alerts: { title: 'Alerts', count: ({ contents }) => contents?.alerts || null, sign: 'M8 2a4 4 0 0 1 4 4v3l1.5 2.5h-11L4 9V6a4 4 0 0 1 4-4ZM6.5 13.5h3', key: 'a', load: () => import('../pages/AlertsPage.svelte') },
  settings: { title: 'Settings', sign: 'M2.5 5h7M12.5 5h1M2.5 11h1M6.5 11h7M11 3.5v3M5 9.5v3', key: ',', hasTab: false, needs: 'nothing', load: () => import('../pages/SettingsPage.svelte') },
};

export const TABS = PAGES.filter((page) => PAGE_ENTRIES[page].hasTab !== false);

export function pageOfKey(key: string): PageName | undefined {
  return PAGES.find((page) => PAGE_ENTRIES[page].key === key);
}

/** The project is known to have nothing that the page could show. */
export function isEmpty(page: PageName, { contents }: Workspace): boolean {
  const { content } = PAGE_ENTRIES[page];
  return content !== undefined && contents !== null && !contents[content];
}

/** Follows a link within the page unless the browser is asked for a window of its own. */
export function follow(event: MouseEvent, go: () => void): void {
  if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go();
}
