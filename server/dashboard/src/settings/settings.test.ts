/** Preferences come back as they were kept, whatever else stands in the browser's store. */
import { expect, it } from 'vitest';
import { readPreferences } from './settings.svelte';

it('reads what was kept', () => {
  expect(readPreferences('{"alwaysDashed":true,"plotsPerRow":3,"smoothingKind":"gaussian"}')).toEqual({ alwaysDashed: true, plotsPerRow: 3, smoothingKind: 'gaussian' });
});

it('takes nonsense for nothing preferred', () => {
  const nothing = { alwaysDashed: false, plotsPerRow: null, smoothingKind: 'weighted' };
  for (const text of [null, '', '{', 'null', '3', '"x"', '[]', '{"alwaysDashed":"yes","plotsPerRow":7}', '{"plotsPerRow":1.5}', '{"smoothingKind":"median"}']) {
    expect(readPreferences(text)).toEqual(nothing);
  }
});
