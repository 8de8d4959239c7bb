/** What the page tells to the page that frames or opened it, in the words of Trackio: what is seen now, and that it may be asked. */
import { readSearch } from '../metrics/catalogue';
import type { Workspace } from '../workspace.svelte';

const PROTOCOL = 'trackio-view';
const VERSION = 1;

/** The state of the view as programs of Trackio read it. */
export interface ViewState {
  page: string;
  project: string | null;
  space_id: string | null;
  runs: { name: string; id: string }[];
  x_axis: string;
  x_range: [number, number] | null;
  /** In per cent. */
  smoothing: number;
  log_x: boolean;
  log_y: boolean;
  metric_filter: string | null;
  metrics: string[];
  metrics_on_screen: string[];
  latest_x: number | null;
  captured_at: string;
  view_url: string;
}

declare global {
  interface Window {
    trackio?: { getViewState?: () => ViewState; protocolVersion?: number };
  }
}

/** A chart counts as seen when half of it is. */
function isSeen(chart: Element): boolean {
  const { top, bottom, left, right, width, height } = chart.getBoundingClientRect();
  const seenHeight = Math.min(bottom, innerHeight) - Math.max(top, 0);
  const seenWidth = Math.min(right, innerWidth) - Math.max(left, 0);
  return width > 0 && height > 0 && seenHeight >= height / 2 && seenWidth >= width / 2;
}

function onScreen(known: ReadonlySet<string>): string[] {
  const charts = [...document.querySelectorAll('main article[aria-label]')].filter(isSeen);
  return [...new Set(charts.map((chart) => chart.getAttribute('aria-label') ?? ''))].filter((name) => known.has(name));
}

/** The regular expression that finds what is searched for. */
function expressionOf(search: string): string | null {
  if (search === '') return null;
  const expression = /^\/(.*)\/$/s.exec(search);
  return expression ? expression[1] : search.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}

function stateOf(workspace: Workspace): ViewState {
  const { view, drawn, chosen, keys, project } = workspace;
  const metrics = (keys ?? []).filter(readSearch(view.search).matches);
  const isOfSteps = view.x === 'auto' || view.x === 'step';
  const steps = drawn.flatMap(({ step }) => step ?? []);
  return {
    page: view.page,
    project,
    space_id: null,
    runs: chosen.map(({ run, run_id }) => ({ name: run, id: run_id })),
    x_axis: view.x === 'auto' ? 'step' : view.x,
    x_range: view.window === null ? null : [view.window.from, view.window.to],
    smoothing: Math.round(view.smoothing * 100),
    log_x: view.logX,
    log_y: view.logY,
    metric_filter: expressionOf(view.search),
    metrics,
    metrics_on_screen: onScreen(new Set(metrics)),
    latest_x: isOfSteps && steps.length > 0 ? Math.max(...steps) : null,
    captured_at: new Date().toISOString(),
    view_url: new URL(workspace.address, location.href).href,
  };
}

/** Answers those who ask from this origin, and says so to the windows around; the answer ends it. */
export function offerViewState(workspace: Workspace): () => void {
  const getViewState = () => stateOf(workspace);

  function onmessage({ data, source, origin }: MessageEvent): void {
    // Names and figures of runs are for pages of this server alone.
    if (origin !== location.origin || source === null || typeof data !== 'object' || data === null) return;
    const { protocol, type, id = null }: Record<string, unknown> = { ...data };
    if (protocol !== PROTOCOL || type !== 'getState') return;
    source.postMessage({ protocol: PROTOCOL, version: VERSION, type: 'state', id, state: getViewState() }, { targetOrigin: origin });
  }

  addEventListener('message', onmessage);
  window.trackio = { ...window.trackio, getViewState, protocolVersion: VERSION };
  const around = new Set([parent, opener as Window | null]);
  around.delete(window);
  // That there is a page says nothing about what is on it.
  for (const other of around) other?.postMessage({ protocol: PROTOCOL, version: VERSION, type: 'ready', capabilities: ['getState'] }, '*');
  return () => {
    removeEventListener('message', onmessage);
    delete window.trackio?.getViewState;
    delete window.trackio?.protocolVersion;
  };
}
