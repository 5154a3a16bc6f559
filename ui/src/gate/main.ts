import { mount } from 'svelte';
import '../shared/base.css';
import App from './App.svelte';

const target = document.getElementById('app');
if (target) mount(App, { target });

// Keeps the page for the time without network. Without it the gate works while the page stays open.
navigator.serviceWorker?.register('/sw.js').catch(() => undefined);
