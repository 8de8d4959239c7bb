/** Where stored files are, for pictures, players, frames and links. */
import { blobPath, fileAddress, mediaPath } from '../frozen/dataRoot';
import { isFrozen } from '../frozen/frozen';
import { serverRoot } from './root';

/** Address of a logged or saved file. The server decides by its bytes what it is sent as; nothing in it runs in this page. */
export function mediaAddress(project: string, filePath: string): string {
  if (isFrozen) return fileAddress(mediaPath(filePath));
  return `${serverRoot}/api/v1/projects/${encodeURIComponent(project)}/media?file_path=${encodeURIComponent(filePath)}`;
}

/** Address of a file of an artifact, always offered for saving. */
export function blobAddress(project: string, digest: string): string {
  if (isFrozen) return fileAddress(blobPath(digest));
  return `${serverRoot}/artifact_blob/${encodeURIComponent(project)}/${encodeURIComponent(digest)}`;
}
