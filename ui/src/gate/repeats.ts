/** A code held before the camera is read many times a second; it counts once. */
export const REPEAT_MS = 10_000;

export class Repeats {
  readonly #seen = new Map<string, number>();

  /** Was this seen in the last ten seconds? Each sight starts them anew. */
  isRepeat(what: string, at: number): boolean {
    for (const [key, when] of this.#seen) {
      if (at - when >= REPEAT_MS || at < when) this.#seen.delete(key);
    }
    const repeat = this.#seen.has(what);
    this.#seen.set(what, at);
    return repeat;
  }

  /** It came to nothing: the next sight is a first one. */
  forget(what: string): void {
    this.#seen.delete(what);
  }
}
