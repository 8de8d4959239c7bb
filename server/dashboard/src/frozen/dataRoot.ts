/** Addresses of the files of a snapshot. */
import { serverRoot } from '../api/root';

let root = serverRoot;

/** The files lie there, not beside the page. */
export function setDataRoot(address: string): void {
  root = address;
}

/** Address of a file, by its path from the root of the snapshot. */
export const fileAddress = (path: string): string => `${root}/${path.split('/').map(encodeURIComponent).join('/')}`;

/** Path of a stored file by the one that values name it by, which begins with the project. */
export const mediaPath = (filePath: string): string => `media/${filePath.slice(filePath.indexOf('/') + 1)}`;

/** Path of a file of an artifact. */
export const blobPath = (digest: string): string => `artifacts/blobs/sha256/${digest.slice(0, 2)}/${digest}`;
