/** What the page shows, part by part: one that cannot be read does not take the others with it. */
import { api } from '../shared/api';
import type { AppealFigures, MandateView, PolicyChange, PublicNumbers, RegionRow } from '../shared/openapi';

export type Loaded<T> = { state: 'loading' } | { state: 'there'; value: T } | { state: 'failed'; error: unknown };

class Part<T> {
  #now = $state.raw<Loaded<T>>({ state: 'loading' });

  constructor(ask: () => Promise<T>) {
    ask().then(
      (value) => (this.#now = { state: 'there', value }),
      (error: unknown) => (this.#now = { state: 'failed', error }),
    );
  }

  get now(): Loaded<T> {
    return this.#now;
  }
}

export const numbers = new Part<PublicNumbers>(() => api.get('/v1/public/numbers'));
export const policies = new Part<PolicyChange[]>(() => api.get('/v1/public/policies').then((p) => p.policies));
export const mandate = new Part<MandateView>(() => api.get('/v1/mandate'));
export const levels = new Part<RegionRow[]>(() => api.get('/v1/regions').then((r) => r.risks.filter((x) => x.in_force)));
export const appeals = new Part<AppealFigures>(() => api.get('/v1/public/appeals'));
