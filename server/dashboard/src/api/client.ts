/** Questions to the server: one function for each answer the page needs, and one kind of error. */
import createClient from 'openapi-fetch';
import type { components, paths } from './schema';

export type ProjectSummary = components['schemas']['ProjectSummary'];
export type RunSummary = components['schemas']['RunSummary'];
export type RunState = components['schemas']['RunState'];
export type RunStatus = components['schemas']['RunStatus'];
export type Finding = components['schemas']['Finding'];
export type MetricSummary = components['schemas']['MetricSummary'];
export type Series = components['schemas']['Series'];
export type SeriesRequest = components['schemas']['SeriesRequest'];
export type XAxis = components['schemas']['XAxis'];

const REQUEST_TIMEOUT_MS = 15_000;

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

/** The page may be served below a path; the API stands beside it. */
const serverRoot = new URL('.', document.baseURI).href.replace(/\/$/, '');
const client = createClient<paths>({ baseUrl: serverRoot });

function limited(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]);
}

/** Reads the parts of an error body that a person is shown; a proxy in between may answer anything. */
function toApiError(response: Response, body: unknown): ApiError {
  const fields: Record<string, unknown> = typeof body === 'object' && body !== null ? { ...body } : {};
  const text = (name: string) => (typeof fields[name] === 'string' ? fields[name] : '');
  const message = text('error') || `the server answered ${response.status} ${response.statusText}`.trim();
  return new ApiError(response.status, text('code'), message, text('hint'));
}

async function answer<T>(question: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await question;
  if (data === undefined) throw toApiError(response, error);
  return data;
}

/** Every project, damaged ones included. */
export async function readProjects(signal: AbortSignal): Promise<ProjectSummary[]> {
  return (await answer(client.GET('/api/v1/projects', { signal: limited(signal) }))).projects;
}

/** Every run of a project, newest first. */
export async function readRuns(project: string, signal: AbortSignal): Promise<RunSummary[]> {
  const params = { path: { project } };
  return (await answer(client.GET('/api/v1/projects/{project}/runs', { params, signal: limited(signal) }))).runs;
}

/** Where one run stands, with its findings. */
export async function readStatus(project: string, run: string, signal: AbortSignal): Promise<RunStatus> {
  const params = { path: { project, run } };
  return answer(client.GET('/api/v1/projects/{project}/runs/{run}/status', { params, signal: limited(signal) }));
}

/** The metrics of one run, by name. */
export async function readMetrics(project: string, run: string, signal: AbortSignal): Promise<MetricSummary[]> {
  const params = { path: { project, run } };
  const path = '/api/v1/projects/{project}/runs/{run}/metrics';
  return (await answer(client.GET(path, { params, signal: limited(signal) }))).metrics;
}

/** Lines of a chart, thinned out to the width asked for. */
export async function readSeries(project: string, body: SeriesRequest, signal: AbortSignal): Promise<Series[]> {
  const params = { path: { project } };
  const path = '/api/v1/projects/{project}/series';
  return (await answer(client.POST(path, { params, body, signal: limited(signal) }))).series;
}
