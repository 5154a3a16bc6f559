/**
 * Keeps the code current: one request when the page opens, one each time the code nears its end,
 * none while the page is hidden, and after a failure a longer and longer random pause.
 */
import { api, ApiError, backoffDelay } from '../shared/api';
import { clock } from '../shared/time';
import { acting, type Person } from './acting.svelte';
import { forget, freshness, keep, KEPT_KEY, parseAnswer, readKept, renewDelay, renewed, type CodeAnswer, type Freshness } from './kept';

/** A reload during a pause that the server asked for must not end the pause. */
const LATER_KEY = 'jg.later';
const LONGEST_PAUSE = 5 * 60_000;

export type Trouble = { kind: 'offline' | 'busy' | 'other'; error: ApiError };

class Keeper {
  /** The newest code, valid or not; use `fresh` to know which. */
  answer = $state<CodeAnswer | null>(null);
  /** `null` until the first answer says so. */
  signedIn = $state<boolean | null>(null);
  trouble = $state<Trouble | null>(null);
  /** Server time, moved every second. */
  now = $state(clock.now());
  /** Device time at which the next request is made, for counting down. */
  nextTry = $state<number | null>(null);
  /** Device time before which a tap on "try again" is not passed on. */
  notBefore = $state(0);
  fresh = $derived<Freshness>(freshness(this.answer, this.now));

  /** Has this page had the whole answer that it shows from the server, and not only from what was kept? */
  #whole = false;
  #attempt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #busy = false;

  start(): void {
    clock.restore(localStorage);
    this.answer = readKept(localStorage, acting.person?.id ?? null);
    if (this.answer) this.signedIn = true;
    this.#tick();
    document.addEventListener('visibilitychange', () => this.#seen());
    addEventListener('pageshow', (e) => e.persisted && this.#seen());
    // Signed out in another window of this browser.
    addEventListener('storage', (e) => e.key === KEPT_KEY && e.newValue === null && this.#gone());
    addEventListener('online', () => {
      if (this.trouble?.kind === 'offline') this.#plan(Math.random() * 2_000);
    });
    const wait = this.#pauseLeft();
    if (wait > 0) {
      this.trouble = { kind: 'busy', error: new ApiError({ code: 'busy', status: 503 }) };
      this.notBefore = Date.now() + wait;
      this.#plan(wait);
    } else void this.renew();
  }

  /** Shows the code of somebody the reader cares for; `null`: the reader's own. */
  async show(person: Person | null): Promise<void> {
    clearTimeout(this.#timer);
    acting.as(person);
    this.answer = readKept(localStorage, person?.id ?? null);
    this.#whole = false;
    this.trouble = null;
    this.#attempt = 0;
    this.#busy = false;
    await this.renew();
  }

  /** Asks for a code now. A second call while one is under way does nothing. */
  async renew(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    clearTimeout(this.#timer);
    this.nextTry = null;
    const whose = acting.person?.id ?? null;
    try {
      const answer = (await this.#next()) ?? parseAnswer(await api.get('/v1/me/code'));
      // An answer for whoever was shown before is nobody's now.
      if (whose !== (acting.person?.id ?? null)) return;
      if (!answer) throw new ApiError({ code: 'bad_answer' });
      clock.save(localStorage);
      keep(localStorage, answer, whose);
      this.answer = answer;
      this.#whole = true;
      this.signedIn = true;
      this.trouble = null;
      this.#attempt = 0;
      this.now = clock.now();
      this.#plan(renewDelay(answer, this.now, Math.random));
    } catch (e) {
      if (whose === (acting.person?.id ?? null)) this.#failed(e instanceof ApiError ? e : new ApiError({ code: 'bad_answer' }));
    } finally {
      if (whose === (acting.person?.id ?? null)) this.#busy = false;
    }
  }

  /**
   * The next code alone, beside what is shown already: a few hundred bytes instead of a few thousand. `null`
   * where nothing was asked for since the page was opened, or where something has changed.
   */
  async #next(): Promise<CodeAnswer | null> {
    const { answer } = this;
    if (!answer || !this.#whole) return null;
    this.#whole = false;
    try {
      return renewed($state.snapshot(answer), await api.get('/v1/me/code/next'));
    } catch (e) {
      // A server of before, while others are renewed already.
      if (e instanceof ApiError && e.status === 404) return null;
      throw e;
    }
  }

  /** The reader's own tap; heard only once the pause that is due has passed. */
  retry(): void {
    if (Date.now() >= this.notBefore) void this.renew();
  }

  /** Somebody has just signed in. */
  async entered(): Promise<void> {
    this.signedIn = true;
    await this.renew();
  }

  async signOut(): Promise<void> {
    await api.del('/v1/session');
    this.#gone();
  }

  #failed(error: ApiError): void {
    if (error.status === 401) {
      this.#gone();
      return;
    }
    // Ended by either side, or the child has grown up: back to the reader's own.
    if (acting.person && (error.code === 'person.unknown' || error.code === 'person.grown_up')) {
      void this.show(null);
      return;
    }
    const wait = backoffDelay(this.#attempt, error.retryAfter);
    this.#attempt += 1;
    // No mandate: nothing to wait for in line, and the page says why.
    const asked = (error.status === 503 && !error.code.startsWith('mandate.')) || error.status === 429;
    this.trouble = {
      kind: error.status === 0 && error.code !== 'bad_answer' ? 'offline' : asked ? 'busy' : 'other',
      error,
    };
    // Any other refusal comes after the session was found good.
    const refused = error.status >= 400 && error.status < 500 && error.status !== 429;
    if (this.signedIn === null && (this.answer || refused)) this.signedIn = true;
    this.notBefore = Date.now() + (asked ? wait : 3_000);
    if (asked) this.#pause(wait);
    this.#plan(Math.max(wait, 1_000));
  }

  #gone(): void {
    clearTimeout(this.#timer);
    forget(localStorage);
    acting.as(null);
    this.answer = null;
    this.#whole = false;
    this.trouble = null;
    this.nextTry = null;
    this.signedIn = false;
  }

  #plan(ms: number): void {
    clearTimeout(this.#timer);
    this.nextTry = Date.now() + ms;
    this.#timer = setTimeout(() => {
      // A hidden page asks for nothing; it catches up when it is seen again.
      if (document.visibilityState === 'visible') void this.renew();
    }, ms);
  }

  #seen(): void {
    if (document.visibilityState !== 'visible' || this.signedIn === false) return;
    this.now = clock.now();
    if (this.nextTry !== null && Date.now() >= this.nextTry) void this.renew();
  }

  #tick(): void {
    this.now = clock.now();
    setTimeout(() => this.#tick(), 1_000 - (((this.now % 1_000) + 1_000) % 1_000) + 5);
  }

  #pause(ms: number): void {
    try {
      localStorage.setItem(LATER_KEY, String(Date.now() + ms));
    } catch {
      // The pause then ends with a reload.
    }
  }

  #pauseLeft(): number {
    try {
      const left = Number(localStorage.getItem(LATER_KEY) ?? 0) - Date.now();
      localStorage.removeItem(LATER_KEY);
      const wait = left > 0 && left <= LONGEST_PAUSE ? left : 0;
      if (wait > 0) this.#pause(wait);
      return wait;
    } catch {
      return 0;
    }
  }
}

export const keeper = new Keeper();
