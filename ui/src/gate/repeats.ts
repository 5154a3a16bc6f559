/** A code held before the camera is read many times a second; it counts once. */
export const REPEAT_MS = 10_000;

export class Repeats {
  readonly #seen = new Map<string, number>();

  /** Was this read in the last ten seconds? Each reading starts them anew only if it counts. */
  isRepeat(what: string, at: number): boolean {
    for (const [key, when] of this.#seen) {
      if (at - when >= REPEAT_MS || at < when) this.#seen.delete(key);
    }
    if (this.#seen.has(what)) return true;
    this.#seen.set(what, at);
    return false;
  }

  /** Lets a code be read again at once (the direction was switched, a scan was undone). */
  forget(what: string): void {
    this.#seen.delete(what);
  }
}
