/** How the page is built and tested: relative addresses, nothing inlined, so that a strict CSP holds under any path. */
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  base: './',
  plugins: [svelte({ configFile: false })],
  build: { target: 'es2023', assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { proxy: { '/api': 'http://127.0.0.1:7860' } },
  test: { include: ['src/**/*.test.ts'] },
});
