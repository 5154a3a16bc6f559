/** Something loaded from the server, and loaded again on demand. */
import { explain } from '../shared/common';
import { t } from './text';

export class Loaded<T> {
  value = $state.raw<T | null>(null);
  error = $state('');
  busy = $state(false);
  readonly #get: () => Promise<T>;
  #turn = 0;

  constructor(get: () => Promise<T>) {
    this.#get = get;
  }

  async load(): Promise<void> {
    const turn = ++this.#turn;
    this.busy = true;
    try {
      const value = await this.#get();
      if (turn !== this.#turn) return;
      this.value = value;
      this.error = '';
    } catch (e) {
      if (turn === this.#turn) this.error = explain(e, t().errors as Record<string, string>);
    } finally {
      if (turn === this.#turn) this.busy = false;
    }
  }
}

/** A list that comes in pages, each asked for by where the one before ended. */
export class Paged<T> {
  rows = $state.raw<T[] | null>(null);
  next = $state.raw<string | null>(null);
  error = $state('');
  busy = $state(false);
  readonly #get: (after: string | null) => Promise<{ rows: T[]; next?: string | null }>;
  #turn = 0;

  constructor(get: (after: string | null) => Promise<{ rows: T[]; next?: string | null }>) {
    this.#get = get;
  }

  /** The first page anew. */
  load = (): Promise<void> => this.#page(null);
  /** The next page, below what is there. */
  more = (): Promise<void> => this.#page(this.next);

  async #page(after: string | null): Promise<void> {
    const turn = ++this.#turn;
    this.busy = true;
    try {
      const page = await this.#get(after);
      if (turn !== this.#turn) return;
      this.rows = after === null ? page.rows : [...(this.rows ?? []), ...page.rows];
      this.next = page.next ?? null;
      this.error = '';
    } catch (e) {
      if (turn === this.#turn) this.error = explain(e, t().errors as Record<string, string>);
    } finally {
      if (turn === this.#turn) this.busy = false;
    }
  }
}

/** The query of a part of a list that begins with what is newest. */
export const before = (after: string | null): '' | `?before=${string}` => (after === null ? '' : `?before=${encodeURIComponent(after)}`);

/** Does something again and again while the page is in front; what it returns ends that. */
export function repeat(work: () => unknown, ms: number): () => void {
  const timer = setInterval(() => {
    if (!document.hidden) work();
  }, ms);
  return () => clearInterval(timer);
}
