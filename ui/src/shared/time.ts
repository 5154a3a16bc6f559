/**
 * Every time shown is the server's: a device's clock may be wrong by hours. The offset is learned
 * from each answer that carries `server_time`, taking half of the round trip; it is kept so that a page
 * opened without network still knows it.
 */
import type { Lang } from './i18n';

/** The zone in which the policy counts days. */
export const ZONE = 'Asia/Shanghai';
const OFFSET_KEY = 'jg.offset';

export class ServerClock {
  #offset = 0;
  #known = false;
  /** Server time and steady time at the last answer: turning the device's clock back moves nothing. */
  #anchor: { server: number; steady: number } | null = null;
  readonly #now: () => number;
  readonly #steady: () => number;

  /**
   * `now` is the device's clock in milliseconds, `steady` a counter that nobody can set; both are
   * arguments so that tests can turn them.
   */
  constructor(now: () => number = Date.now, steady: () => number = () => performance.now()) {
    this.#now = now;
    this.#steady = steady;
  }

  /**
   * Learns from an answer: `serverTime` (RFC 3339) was read between `sentAt` and `receivedAt`
   * (device milliseconds). Nonsense is ignored.
   */
  learn(serverTime: string, sentAt: number, receivedAt: number): void {
    const server = Date.parse(serverTime);
    if (!Number.isFinite(server)) return;
    // The server tells whole seconds, cut off; half a second more is right on average.
    this.#offset = server + 500 - (sentAt + receivedAt) / 2;
    this.#known = true;
    this.#anchor = { server: receivedAt + this.#offset, steady: this.#steady() };
  }

  /**
   * The server's time in milliseconds since 1970, as far as this device knows it. Of two ways to
   * know it the later counts: the device's clock may be turned back, and the steady counter stands
   * still on some devices while they sleep. Too late only makes a code look older than it is.
   */
  now(): number {
    const byClock = this.#now() + this.#offset;
    const a = this.#anchor;
    return a ? Math.max(byClock, a.server + this.#steady() - a.steady) : byClock;
  }

  /** Server minus device, in milliseconds. */
  get offset(): number {
    return this.#offset;
  }

  /**
   * Whole minutes by which the device's clock is ahead of the server's, if that is worth a word: more
   * than two, and less than a day, for a demonstration's clock is moved by days on purpose.
   */
  get minutesAhead(): number | null {
    const minutes = -Math.round(this.#offset / 60_000);
    const apart = Math.abs(minutes);
    return this.#known && apart > 2 && apart < 1440 ? minutes : null;
  }

  /** Whether any answer has been seen. */
  get known(): boolean {
    return this.#known;
  }

  /** Keeps the offset for a start without network. */
  save(storage: Pick<Storage, 'setItem'>): void {
    try {
      storage.setItem(OFFSET_KEY, String(Math.round(this.#offset)));
    } catch {
      // Storage can be full or forbidden; the clock then starts from the device's.
    }
  }

  /** Takes up an offset kept earlier, if nothing better is known. */
  restore(storage: Pick<Storage, 'getItem'>): void {
    if (this.#known) return;
    try {
      const kept = Number(storage.getItem(OFFSET_KEY) ?? Number.NaN);
      if (Number.isFinite(kept)) this.#offset = kept;
    } catch {
      // As above.
    }
  }
}

/** The page's one clock. `api.ts` feeds it. */
export const clock = new ServerClock();

const LOCALE: Record<Lang, string> = { zh: 'zh-CN', en: 'en-GB' };
const formats = new Map<string, Intl.DateTimeFormat>();

function format(lang: Lang, options: Intl.DateTimeFormatOptions, at: number | string | Date): string {
  const key = lang + JSON.stringify(options);
  let f = formats.get(key);
  if (!f) {
    f = new Intl.DateTimeFormat(LOCALE[lang], { timeZone: ZONE, ...options });
    formats.set(key, f);
  }
  const d = new Date(at);
  return Number.isNaN(d.getTime()) ? '—' : f.format(d);
}

/** `8 March` / `3月8日` */
export const formatDay = (lang: Lang, at: number | string | Date): string =>
  format(lang, { month: 'long', day: 'numeric' }, at);

/** `8 Mar` / `3月8日`: where there is little room. */
export const formatShortDay = (lang: Lang, at: number | string | Date): string =>
  format(lang, { month: 'short', day: 'numeric' }, at);

/** `8 March 2022` / `2022年3月8日` */
export const formatDate = (lang: Lang, at: number | string | Date): string =>
  format(lang, { year: 'numeric', month: 'long', day: 'numeric' }, at);

/** `8 March, 00:00` / `3月8日 00:00` */
export const formatMoment = (lang: Lang, at: number | string | Date): string =>
  `${formatDay(lang, at)}${lang === 'en' ? ', ' : ' '}${format(lang, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }, at)}`;

/** `14:03:27` */
export const formatClock = (lang: Lang, at: number | string | Date): string =>
  format(lang, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }, at);

/** The local calendar day of a moment as `2022-03-08`, the form that declarations use. */
export function localDay(at: number | string | Date): string {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone: ZONE,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  }).formatToParts(new Date(at));
  const get = (type: string): string => parts.find((p) => p.type === type)?.value ?? '';
  return `${get('year')}-${get('month')}-${get('day')}`;
}

/** A calendar day some days later or earlier: `addDays('2022-03-01', -1)` is `2022-02-28`. */
export function addDays(day: string, n: number): string {
  const d = new Date(`${day}T00:00:00Z`);
  d.setUTCDate(d.getUTCDate() + n);
  return d.toISOString().slice(0, 10);
}
