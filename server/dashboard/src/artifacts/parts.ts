/** The parts of the view of a version. */

export type ArtifactPart = 'files' | 'metadata' | 'lineage' | 'usage';

export const ARTIFACT_PARTS: readonly { value: ArtifactPart; text: string }[] = [
  { value: 'files', text: 'Files' },
  { value: 'metadata', text: 'Metadata' },
  { value: 'lineage', text: 'Lineage' },
  { value: 'usage', text: 'Use it' },
];
