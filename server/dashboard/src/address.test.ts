/** What the address says is read, written and cleaned of tokens. */

import { describe, expect, it } from 'vitest';
import { readView, withoutToken, writeView, type View } from './address';

const there = (view: View) => {
  const [pathname, query = ''] = writeView('/', view).split('?');
  return readView(pathname, query);
};

describe('the address', () => {
  it('gives back the view that was written', () => {
    const view: View = {
      page: 'runs',
      project: 'a b',
      run: 'lr=1e-4&x',
      x: 'train/epoch',
      window: { from: 1.5, to: 20 },
      smoothing: 0.5,
      smoothingKind: 'gaussian',
      logX: true,
      logY: true,
      keepOutliers: true,
      search: '/^train/',
      filter: 'lr',
      choice: { only: false, runs: ['a,b', '~1'] },
      pinnedRuns: ['a'],
      pinned: ['train/loss'],
      folded: ['system'],
      open: 'train/loss',
      stripFolded: true,
      plotsPerRow: 3,
      frame: { sidebar: 'collapsed', hasNavbar: false, hidesEmptyTabs: true, hasGroupNames: false, theme: 'dark' },
      own: { tab: 'a=b&c', flag: '' },
    };
    expect(there(view)).toEqual(view);
    const other: View = { ...view, page: 'metrics', choice: { only: true, runs: ['x'] }, pinned: [] };
    expect(there(other)).toEqual(other);
  });

  it('leaves out what is default', () => {
    expect(writeView('/', readView('/', ''))).toBe('/');
    expect(writeView('/below/runs', readView('/below/runs', ''))).toBe('/below/runs');
    expect(writeView('/below/metrics', readView('/below/metrics', ''))).toBe('/below/');
  });

  it('keeps the parameters of the page that is shown', () => {
    const view = readView('/runs', '?columns=state,step&project=p');
    expect(view.own).toEqual({ columns: 'state,step' });
    expect(writeView('/runs', view)).toBe('/runs?project=p&columns=state%2Cstep');
  });

  it('takes the names of Trackio and writes one name', () => {
    const search = '?selected_project=p&runs=a,b&metric_filter=^loss$&x_axis=time&xmin=1&xmax=2&smoothing=10';
    const view = readView('/metrics', search);
    expect(view).toMatchObject({
      project: 'p',
      choice: { only: true, runs: ['a', 'b'] },
      search: '/^loss$/',
      x: 'time',
      window: { from: 1, to: 2 },
      smoothing: 0.1,
    });
    const written = new URLSearchParams(writeView('/', view).split('?')[1]);
    expect(Object.fromEntries(written)).toEqual({
      project: 'p', run_ids: 'a,b', search: '/^loss$/', x: 'time', from: '1', to: '2', smoothing: '0.1',
    });
    expect(readView('/', '?metrics=a.b,c').search).toBe(String.raw`/^(a\.b|c)$/`);
  });

  it('takes the frame that Trackio gives a page', () => {
    const search = '?plots_per_row=2&accordion=hidden&sidebar=hidden&navbar=hidden&hide_empty_tabs=true&__theme=light';
    expect(readView('/', search)).toMatchObject({
      plotsPerRow: 2,
      frame: { sidebar: 'hidden', hasNavbar: false, hidesEmptyTabs: true, hasGroupNames: false, theme: 'light' },
    });
    expect(readView('/', '?plots_per_row=auto&sidebar=left&__theme=pink&hide_empty_tabs=yes')).toEqual(readView('/', ''));
    expect(readView('/', '?plots_per_row=7').plotsPerRow).toBeNull();
    expect(readView('/run', '?selected_run=a&selected_run_id=b').run).toBe('b');
  });

  it('takes nonsense for absent', () => {
    expect(readView('/nowhere', '?from=5&to=2&smoothing=lots&run=&hide=,')).toEqual(readView('/', ''));
    expect(readView('/', '?from=NaN&to=Infinity').window).toBeNull();
  });

  it('reads smoothing in per cent too', () => {
    expect(readView('/', '?smoothing=100').smoothing).toBe(0.99);
    expect(readView('/', '?smoothing=0').smoothing).toBe(0);
  });

  it('loses the write token and nothing else', () => {
    expect(withoutToken('?write_token=secret')).toBe('');
    expect(withoutToken('?project=p&write_token=secret&runs=a')).toBe('?project=p&runs=a');
    expect(withoutToken('?project=a%20b')).toBe('?project=a%20b');
  });
});
