/** Saved views survive what else may stand in the browser's store, and a name is saved once in a project. */
import { describe, expect, it } from 'vitest';
import { readViews, withView, type SavedView } from './views.svelte';

const view = (name: string, project: string | null = 'p'): SavedView => ({ name, project, address: `runs?filter=${name}` });

describe('saved views', () => {
  it('come back as they were saved', () => {
    const views = [view('best'), view('best', 'q'), view('<b>', null)];
    expect(readViews(JSON.stringify(views))).toEqual(views);
  });

  it('are none where something else is stored', () => {
    for (const text of [null, '', '{', '{}', '"x"', 'null', '[1, null, {"name": 1}, {"name": "", "project": null, "address": ""}]']) {
      expect(readViews(text)).toEqual([]);
    }
  });

  it('take the place of the one with the same name in the same project', () => {
    const views = [view('a'), view('b')];
    const other = { ...view('a'), address: 'runs' };
    expect(withView(views, other)).toEqual([other, view('b')]);
    expect(withView(views, view('a', 'q'))).toHaveLength(3);
  });
});
