/** Which part of the page is shown, by the address's hash (`#/visits`). */
export const ROUTES = ['code', 'declare', 'check-in', 'scan', 'visits', 'evidence', 'history', 'accesses', 'family', 'paper', 'appeals', 'sessions', 'me', 'phone', 'join'] as const;
export type Route = (typeof ROUTES)[number];

export function parseRoute(hash: string): Route {
  // A poster's link, opened by the phone's own camera.
  if (hash.startsWith('#v=')) return 'scan';
  const name = hash.replace(/^#\/?/, '');
  return ROUTES.find((r) => r === name) ?? 'code';
}

const state = $state<{ route: Route }>({ route: typeof location === 'undefined' ? 'code' : parseRoute(location.hash) });
if (typeof addEventListener !== 'undefined') {
  addEventListener('hashchange', () => {
    state.route = parseRoute(location.hash);
  });
}

export const route = (): Route => state.route;
export const go = (to: Route): void => {
  location.hash = to === 'code' ? '#/' : `#/${to}`;
};
