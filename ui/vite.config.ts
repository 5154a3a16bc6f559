import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { constants, gzipSync } from 'node:zlib';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

/** Pages that can be opened without network, by address: their HTML and their entry. */
const SHELLS = { '/': ['index.html', 'holder'], '/gate/': ['gate/index.html', 'gate'] } as const;

/** Tells the service worker which files each page needs, once their names are known. */
function shells(): Plugin {
  return {
    name: 'jadegate-shells',
    apply: 'build',
    enforce: 'post',
    generateBundle(_options, bundle) {
      const chunks = Object.values(bundle).filter((f) => f.type === 'chunk');
      const needs = (file: string, seen = new Set<string>()): Set<string> => {
        const chunk = chunks.find((c) => c.fileName === file);
        if (!chunk || seen.has(file)) return seen;
        seen.add(file);
        // Vite notes the stylesheets of a chunk on it.
        const css = (chunk as { viteMetadata?: { importedCss: Set<string> } }).viteMetadata?.importedCss;
        css?.forEach((f) => seen.add(f));
        chunk.imports.forEach((f) => needs(f, seen));
        return seen;
      };
      const lists: Record<string, string[]> = {};
      const hash = createHash('sha256');
      for (const [page, [html, entry]] of Object.entries(SHELLS)) {
        const chunk = chunks.find((c) => c.isEntry && c.name === entry);
        if (!chunk) throw new Error(`no entry ${entry}`);
        lists[page] = [...needs(chunk.fileName)].sort().map((f) => `/${f}`);
        hash.update(readFileSync(html));
      }
      lists['/']?.push('/icon.svg', '/app.webmanifest');
      lists['/gate/']?.push('/icon.svg', '/gate.webmanifest');
      hash.update(JSON.stringify(lists));
      const worker = chunks.find((c) => c.fileName === 'sw.js');
      if (!worker) throw new Error('no service worker');
      const build = JSON.stringify(hash.digest('hex').slice(0, 16));
      worker.code = worker.code.replaceAll('__SHELLS__', JSON.stringify(lists)).replaceAll('__BUILD__', build);
      if (worker.imports.length > 0) throw new Error('the service worker must be one file');
    },
  };
}

/** Puts a compressed twin (`x.js.gz`) beside each text, for servers that hand it out as it is. */
function twins(): Plugin {
  return {
    name: 'jadegate-twins',
    apply: 'build',
    enforce: 'post',
    writeBundle(options, bundle) {
      const dir = options.dir ?? 'dist';
      const copied = ['icon.svg', 'app.webmanifest', 'gate.webmanifest'];
      for (const name of [...Object.keys(bundle), ...copied]) {
        if (!/\.(html|js|css|svg|json|webmanifest|wasm)$/.test(name)) continue;
        const whole = readFileSync(join(dir, name));
        const small = gzipSync(whole, { level: constants.Z_BEST_COMPRESSION });
        if (small.length < whole.length) writeFileSync(join(dir, `${name}.gz`), small);
      }
    },
  };
}

/** The server behind the pages while they are being written (`make dev`). */
const SERVER = process.env['JADEGATE'] ?? 'http://localhost:8080';

// Four small pages in one build. The Content-Security-Policy forbids inline script and style, so
// nothing may be injected into the HTML: no modulepreload polyfill, no inlined assets.
export default defineConfig({
  plugins: [svelte(), shells(), twins()],
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
        numbers: 'numbers/index.html',
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
  server: {
    // The server takes changes from pages of its own origin only.
    proxy: Object.fromEntries(
      ['/v1', '/demo', '/openapi.json', '/healthz'].map((path) => [path, { target: SERVER, changeOrigin: true, headers: { origin: SERVER } }]),
    ),
  },
  test: {
    environment: 'node',
    include: ['src/**/*.test.ts', 'tests/**/*.test.ts'],
  },
});
