import { ApiError } from './api';
import type { Colour } from './colour';
import { dictionary, lang } from './i18n';
import { en } from './texts/common.en';
import { zh } from './texts/common.zh';

/** Words that all pages share. */
export const common = dictionary({ zh, en });

/** The powers that were missing, if the server named them. */
function missing(error: ApiError): string {
  const powers = error.problem.missing?.powers ?? [];
  if (powers.length === 0) return '';
  return ` ${common().missing(powers.map((p) => p.words[lang()]).join(common().or))}`;
}

/**
 * An error in the reader's language: by the page's own texts for its `code` first, then by what
 * kind of failure it is, then the server's `detail`.
 */
export function explain(error: unknown, byCode: Readonly<Record<string, string>> = {}): string {
  const c = common();
  const e = c.errors;
  if (!(error instanceof ApiError)) return e.other;
  const wait = error.retryAfter ? ` ${c.waitSeconds(Math.ceil(error.retryAfter))}` : '';
  const own = Object.hasOwn(byCode, error.code) ? byCode[error.code] : undefined;
  if (own !== undefined) return own + missing(error) + wait;
  if (error.code === 'network' || error.code === 'timeout' || error.code === 'bad_answer') return e[error.code];
  if (error.code === 'mandate.none' || error.code === 'mandate.not_begun' || error.code === 'mandate.ended') return e[error.code];
  if (error.code === 'request.put_off') return e.put_off + wait;
  if (error.status === 503 || error.status === 429) return e.busy + wait;
  if (error.detail) return error.detail;
  if (error.status === 401) return e.session;
  if (error.status === 403) return e.forbidden;
  if (error.status === 404) return e.not_found;
  if (error.status === 413) return e.too_large;
  return e.other;
}

/**
 * What a colour asks of its bearer. The policy says for how many days; without a number none is
 * named, because a policy may change it at any time.
 */
export function colourMeaning(colour: Colour | null, days?: number | null): string {
  const c = common();
  if ((colour === 'yellow' || colour === 'red') && days) return c.meaningDays[colour](days);
  return c[colour ?? 'unknown'].meaning;
}
