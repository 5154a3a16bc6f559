import { mount } from 'svelte';
import '../shared/base.css';
import { keepPage } from '../shared/offline';
import App from './App.svelte';
import { verifier } from '../shared/ed25519';
import { keepLoaded } from './kept';

const target = document.getElementById('app');
if (target) mount(App, { target });

// The gate must open and verify without network: whatever it may need is loaded and kept now.
addEventListener('load', () => {
  void Promise.all([keepPage('/gate/'), verifier()]).then(keepLoaded);
});
