/// <reference types="vitest/config" />
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

// The server's address and a key for `npm run dev`. The key stays in this process: the proxy adds it, the browser never has it.
const backend = process.env.KAIROSROUTE_URL ?? 'http://127.0.0.1:8787';
const key = process.env.KAIROSROUTE_KEY;

export default defineConfig({
  resolve: { alias: { '@': fileURLToPath(new URL('src', import.meta.url)) } },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2023',
    assetsInlineLimit: 0, // no data: addresses: the content security policy allows only our own origin
    modulePreload: { polyfill: false },
    manifest: true,
    sourcemap: false,
    // Charts and the ledger are files of their own: what shares other parts with Spend need not load them.
    rolldownOptions: { output: { advancedChunks: { includeDependenciesRecursively: false, groups: [{ name: 'icons', test: /lucide-preact/ }, { name: 'base', minShareCount: 8, test: /src[\\/](lib|ui)[\\/]/ }, { name: 'charts', test: /src[\\/]charts|node_modules[\\/](d3-|internmap)/ }, { name: 'ledger', test: /src[\\/](views[\\/]spend[\\/](ledger|exports|postings)|lib[\\/](queries|drill|buckets|series|amounts|table)\.)/ }] } } },
  },
  server: {
    proxy: {
      '^/(api|v1|openapi\\.json|healthz|readyz)': {
        target: backend,
        changeOrigin: true,
        ...(key ? { headers: { authorization: `Bearer ${key}` } } : {}),
      },
    },
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
