/**
 * A gate that nobody stands at is locked with digits: no verdict, no override, no setting, no number of the day.
 * It keeps bystanders off, not somebody with tools and time for the device; what waits is sent all the same.
 */
import type { GateDb } from './db';

const KEY = 'lock';
/** Rounds of PBKDF2: a try costs a cheap tablet a third of a second. */
const ROUNDS = 300_000;
/** Wrong tries that cost nothing; each one after them doubles the wait. */
const FREE = 4;
const FIRST_WAIT = 15_000;
const LONGEST_WAIT = 15 * 60_000;

interface Kept {
  salt: Uint8Array<ArrayBuffer>;
  hash: Uint8Array<ArrayBuffer>;
  locked: boolean;
  wrong: number;
  /** Milliseconds by the clock of the gate until which no try is taken. */
  until: number;
}

/** Four to eight digits, as they are typed on any keyboard; else `null`. */
export function pinOf(text: string): string | null {
  const pin = text.normalize('NFKC').trim();
  return /^\d{4,8}$/.test(pin) ? pin : null;
}

/** How long no try is taken after so many wrong ones, in milliseconds. */
export const waitAfter = (wrong: number): number => (wrong <= FREE ? 0 : Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (wrong - FREE - 1)));

async function digest(pin: string, salt: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const key = await crypto.subtle.importKey('raw', new TextEncoder().encode(pin), 'PBKDF2', false, ['deriveBits']);
  return new Uint8Array(await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations: ROUNDS }, key, 256));
}

export class Lock {
  readonly #db: Pick<GateDb, 'get' | 'set'>;
  readonly #now: () => number;
  #kept: Kept | undefined;
  locked = $state(false);
  /** Has somebody chosen digits? */
  chosen = $state(false);
  until = $state(0);

  constructor(db: Pick<GateDb, 'get' | 'set'>, now: () => number) {
    this.#db = db;
    this.#now = now;
  }

  /** As it was left: a locked gate that is opened anew is locked. */
  async load(): Promise<void> {
    this.#kept = await this.#db.get<Kept>(KEY);
    this.#tell();
  }

  /** Locks with these digits, in the place of earlier ones. */
  async lockWith(pin: string): Promise<void> {
    const salt = crypto.getRandomValues(new Uint8Array(16));
    await this.#keep({ salt, hash: await digest(pin, salt), locked: true, wrong: 0, until: 0 });
  }

  /** Locks with the digits that were chosen before. */
  async lock(): Promise<void> {
    if (this.#kept) await this.#keep({ ...this.#kept, locked: true });
  }

  /** Opens it; `false`: wrong digits, or it is too early for another try. */
  async open(pin: string): Promise<boolean> {
    const kept = this.#kept;
    if (!kept) return true;
    if (this.#now() < kept.until) return false;
    // The try counts before it is looked at: closing the page does not give another one.
    const wrong = kept.wrong + 1;
    await this.#keep({ ...kept, wrong, until: this.#now() + waitAfter(wrong) });
    const hash = await digest(pin, kept.salt);
    if (!hash.every((byte, i) => byte === kept.hash[i])) return false;
    await this.#keep({ ...kept, locked: false, wrong: 0, until: 0 });
    return true;
  }

  async #keep(next: Kept): Promise<void> {
    await this.#db.set(KEY, next);
    this.#kept = next;
    this.#tell();
  }

  #tell(): void {
    this.locked = this.#kept?.locked ?? false;
    this.chosen = this.#kept !== undefined;
    this.until = this.#kept?.until ?? 0;
  }
}
