import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

// Three small pages in one build. The Content-Security-Policy forbids inline script and style, so
// nothing may be injected into the HTML: no modulepreload polyfill, no inlined assets.
export default defineConfig({
  plugins: [svelte()],
  build: {
    target: ['chrome91', 'firefox91', 'safari15'],
    outDir: 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: 'assets/manifest.json',
    rolldownOptions: {
      input: {
        holder: 'index.html',
        gate: 'gate/index.html',
        console: 'console/index.html',
        sw: 'src/holder/sw.ts',
      },
      output: {
        // The service worker needs one lasting name at the root, so that its scope is the site.
        entryFileNames: (chunk) => (chunk.name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js'),
        chunkFileNames: 'assets/[name]-[hash].js',
        assetFileNames: 'assets/[name]-[hash][extname]',
      },
    },
  },
  test: {
    environment: 'node',
    include: ['src/**/*.test.ts', 'tests/**/*.test.ts'],
  },
});
