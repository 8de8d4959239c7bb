/** Tests of what the address keeps of a run's page. */
import { describe, expect, it } from 'vitest';
import { ownOfNext, ownOfTab, RUN_VIEW } from './tabs';

const view = { ...RUN_VIEW.read({}), tab: 'media' as const, show: 'tables' as const, order: 'oldest' as const, find: 'loss', trace: 'a', step: 7, wrap: true };

describe('another run', () => {
  it('is shown in the same part and way, without what was looked at in the one before', () => {
    expect(RUN_VIEW.read(ownOfNext(view))).toMatchObject({ tab: 'media', show: 'tables', order: 'oldest', wrap: true, find: '', trace: '', step: null });
  });
});

describe('another part', () => {
  it('begins with nothing searched and nothing of the part before', () => {
    expect(RUN_VIEW.read(ownOfTab(view, 'console'))).toMatchObject({ tab: 'console', show: 'media', wrap: true, find: '' });
  });
});
