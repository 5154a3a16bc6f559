/**
 * What time it is at the gate, and whether that can be believed. A gate without network tells old
 * codes from fresh ones by nothing but its clock, and a device's clock may be wrong by hours.
 *
 * - While this page has heard from the server, its time goes on by a counter that nobody can set.
 * - A page that was opened anew without network takes the device's clock and the difference known
 *   from before. In the same tab that is a reload, and the clock is believed.
 * - In a new tab the device may have been off, and some wake with the time at which they went to sleep:
 *   somebody has to say that the time is right.
 * - Time never goes back: a moment at which the server was heard, at which this page was open, or at
 *   which a code with a good signature was made has passed. A clock before it is wrong, whoever says
 *   what.
 */
import type { ServerClock } from '../shared/time';

export type Trust =
  /** The server has told the time since the page was opened. */
  | 'server'
  /** Believed as before the page was opened anew, or as somebody said. */
  | 'carried'
  /** Nobody has said whether it is right. */
  | 'unsure'
  /** It is wrong: behind a moment that has passed. */
  | 'behind';

type Kept = Pick<Storage, 'getItem' | 'setItem'>;

const LATEST = 'jg.latest';
const HERE = 'jg.here';
/** Milliseconds by which clocks may differ without being wrong. */
const SLACK = 5_000;

export class GateClock {
  readonly #clock: ServerClock;
  readonly #lasting: Kept;
  readonly #ofTab: Kept;
  /** Milliseconds by the server's clock: this moment has passed. */
  #latest: number;
  #believed: boolean;

  /** `lasting` outlives the browser, `ofTab` a reload. */
  constructor(clock: ServerClock, lasting: Kept, ofTab: Kept) {
    this.#clock = clock;
    this.#lasting = lasting;
    this.#ofTab = ofTab;
    this.#latest = Number(read(lasting, LATEST)) || 0;
    this.#believed = read(ofTab, HERE) !== null;
  }

  /** Milliseconds since 1970 by the server's clock, as far as this device knows. */
  now(): number {
    return Math.max(this.#clock.now(), this.#latest);
  }

  get trust(): Trust {
    if (this.#clock.known) return 'server';
    if (this.#clock.now() < this.#latest - SLACK) {
      // Whatever it shows next was set by somebody.
      this.#believed = false;
      return 'behind';
    }
    return this.#believed ? 'carried' : 'unsure';
  }

  /** Can an old code be told from a fresh one? */
  get sure(): boolean {
    return this.trust === 'server' || this.trust === 'carried';
  }

  /** Whole minutes by which the device's clock is ahead of the server's, if that is worth a word. */
  get ahead(): number | null {
    return this.#clock.minutesAhead;
  }

  /** To be called now and then: what has passed is kept for a start without network. */
  tick(): void {
    // The server corrects us, also backwards.
    if (this.#clock.known) this.#latest = this.#clock.now();
    else if (this.trust === 'carried') this.#latest = this.now();
    else return;
    write(this.#lasting, LATEST, String(Math.round(this.#latest)));
    write(this.#ofTab, HERE, '1');
  }

  /** A code with a good signature was made at this moment (seconds), so it has passed. */
  passed(issuedAt: number): void {
    if (!this.#clock.known) this.#latest = Math.max(this.#latest, issuedAt * 1000);
  }

  /** Somebody looked at another clock: this one is right. */
  confirm(): void {
    if (this.trust === 'unsure') this.#believed = true;
    this.tick();
  }
}

function read(kept: Kept, key: string): string | null {
  try {
    return kept.getItem(key);
  } catch {
    return null;
  }
}

function write(kept: Kept, key: string, value: string): void {
  try {
    kept.setItem(key, value);
  } catch {
    // Storage can be full or forbidden; the next start without network then asks.
  }
}
