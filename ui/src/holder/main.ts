import { mount } from 'svelte';
import '../shared/base.css';
import { keepPage } from '../shared/offline';
import App from './App.svelte';
// The browser offers the home screen once, and early.
import './install.svelte';

/** Waits, but not long, until a newer service worker has taken over with the newer page. */
async function update(): Promise<void> {
  const registration = await navigator.serviceWorker?.getRegistration();
  if (!registration) return;
  const taken = new Promise((resolve) => navigator.serviceWorker.addEventListener('controllerchange', resolve));
  await registration.update().catch(() => undefined);
  await Promise.race([taken, new Promise((resolve) => setTimeout(resolve, 4_000))]);
}

// A page kept from before an update may ask for a part that is gone: one reload brings the new one.
addEventListener('vite:preloadError', (event) => {
  try {
    const last = Number(sessionStorage.getItem('jg.reloaded') ?? 0);
    if (navigator.onLine && Date.now() - last > 60_000) {
      event.preventDefault();
      sessionStorage.setItem('jg.reloaded', String(Date.now()));
      void update().then(() => location.reload());
    }
  } catch {
    // Without storage a loop could not be prevented, so the error is shown instead.
  }
});

const target = document.getElementById('app');
if (target) mount(App, { target });

// After the code, not before it.
addEventListener('load', () => void keepPage('/'));
