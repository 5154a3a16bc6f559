/**
 * Registers the service worker, which keeps the holder's page, and asks it to keep `page` as well
 * (`/gate/`), so that both can be opened without network. Not having one is no error.
 */
export async function keepPage(page: '/' | '/gate/'): Promise<void> {
  if (!('serviceWorker' in navigator)) return;
  try {
    await navigator.serviceWorker.register('/sw.js', { scope: '/', updateViaCache: 'all' });
    const ready = await navigator.serviceWorker.ready;
    if (page !== '/') ready.active?.postMessage({ keep: page });
  } catch {
    // Private windows and strict settings refuse; the page works without.
  }
}
