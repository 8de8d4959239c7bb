/** Where the files of a snapshot lie: beside the page, or on the Hub where its configuration says so. */
import { fileAddress, setDataRoot } from './dataRoot';

/** `config.json`, as Trackio writes it for its own page. */
export interface SnapshotConfig {
  project: string;
  version: string | null;
}

/** A snapshot may be made anew in its place: files that the browser keeps are asked after before they are used beside new ones. */
export const FRESH: RequestInit = { cache: 'no-cache' };

const HUB = 'https://huggingface.co';
const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

/** Reads the configuration and notes where the data is. */
export async function readConfig(): Promise<SnapshotConfig> {
  const config = await readJson('config.json');
  const fields: Record<string, unknown> = typeof config === 'object' && config !== null ? { ...config } : {};
  const [bucket, dataset] = [text(fields.bucket_id), text(fields.dataset_id)];
  if (bucket !== null) setDataRoot(`${HUB}/buckets/${bucket}/resolve`);
  else if (dataset !== null) setDataRoot(`${HUB}/datasets/${dataset}/resolve/main`);
  return { project: text(fields.project) ?? 'snapshot', version: text(fields.version) };
}

/** A file as JSON; null where it is not there. */
export async function readJson(path: string): Promise<unknown> {
  const response = await fetch(fileAddress(path), FRESH);
  if (response.status === 404) return null;
  if (!response.ok) throw new Error(`${path} was answered with ${response.status}`);
  return response.json();
}
