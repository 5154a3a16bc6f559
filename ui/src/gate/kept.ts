/**
 * Asks again, through the service worker, for every file this page has loaded: it keeps what passes
 * through it, and parts that were loaded before it was in charge (the camera's reader) did not.
 */
export async function keepLoaded(): Promise<void> {
  const worker = navigator.serviceWorker;
  if (!worker) return;
  await worker.ready;
  if (!worker.controller) {
    await new Promise((resolve) => worker.addEventListener('controllerchange', resolve, { once: true }));
  }
  const loaded = performance.getEntriesByType('resource').map((e) => e.name);
  for (const url of new Set(loaded)) {
    if (url.startsWith(`${location.origin}/assets/`)) await fetch(url).catch(() => undefined);
  }
}
