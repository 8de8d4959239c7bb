/** What the address says is read, written and cleaned of tokens. */

import { describe, expect, it } from 'vitest';
import { readView, withoutToken, writeView } from './address';

describe('the address', () => {
  it('gives back the view that was written', () => {
    const view = { project: 'a b', run: 'lr=1e-4&x', key: 'train/loss', x: 'time' as const, window: { from: 1.5, to: 20 }, smoothing: 0.5 };
    expect(readView(writeView('', view))).toEqual(view);
  });

  it('leaves out what is default', () => {
    expect(writeView('', readView(''))).toBe('');
  });

  it('keeps parameters that are not ours', () => {
    const search = '?runs=a,b&metric_filter=^loss$&sidebar=hidden';
    const written = new URLSearchParams(writeView(search, { ...readView(search), project: 'p' }));
    expect(Object.fromEntries(written)).toEqual({ runs: 'a,b', metric_filter: '^loss$', sidebar: 'hidden', project: 'p' });
  });

  it('takes a project by its other name and writes one name', () => {
    const view = readView('?selected_project=p');
    expect(view.project).toBe('p');
    expect(writeView('?selected_project=p', view)).toBe('?project=p');
  });

  it('takes nonsense for absent', () => {
    const view = readView('?x=sideways&from=5&to=2&smoothing=lots&key=&run=');
    expect(view).toEqual(readView(''));
    expect(readView('?from=NaN&to=Infinity').window).toBeNull();
  });

  it('reads smoothing in per cent too', () => {
    expect(readView('?smoothing=10').smoothing).toBe(0.1);
    expect(readView('?smoothing=100').smoothing).toBe(0.99);
    expect(readView('?smoothing=0').smoothing).toBe(0);
  });

  it('loses the write token and nothing else', () => {
    expect(withoutToken('?write_token=secret')).toBe('');
    expect(withoutToken('?project=p&write_token=secret&runs=a')).toBe('?project=p&runs=a');
    expect(withoutToken('?project=a%20b')).toBe('?project=a%20b');
  });
});
