/** How the page is built and tested: relative addresses, nothing inlined, so that a strict CSP holds under any path. */
import { svelte } from '@sveltejs/vite-plugin-svelte';
import type { Rolldown } from 'vite';
import { defineConfig } from 'vitest/config';

type Modules = Pick<Rolldown.PluginContext, 'getModuleInfo'>;

/** Modules that a module needs before it can begin, itself among them. */
function neededBy(beginning: string, modules: Modules): ReadonlySet<string> {
  const found = new Set([beginning]);
  for (const id of found) for (const needed of modules.getModuleInfo(id)?.importedIds ?? []) found.add(needed);
  return found;
}

/**
 * The first chart waits for few files: what charts need is one, what the shell needs beside it another. Left alone, each
 * set of pages that share something would have a file, thirty of them, and each costs a request.
 */
function fileOf(): (id: string, modules: Modules) => string | null {
  const known = new Map<string, ReadonlySet<string>>();
  return (id, modules) => {
    const isNeededBy = (beginning: string) => {
      const path = decodeURIComponent(new URL(`./src/${beginning}`, import.meta.url).pathname);
      if (!known.has(path)) known.set(path, neededBy(path, modules));
      return known.get(path)?.has(id) === true;
    };
    const isShared = (modules.getModuleInfo(id)?.importers.length ?? 0) > 1;
    if (isNeededBy('main.ts')) return 'shell';
    return isNeededBy('charts/MetricChart.svelte') || (isShared && isNeededBy('pages/MetricsPage.svelte')) ? 'charts' : null;
  };
}

export default defineConfig({
  base: './',
  plugins: [svelte({ configFile: false })],
  build: {
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: fileOf(), debugName: 'first chart' }] } } },
  },
  server: { proxy: { '/api': 'http://127.0.0.1:7860' } },
  test: { include: ['src/**/*.test.ts'] },
});
