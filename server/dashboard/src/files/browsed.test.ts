/** Files of a project and of artifacts in one list. */
import { expect, it, vi } from 'vitest';
import type { RunArtifact } from '../api/oneRun';
import { lastPart, ofManifestEntry, ofProjectFile } from './browsed';

// Addresses are told from where the page is.
vi.hoisted(() => vi.stubGlobal('document', { baseURI: 'http://localhost/', querySelector: () => null }));

const artifact: RunArtifact = { project: 'p q', name: 'weights', version: 2, version_id: 7, type: 'model', size_bytes: 5, created_at: '2026-11-23T00:00:00Z' };

it('files are told apart, and say where they are from', () => {
  const saved = ofProjectFile('p q', { name: 'configs/a.yaml', file_path: 'files/configs/a.yaml', size_bytes: 3 });
  expect(saved).toMatchObject({ id: 'configs/a.yaml', size: 3, isElsewhere: false, mediaPath: 'files/configs/a.yaml' });
  expect(saved.address).toMatch(/projects\/p%20q\/media\?file_path=files%2Fconfigs%2Fa.yaml$/);
  const own = ofManifestEntry(artifact, 'made', { path: 'a/model.pt', size: 5, digest: 'ab' });
  expect(own).toMatchObject({ id: 'weights:v2/a/model.pt', from: 'weights v2, made', mediaPath: null });
  expect(own.address).toMatch(/artifact_blob\/p%20q\/ab$/);
  expect(lastPart(own.name)).toBe('model.pt');
});

it('a reference is a link only where it is one that a browser may follow', () => {
  const address = (ref: string) => ofManifestEntry(artifact, 'used', { path: 'x', size: 1, digest: '', ref }).address;
  expect(address('https://example.org/x')).toBe('https://example.org/x');
  expect(address('javascript:alert(1)')).toBeNull();
  expect(address('s3://bucket/x')).toBeNull();
});
