/**
 * The browser's Back goes one step back in a form of several, and not out of the page. Each step forward is an
 * entry of the history; a button of the page that goes back takes the entry with it.
 */
type Past = Pick<History, 'state' | 'pushState' | 'go'>;

export class Steps {
  readonly #past: Past;

  constructor(past: Past) {
    this.#past = past;
  }

  /** The step of the entry that the browser is at. */
  get at(): number {
    const state: unknown = this.#past.state;
    const step = typeof state === 'object' && state !== null ? (state as { step?: unknown }).step : undefined;
    return typeof step === 'number' && step > 0 ? step : 0;
  }

  /** The page shows this step now. */
  shows(step: number): void {
    const at = this.at;
    for (let next = at + 1; next <= step; next++) this.#past.pushState({ step: next }, '');
    if (step < at) this.#past.go(step - at);
  }
}
