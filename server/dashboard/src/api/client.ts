/** Questions to the server: one function for each answer the page needs, and one kind of error. */
import createClient from 'openapi-fetch';
import { isFrozen } from '../frozen/frozen';
import { serverRoot } from './root';
import type { components, paths } from './schema';

export type Contents = components['schemas']['ProjectContents'];
export type ProjectSummary = components['schemas']['ProjectSummary'];
export type RunSummary = components['schemas']['RunSummary'];
export type RunState = components['schemas']['RunState'];
export type RunStatus = components['schemas']['RunStatus'];
export type RunDetail = components['schemas']['RunDetail'];
export type RunDiff = components['schemas']['RunDiff'];
export type RunConfig = components['schemas']['RunConfig'];
export type Finding = components['schemas']['Finding'];
export type MetricSummary = components['schemas']['MetricSummary'];
export type ProjectMetric = components['schemas']['ProjectMetric'];
export type MetricsOfRun = components['schemas']['OfRun_Vec_MetricSummary'];
export type Scope = components['schemas']['Scope'];
export type Series = components['schemas']['Series'];
export type SeriesRequest = components['schemas']['SeriesRequest'];
export type SeriesAnswer = components['schemas']['SeriesResponse'];
export type Band = components['schemas']['Band'];
export type Smoothing = components['schemas']['Smoothing'];
export type RunEdit = components['schemas']['RunEdit'];
export type MetricValue = components['schemas']['MetricValue'];

const REQUEST_TIMEOUT_MS = 15_000;
/** Smoothing goes over every value of long runs. */
const SERIES_TIMEOUT_MS = 60_000;
const VALUES_OF_A_PAGE = 10_000;

/** An answer of the server that is not a success. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly hint: string,
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

export { serverRoot };
/** A snapshot has no server: its files answer, by code that comes when they are first asked. */
const answerer = { fetch: async (request: Request) => (await import('../frozen/answer')).answer(request) };
export const client = createClient<paths>({ baseUrl: serverRoot, ...(isFrozen ? answerer : {}) });

/** Ends a question that takes too long. */
export function limited(signal: AbortSignal, milliseconds = REQUEST_TIMEOUT_MS): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(milliseconds)]);
}

/** Reads the parts of an error body that a person is shown; a proxy in between may answer anything. */
function toApiError(response: Response, body: unknown): ApiError {
  const fields: Record<string, unknown> = typeof body === 'object' && body !== null ? { ...body } : {};
  const text = (name: string) => (typeof fields[name] === 'string' ? fields[name] : '');
  const message = text('error') || `the server answered ${response.status} ${response.statusText}`.trim();
  return new ApiError(response.status, text('code'), message, text('hint'));
}

/** The body of a success; anything else is thrown as an `ApiError`. */
export async function answer<T>(question: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await question;
  if (data === undefined) throw toApiError(response, error);
  return data;
}

/** What whoever looks at the page may do; null: nothing. */
export async function readScope(signal: AbortSignal): Promise<Scope | null> {
  return (await answer(client.GET('/api/v1/access', { signal: limited(signal) }))).scope ?? null;
}

/** Every project, damaged ones included. */
export async function readProjects(signal: AbortSignal): Promise<ProjectSummary[]> {
  return (await answer(client.GET('/api/v1/projects', { signal: limited(signal) }))).projects;
}

/** What a project has anything of, or how many of it. */
export async function readContents(project: string, signal: AbortSignal): Promise<Contents> {
  const params = { path: { project } };
  return (await answer(client.GET('/api/v1/projects/{project}', { params, signal: limited(signal) }))).contents;
}

/** Every run of a project, newest first. */
export async function readRuns(project: string, signal: AbortSignal): Promise<RunSummary[]> {
  const params = { path: { project } };
  return (await answer(client.GET('/api/v1/projects/{project}/runs', { params, signal: limited(signal) }))).runs;
}

/** Changes name, tags, notes or colour of a run; what is left out stays. */
export async function changeRun(project: string, run: string, edit: Partial<RunEdit>): Promise<RunDetail> {
  const params = { path: { project, run } };
  const body: RunEdit = { colour_slot: null, name: null, notes: null, tags: null, ...edit };
  const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
  return answer(client.PATCH('/api/v1/projects/{project}/runs/{run}', { params, body, signal }));
}

