/**
 * The last code, kept on the device so that it can be shown without network while it is valid.
 * What is read back is checked like anything from outside: a damaged entry is no entry.
 */
import { parseColour } from '../shared/colour';
import type { NextCode, ShownCode } from '../shared/openapi';

/** Answer of `GET /v1/me/code`. */
export type CodeAnswer = ShownCode;

/** Answer of `GET /v1/me/code/next`. */
export type NextAnswer = NextCode;

/** Where the last code is kept on the device. */
export const KEPT_KEY = 'jg.code';
/** Where the evidence behind it is kept, so that the colour can be made again without network. */
export const PROOF_KEY = 'jg.proof';

/** The same for somebody the reader cares for: each person's code is kept apart. */
export const keyOf = (key: string, person: string | null): string => (person === null ? key : `${key}.${person}`);

/** Seconds that a code may seem to come from the future before the device's clock is distrusted. */
export const CLOCK_SLACK = 120;

export type Freshness =
  /** Nothing is known. */
  | { state: 'none' }
  /** The code counts; `left` whole seconds. */
  | { state: 'current'; left: number }
  /** The code no longer counts: its colour must not be shown. */
  | { state: 'expired' }
  /** The device's clock is before the code was made: nobody can say whether it still counts. */
  | { state: 'clock_wrong' };

/** Checks the parts of an answer that a wrong display could come from. */
export function parseAnswer(value: unknown): CodeAnswer | null {
  if (typeof value !== 'object' || value === null) return null;
  const v = value as Partial<CodeAnswer>;
  const ok =
    typeof v.code === 'string' &&
    v.code.startsWith('JG1:') &&
    [v.issued_at, v.expires_at, v.renew_at].every((t) => typeof t === 'string' && Number.isFinite(Date.parse(t))) &&
    typeof v.name_masked === 'string' &&
    typeof v.shown === 'string' &&
    typeof v.assessment === 'object' &&
    v.assessment !== null &&
    parseColour(v.assessment.colour) !== null &&
    Array.isArray(v.assessment.reasons);
  return ok ? (value as CodeAnswer) : null;
}

/** The longest that a code may be fresh, in seconds; one that claims more is none. */
const LONGEST = 86_400;

/**
 * What is shown with the next code, or `null` if it cannot be: something beside the code has changed, or the
 * answer is none. Then everything has to be asked for, and the next code is not shown.
 */
export function renewed(answer: CodeAnswer, value: unknown): CodeAnswer | null {
  if (typeof value !== 'object' || value === null) return null;
  const v = value as Partial<NextAnswer>;
  const { code, server_time, fresh, renew } = v;
  if (typeof v.shown !== 'string' || v.shown !== answer.shown) return null;
  if (typeof code !== 'string' || !code.startsWith('JG1:') || typeof server_time !== 'string') return null;
  if (typeof fresh !== 'number' || typeof renew !== 'number') return null;
  const made = Date.parse(server_time);
  if (!(Number.isFinite(made) && fresh > 0 && fresh <= LONGEST && renew >= 0 && renew <= fresh)) return null;
  const after = (seconds: number): string => new Date(made + seconds * 1000).toISOString();
  return {
    ...answer,
    code,
    server_time,
    issued_at: server_time,
    expires_at: after(fresh),
    renew_at: after(renew),
    assessment: { ...answer.assessment, at: server_time },
  };
}

/**
 * Does a code count at `now` (server milliseconds)? It stops at its expiry, and also at the moment
 * from which its assessment holds no longer.
 */
export function freshness(answer: CodeAnswer | null, now: number): Freshness {
  if (!answer) return { state: 'none' };
  const expires = Date.parse(answer.expires_at);
  const next = answer.assessment.next_change ? Date.parse(answer.assessment.next_change) : Infinity;
  // A change that was already due when the code was made says nothing about this code.
  const end = next > Date.parse(answer.issued_at) ? Math.min(expires, next) : expires;
  if (now < Date.parse(answer.issued_at) - CLOCK_SLACK * 1000) return { state: 'clock_wrong' };
  if (!(now < end)) return { state: 'expired' };
  return { state: 'current', left: Math.ceil((end - now) / 1000) };
}

/**
 * Milliseconds until the next renewal: at `renew_at`, plus a random part of the first half of what
 * is left until expiry, so that codes made in one moment are not renewed in one moment.
 */
export function renewDelay(answer: CodeAnswer, now: number, random: () => number): number {
  const renew = Date.parse(answer.renew_at);
  const spread = Math.max(0, Date.parse(answer.expires_at) - renew) / 2;
  const next = answer.assessment.next_change ? Date.parse(answer.assessment.next_change) : Infinity;
  const due = Math.min(renew + random() * spread, next > Date.parse(answer.issued_at) ? next + random() * 2000 : Infinity);
  // Never faster than every three seconds, whatever the server's or the device's clock says.
  return Math.max(3_000, Math.round(due - now));
}

export function readKept(storage: Pick<Storage, 'getItem'>, person: string | null = null): CodeAnswer | null {
  try {
    return parseAnswer(JSON.parse(storage.getItem(keyOf(KEPT_KEY, person)) ?? 'null'));
  } catch {
    return null;
  }
}

export function keep(storage: Pick<Storage, 'setItem'>, answer: CodeAnswer, person: string | null = null): void {
  try {
    storage.setItem(keyOf(KEPT_KEY, person), JSON.stringify(answer));
  } catch {
    // Without storage there is no offline code; everything else works.
  }
}

/** Removes everything about the holder and their family from this device; the language stays. */
export function forget(storage: Pick<Storage, 'removeItem'> & Partial<Pick<Storage, 'key' | 'length'>>): void {
  try {
    storage.removeItem(KEPT_KEY);
    storage.removeItem(PROOF_KEY);
    for (let i = (storage.length ?? 0) - 1; i >= 0; i--) {
      const key = storage.key?.(i) ?? '';
      if (key.startsWith(`${KEPT_KEY}.`) || key.startsWith(`${PROOF_KEY}.`)) storage.removeItem(key);
    }
  } catch {
    // Nothing was kept then.
  }
}
