/**
 * A document reader that types into a field: when has it finished, and was it a reader at all? Readers end
 * lines with Enter or Tab and say nothing at the end of the document, so the end is a short silence
 * after quick keys. Somebody who types is not quick, and says with Enter that they have finished.
 */

/** Milliseconds without a key after which a reader has finished; slow ones stall between lines. */
export const SILENCE = 600;
/** Mean milliseconds between the keys of a reader, the slow ones by radio included. */
const QUICK = 130;
/** Fewer characters are somebody's typing. */
const LEAST = 12;

/** What a key is to do: its own work, end a line, or say that all is typed. */
export type KeyMeans = 'itself' | 'line' | 'read';

export class Burst {
  #first = -Infinity;
  #last = -Infinity;
  #characters = 0;

  /** So many characters are in the field, at a moment (milliseconds of any steady clock). */
  typed(length: number, at: number): void {
    if (length === 0 || at - this.#last > SILENCE || length < this.#characters) this.#first = at;
    this.#characters = length;
    this.#last = at;
  }

  /** Is it a reader (or a paste) that fills the field? */
  quick(): boolean {
    return this.#characters >= LEAST && this.#last - this.#first <= this.#characters * QUICK;
  }

  /** What Enter or Tab does: a reader's ends a line, somebody's own reads or moves on. */
  key(key: string, at: number): KeyMeans {
    const readers = this.quick() && at - this.#last <= SILENCE;
    if (key === 'Tab') return readers ? 'line' : 'itself';
    if (key === 'Enter') return readers ? 'line' : 'read';
    return 'itself';
  }

  /** Has the reader finished? To be asked when it was silent. */
  finished(at: number): boolean {
    return this.quick() && at - this.#last >= SILENCE;
  }

  clear(): void {
    this.#first = this.#last = -Infinity;
    this.#characters = 0;
  }
}
