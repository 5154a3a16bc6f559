import type { Purpose } from './types';

/** Where in the console: the hash of the address, `#/cases` or `#/traces/t0123…`. */
export interface Route {
  section: string;
  rest: string[];
}

export function parseRoute(hash: string): Route {
  const parts = hash.replace(/^#\/?/, '').split('/').filter((p) => p !== '');
  return { section: parts[0] ?? '', rest: parts.slice(1) };
}

export const route = $state<{ now: Route }>({ now: parseRoute(typeof location === 'undefined' ? '' : location.hash) });

export function followHash(): void {
  route.now = parseRoute(location.hash);
}

export function go(path: string): void {
  location.hash = `#/${path}`;
}

/**
 * A person handed from one list to the look-up. Kept here and not in the address: an address ends
 * up in histories.
 */
export const handed = $state<{ holder: string | null; purpose: Purpose | ''; caseId: string }>({
  holder: null,
  purpose: '',
  caseId: '',
});

/** Takes what was handed over, once. */
export function takeHanded(): { holder: string; caseId: string } {
  const taken = { holder: handed.holder ?? '', caseId: handed.caseId };
  Object.assign(handed, { holder: null, purpose: '', caseId: '' });
  return taken;
}

/** Asks who a contact is. */
export function askWho(holder: string, caseId: string): void {
  Object.assign(handed, { holder, purpose: '', caseId });
  go('identities');
}

export function openPerson(holder: string, purpose: Purpose, caseId = ''): void {
  handed.holder = holder;
  handed.purpose = purpose;
  handed.caseId = caseId;
  go('people');
}
