/** Artifacts with their versions and where they came from, and the registries that point at them. */
import { answer, client, limited } from './client';
import type { components } from './schema';

export type ArtifactSummary = components['schemas']['ArtifactSummary'];
export type ArtifactVersions = components['schemas']['ArtifactVersions'];
export type ArtifactRecord = components['schemas']['ArtifactRecord'];
export type ManifestEntry = components['schemas']['ManifestEntry'];
export type Lineage = components['schemas']['Lineage'];
export type LineageNode = components['schemas']['LineageNode'];
export type ListedFile = components['schemas']['ListedFile'];

/** A registry in the list. */
export interface Registry {
  name: string;
  description: string | null;
  created_at: string;
}

/** A version of an artifact that a collection points at. */
export interface CollectionLink {
  collection_version: number;
  source_project: string;
  source_artifact: string;
  source_version: number;
  aliases: string[];
  created_at: string;
}

export interface Collection {
  name: string;
  type: string;
  description: string | null;
  created_at: string;
  links: CollectionLink[];
}

export interface RegistryEvent {
  id: number;
  ts: string;
  kind: string;
  payload: unknown;
}

export interface RegistryDetails extends Registry {
  collections: Collection[];
  events: RegistryEvent[];
}

/** Every artifact of a project, by name. */
export async function readArtifacts(project: string, signal: AbortSignal): Promise<ArtifactSummary[]> {
  const params = { path: { project } };
  return (await answer(client.GET('/api/v1/projects/{project}/artifacts', { params, signal: limited(signal) }))).artifacts;
}

/** An artifact with its versions, newest first. */
export async function readArtifact(project: string, artifact: string, signal: AbortSignal): Promise<ArtifactVersions> {
  const params = { path: { project, artifact } };
  return answer(client.GET('/api/v1/projects/{project}/artifacts/{artifact}', { params, signal: limited(signal) }));
}

/** One version with its files. */
export async function readArtifactVersion(project: string, artifact: string, version: number, signal: AbortSignal): Promise<ArtifactRecord> {
  const params = { path: { project, artifact, version: `v${version}` } };
  return answer(client.GET('/api/v1/projects/{project}/artifacts/{artifact}/{version}', { params, signal: limited(signal) }));
}

/** What a version came from, and what came from it. */
export async function readLineage(project: string, artifact: string, version: number, signal: AbortSignal): Promise<Lineage> {
  const params = { path: { project, artifact, version: `v${version}` } };
  return answer(client.GET('/api/v1/projects/{project}/artifacts/{artifact}/{version}/lineage', { params, signal: limited(signal) }));
}

/** The files saved beside the runs of a project, by name. */
export async function readFiles(project: string, signal: AbortSignal): Promise<ListedFile[]> {
  const params = { path: { project } };
  return (await answer(client.GET('/api/v1/projects/{project}/files', { params, signal: limited(signal) }))).files;
}

async function call(name: string, kwargs: Record<string, unknown>, signal: AbortSignal): Promise<unknown> {
  const params = { path: { name } };
  const { data } = await answer(client.POST('/api/{name}', { params, body: { kwargs }, signal: limited(signal) }));
  return data;
}

/** The registries of the data directory, by name. */
export async function readRegistries(signal: AbortSignal): Promise<Registry[]> {
  return (await call('get_registries', {}, signal)) as Registry[];
}

/** One of them with its collections and what was done to it. */
export async function readRegistry(registry: string, signal: AbortSignal): Promise<RegistryDetails> {
  return (await call('get_registry_details', { registry }, signal)) as RegistryDetails;
}

/** The first bytes of a stored file. */
export async function readBeginning(address: string, bytes: number, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(address, { headers: { Range: `bytes=0-${bytes - 1}` }, signal: limited(signal) });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return new Uint8Array(await response.arrayBuffer()).slice(0, bytes);
}

/** A stored file whole. */
export async function readWhole(address: string): Promise<Blob> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return response.blob();
}