/** Deletes a run with everything that belongs to it; the request outlives the page. */
export async function deleteRun(project: string, run: string): Promise<void> {
  const params = { path: { project, run } };
  const { error, response } = await client.DELETE('/api/v1/projects/{project}/runs/{run}', { params, keepalive: true });
  // A run that is gone already is what was wanted.
  if (!response.ok && response.status !== 404) throw toApiError(response, error);
}

/** Where these runs stand, with their findings; runs that are no more are left out. */
export async function readStatuses(project: string, runs: string[], signal: AbortSignal): Promise<RunStatus[]> {
  const params = { path: { project } };
  const question = client.POST('/api/v1/projects/{project}/status', { params, body: { runs }, signal: limited(signal) });
  return (await answer(question)).statuses.flatMap(({ answer: status }) => status ?? []);
}

/** The metrics of one run, by name. */
export async function readMetrics(project: string, run: string, signal: AbortSignal): Promise<MetricSummary[]> {
  const params = { path: { project, run } };
  const path = '/api/v1/projects/{project}/runs/{run}/metrics';
  return (await answer(client.GET(path, { params, signal: limited(signal) }))).metrics;
}

/** Every metric that a run of the project has logged, by name. */
export async function readProjectMetrics(project: string, signal: AbortSignal): Promise<ProjectMetric[]> {
  const params = { path: { project } };
  return (await answer(client.GET('/api/v1/projects/{project}/metrics', { params, signal: limited(signal) }))).metrics;
}

/** What these metrics of these runs came to, in the order of the runs; a run that is no more has no answer. */
export async function readMetricsOfRuns(project: string, runs: string[], keys: string[], signal: AbortSignal): Promise<MetricsOfRun[]> {
  const params = { path: { project } };
  const question = client.POST('/api/v1/projects/{project}/metrics', { params, body: { runs, keys }, signal: limited(signal) });
  return (await answer(question)).metrics;
}

/** What users set in the configs of all runs that have one, newest run first. */
export async function readConfigs(project: string, signal: AbortSignal): Promise<RunConfig[]> {
  const params = { path: { project } };
  return (await answer(client.GET('/api/v1/projects/{project}/configs', { params, signal: limited(signal) }))).configs;
}

/** One run with its config and what it was made with. */
export async function readRun(project: string, run: string, signal: AbortSignal): Promise<RunDetail> {
  const params = { path: { project, run } };
  return answer(client.GET('/api/v1/projects/{project}/runs/{run}', { params, signal: limited(signal) }));
}

/** The changes of the code of a run that were not committed. */
export async function readDiff(project: string, run: string, signal: AbortSignal): Promise<RunDiff> {
  const params = { path: { project, run } };
  return answer(client.GET('/api/v1/projects/{project}/runs/{run}/diff', { params, signal: limited(signal) }));
}

/** One page of all values of a metric of a run, in the order logged; `after` is the `next` of the page before. */
export async function readValues(
  project: string,
  run: string,
  metric: string,
  after: number | null,
  signal: AbortSignal,
): Promise<{ items: MetricValue[]; next: number | null }> {
  const params = { path: { project, run, metric }, query: { limit: VALUES_OF_A_PAGE, ...(after === null ? {} : { after }) } };
  const path = '/api/v1/projects/{project}/runs/{run}/metrics/{metric}';
  const page = await answer(client.GET(path, { params, signal: limited(signal) }));
  return { items: page.items, next: page.next ?? null };
}

/** Where the stream of what happens in a project is. */
export function eventsAddress(project: string): string {
  return `${serverRoot}/api/v1/projects/${encodeURIComponent(project)}/events`;
}

/** Lines and bands of charts, thinned out to the width asked for. */
export async function readSeries(project: string, body: SeriesRequest, signal: AbortSignal): Promise<SeriesAnswer> {
  const params = { path: { project } };
  const path = '/api/v1/projects/{project}/series';
  return answer(client.POST(path, { params, body, signal: limited(signal, SERIES_TIMEOUT_MS) }));
}
