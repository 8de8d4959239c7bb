/** The parts of the page of one run, and what the address keeps of it. */
import { TRACE_ORDERS, type TraceOrder } from '../api/traces';
import type { ConsoleOptions } from '../console/options';
import type { MediaView } from '../media/views';
import { flagParameter, numberParameter, pageParameters, textParameter, wordParameter, type PageParameters } from '../parameters';
import { looksParameter, type TableLooks } from '../tables/looks';

export const TABS = ['overview', 'charts', 'console', 'system', 'config', 'media', 'traces', 'files'] as const;
export type TabName = (typeof TABS)[number];

export const TAB_TITLES: Readonly<Record<TabName, string>> = {
  overview: 'Overview',
  charts: 'Charts',
  console: 'Console',
  system: 'System',
  config: 'Config',
  media: 'Media',
  traces: 'Traces',
  files: 'Files',
};

export interface RunView {
  tab: TabName;
  /** What is searched for in the console, the config, the traces or the files, whichever is shown. */
  find: string;
  only_found: boolean;
  stream: ConsoleOptions['stream'];
  rank: number | null;
  wrap: boolean;
  /** Id or name of the run that the config is laid beside; `-`: none, empty: the one labelled so. */
  baseline: string;
  /** Id of the file that is looked at; empty: none. */
  file: string;
  /** What of the media is shown. */
  show: MediaView;
  /** The step of the media or of the traces; null: the newest, or all. */
  step: number | null;
  /** Filters and orders of tables. */
  tables: TableLooks;
  order: TraceOrder;
  /** Id of the trace that is looked at; empty: none. */
  trace: string;
}

export const RUN_VIEW: PageParameters<RunView> = pageParameters({
  tab: wordParameter(TABS),
  find: textParameter(),
  only_found: flagParameter,
  stream: wordParameter(['all', 'stdout', 'stderr']),
  rank: numberParameter(null),
  wrap: flagParameter,
  baseline: textParameter(),
  file: textParameter(),
  show: wordParameter<MediaView>(['media', 'tables', 'histograms']),
  step: numberParameter(null),
  tables: looksParameter,
  order: wordParameter<TraceOrder>(TRACE_ORDERS),
  trace: textParameter(),
});

/** What the address keeps when another part is opened: what was searched for in one means nothing in the next. */
export function ownOfTab({ wrap, baseline }: RunView, tab: TabName): Record<string, string> {
  return addressed({ tab, wrap, baseline });
}

/** What it keeps when another run is opened: the same part of it, shown in the same way. */
export function ownOfNext({ tab, wrap, baseline, show, order }: RunView): Record<string, string> {
  return addressed({ tab, wrap, baseline, show, order });
}

function addressed(part: Partial<RunView>): Record<string, string> {
  const kept = Object.entries(RUN_VIEW.write(part));
  return Object.fromEntries(kept.flatMap(([name, value]) => (value === null ? [] : [[name, value]])));
}

/** How the console is looked at. */
export function consoleOptions(view: RunView): ConsoleOptions {
  return { search: view.find, onlyFound: view.only_found, stream: view.stream, rank: view.rank, wrap: view.wrap };
}

/** A change of that, as the page keeps it. */
export function ofConsoleOptions({ search, onlyFound, ...rest }: Partial<ConsoleOptions>): Partial<RunView> {
  return { ...rest, ...(search === undefined ? {} : { find: search }), ...(onlyFound === undefined ? {} : { only_found: onlyFound }) };
}
