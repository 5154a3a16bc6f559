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

export function openPerson(holder: string, purpose: Purpose, caseId = ''): void {
  handed.holder = holder;
  handed.purpose = purpose;
  handed.caseId = caseId;
  go('people');
}
