/** Files as the browser lists them, wherever they are kept. */
import type { ListedFile, ManifestEntry } from '../api/artifacts';
import { blobAddress, mediaAddress } from '../api/media';
import type { RunArtifact } from '../api/oneRun';
import { safeAddress } from '../markdown/parse';

export interface BrowsedFile {
  /** Tells it from the others of a list. */
  id: string;
  name: string;
  /** In bytes; null: nobody knows. */
  size: number | null;
  /** Where its bytes are; null: where no browser gets them. */
  address: string | null;
  /** It is kept by somebody else. */
  isElsewhere: boolean;
  /** What `/media` knows it by; null: it is sent to be saved only, never to be looked at. */
  mediaPath: string | null;
  /** What it belongs to. */
  from: string;
}

/** A file that a script saved beside the runs of a project. */
export function ofProjectFile(project: string, { name, size_bytes, file_path }: ListedFile): BrowsedFile {
  return { id: name, name, size: size_bytes, address: mediaAddress(project, file_path), isElsewhere: false, mediaPath: file_path, from: 'beside all runs' };
}

/** What a run had to do with an artifact. */
export type Way = 'made' | 'used';

/** A file of a version of an artifact that a run made or used. */
export function ofManifestEntry({ project, name, version }: RunArtifact, way: Way, { path, size, digest, ref }: ManifestEntry): BrowsedFile {
  return {
    id: `${name}:v${version}/${path}`,
    name: path,
    size,
    address: ref == null ? blobAddress(project, digest) : safeAddress(ref),
    isElsewhere: ref != null,
    mediaPath: null,
    from: `${name} v${version}, ${way}`,
  };
}

/** The last part of a name, which a saved file is called. */
export const lastPart = (name: string): string => name.slice(name.lastIndexOf('/') + 1);
