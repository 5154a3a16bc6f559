/**
 * Service worker: keeps the page itself, never anything from the API. The build replaces the list
 * of files; with another build this file's bytes differ, and the browser installs it anew.
 * Pages come from the cache first, so that opening a code asks the server for one thing only.
 */
const sw = globalThis as unknown as ServiceWorkerGlobalScope;

/** By page: its address and every file needed to show it. */
declare const __SHELLS__: Record<string, string[]>;
const SHELLS = __SHELLS__;
/** Changes with every build that changes a page. */
declare const __BUILD__: string;

const CACHE = `jadegate-${__BUILD__}`;

/** A page's HTML is asked for anew; files with a hash in their name need no asking. */
const fresh = (page: string): Request => new Request(page, { cache: 'no-cache' });

sw.addEventListener('install', (event) => {
  event.waitUntil(
    (async () => {
      const cache = await caches.open(CACHE);
      // The holder's page always; another page if an earlier build had kept it on this device.
      for (const [page, files] of Object.entries(SHELLS)) {
        if (page === '/' || (await caches.match(page))) await cache.addAll([fresh(page), ...files]);
      }
      await sw.skipWaiting();
    })(),
  );
});

sw.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) {
        if (name.startsWith('jadegate-') && name !== CACHE) await caches.delete(name);
      }
      await sw.clients.claim();
    })(),
  );
});

// A page asks to be kept: postMessage({ keep: '/gate/' }).
sw.addEventListener('message', (event) => {
  const page = (event.data as { keep?: unknown } | null)?.keep;
  const files = typeof page === 'string' && Object.hasOwn(SHELLS, page) ? SHELLS[page] : undefined;
  if (typeof page === 'string' && files) {
    event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll([fresh(page), ...files])));
  }
});

sw.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== sw.location.origin) return;
  const page = request.mode === 'navigate' && Object.hasOwn(SHELLS, url.pathname);
  const asset = url.pathname.startsWith('/assets/') || url.pathname === '/icon.svg' || /^\/\w+\.webmanifest$/.test(url.pathname);
  if (page || asset) event.respondWith(fromCache(page ? url.pathname : request, asset));
});

async function fromCache(request: Request | string, store: boolean): Promise<Response> {
  const kept = await caches.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  // Names of assets carry their hash, so what is kept never becomes wrong.
  if (store && answer.ok) await (await caches.open(CACHE)).put(request, answer.clone());
  return answer;
}

interface ExtendableEvent extends Event {
  waitUntil(promise: Promise<unknown>): void;
}
interface FetchEvent extends ExtendableEvent {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface ServiceWorkerGlobalScope {
  readonly location: Location;
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(type: 'install' | 'activate', listener: (event: ExtendableEvent) => void): void;
  addEventListener(type: 'message', listener: (event: ExtendableEvent & { data: unknown }) => void): void;
  addEventListener(type: 'fetch', listener: (event: FetchEvent) => void): void;
}

export {};
