/** Questions to the server about one run, and about the alerts of a project. */
import { answer, client, limited, type RunStatus } from './client';
import type { components } from './schema';

export type RunEnvironment = components['schemas']['RunEnvironment'];
export type RunArtifact = components['schemas']['RunArtifact'];
export type RunArtifacts = components['schemas']['RunArtifacts'];
export type Alert = components['schemas']['Alert'];
export type RunAlert = components['schemas']['RunAlert'];
export type ConsoleLine = components['schemas']['StoredLine'];
export type LogRow = components['schemas']['LogRow'];

/** A part of a long list; `next` is where the following one begins, null behind the last. */
export interface PageOf<T> {
  items: T[];
  next: number | null;
}

/** What a page may ask for beside its length. */
export interface PageStart {
  /** Id of the last item known. */
  after?: number;
  /** Only what is newer than this moment. */
  since?: string;
}

/** The most that the server gives at once. */
const ITEMS_OF_A_PAGE = 10_000;

function pageOf<T>(page: { items: T[]; next?: number | null }): PageOf<T> {
  return { items: page.items, next: page.next ?? null };
}

/** Where a run stands, with its findings. */
export async function readStatus(project: string, run: string, signal: AbortSignal): Promise<RunStatus> {
  const params = { path: { project, run } };
  return answer(client.GET('/api/v1/projects/{project}/runs/{run}/status', { params, signal: limited(signal) }));
}

/** Which lines of a console: a page behind the last line known, or so many of the newest. */
export type ConsolePart = { after?: number } | { tail: number };

/** Lines that a run printed, in the order printed. */
export async function readConsole(project: string, run: string, part: ConsolePart, signal: AbortSignal): Promise<PageOf<ConsoleLine>> {
  const params = { path: { project, run }, query: { limit: ITEMS_OF_A_PAGE, ...part } };
  return pageOf(await answer(client.GET('/api/v1/projects/{project}/runs/{run}/console', { params, signal: limited(signal) })));
}

/** One page of the samples of the machine that were taken for a run. */
export async function readSamples(project: string, run: string, start: PageStart, signal: AbortSignal): Promise<PageOf<LogRow>> {
  const params = { path: { project, run }, query: { limit: ITEMS_OF_A_PAGE, ...start } };
  return pageOf(await answer(client.GET('/api/v1/projects/{project}/runs/{run}/system', { params, signal: limited(signal) })));
}

/** Alerts of a run, newest first. */
export async function readRunAlerts(project: string, run: string, signal: AbortSignal): Promise<Alert[]> {
  const params = { path: { project, run } };
  return (await answer(client.GET('/api/v1/projects/{project}/runs/{run}/alerts', { params, signal: limited(signal) }))).alerts;
}

/** One page of the alerts of all runs, in the order stored. */
export async function readAlerts(project: string, start: PageStart, signal: AbortSignal): Promise<PageOf<RunAlert>> {
  const params = { path: { project }, query: { limit: ITEMS_OF_A_PAGE, ...start } };
  return pageOf(await answer(client.GET('/api/v1/projects/{project}/alerts', { params, signal: limited(signal) })));
}

/** What a run used and made. */
export async function readRunArtifacts(project: string, run: string, signal: AbortSignal): Promise<RunArtifacts> {
  const params = { path: { project, run } };
  return answer(client.GET('/api/v1/projects/{project}/runs/{run}/artifacts', { params, signal: limited(signal) }));
}
