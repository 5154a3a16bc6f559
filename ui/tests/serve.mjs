// Serves the built pages under the real Content-Security-Policy, and answers of a stand-in for the API.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname } from 'node:path';
import { pathToFileURL } from 'node:url';

const DIST = process.env.DIST ? pathToFileURL(`${process.env.DIST}/`) : new URL('../dist/', import.meta.url);
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.wasm': 'application/wasm',
  '.png': 'image/png',
};

/** @param {number} ms */
export const iso = (ms) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
/**
 * @param {number} status
 * @param {string} code
 * @param {string} detail
 * @param {Partial<import('../src/shared/openapi').Problem>} more
 * @returns {import('./answers').Refusal}
 */
export const problem = (status, code, detail, more = {}) => ({
  status,
  type: 'application/problem+json',
  body: { type: `https://jadegate.example/problems/${code}`, code, title: code, status, detail, ...more },
});

/** The policy of a page that may run `script`. */
export const csp = (script = "'self'") =>
  `default-src 'self'; script-src ${script}; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`;

/** The answer to a request, by `GET /v1/…` as the API document writes it; addresses without `{id}` come first. */
function find(answers, method, path) {
  const named = answers[`${method} ${path}`];
  if (named) return { answer: named, id: '' };
  for (const [operation, answer] of Object.entries(answers)) {
    const [asked, address] = operation.split(' ');
    if (asked !== method || !address.includes('{')) continue;
    const found = new RegExp(`^${address.replace(/\{\w+\}/, '([^/]+)')}$`).exec(path);
    if (found) return { answer, id: decodeURIComponent(found[1]) };
  }
  return null;
}

/**
 * Serves the pages and `answers`. `before(method, path, body)` may refuse a request; `policy(path)`
 * gives the Content-Security-Policy of a file. `state.requests` hears of every request.
 * @template {{ requests: string[] }} S
 * @param {{
 *   state: S,
 *   answers: import('./answers').Answers,
 *   before: (method: string, path: string, body: unknown) => import('./answers').Refusal | null,
 *   policy: (path: string) => string,
 *   file?: (path: string) => Buffer | null,
 * }} parts
 */
export async function serve({ state, answers, before, policy, file: bytes }) {
  const reply = (method, url, body) => {
    const refused = before(method, url.pathname, body);
    if (refused) return refused;
    const found = find(answers, method, url.pathname);
    if (!found) return problem(404, 'route.unknown', 'There is no such address.');
    const { status = 200, type = 'application/json', body: said } = found.answer({ body, query: url.searchParams, id: found.id, now: Date.now() });
    return { status, type, body: said };
  };
  const server = createServer(async (req, res) => {
    const url = new URL(req.url ?? '/', 'http://localhost');
    state.requests.push(`${req.method} ${url.pathname}`);
    const made = bytes?.(url.pathname);
    if (made) {
      res.writeHead(200, { 'Content-Type': 'application/octet-stream' });
      res.end(made);
      return;
    }
    if (url.pathname.startsWith('/v1/')) {
      const chunks = [];
      for await (const c of req) chunks.push(c);
      const text = Buffer.concat(chunks).toString();
      const isJson = (req.headers['content-type'] ?? '').includes('json');
      const a = reply(req.method, url, text && isJson ? JSON.parse(text) : {});
      const headers = { 'Cache-Control': 'no-store' };
      if (a.body !== undefined) headers['Content-Type'] = a.type;
      if (a.body?.retry_after) headers['Retry-After'] = String(a.body.retry_after);
      res.writeHead(a.status, headers);
      res.end(a.type.includes('json') && a.body !== undefined ? JSON.stringify(a.body) : a.body);
      return;
    }
    const path = url.pathname.endsWith('/') ? `${url.pathname}index.html` : url.pathname;
    try {
      const file = await readFile(new URL(`.${path}`, DIST));
      res.writeHead(200, {
        'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream',
        'Cache-Control': path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
        'Content-Security-Policy': policy(path),
        'X-Content-Type-Options': 'nosniff',
      });
      res.end(file);
    } catch {
      res.writeHead(404, { 'Content-Type': 'text/plain' });
      res.end('not found');
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  return {
    state,
    url: `http://localhost:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}`,
    stop: () => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve))),
  };
}
