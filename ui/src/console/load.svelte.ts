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

/** Does something again and again while the page is in front; what it returns ends that. */
export function repeat(work: () => unknown, ms: number): () => void {
  const timer = setInterval(() => {
    if (!document.hidden) work();
  }, ms);
  return () => clearInterval(timer);
}
