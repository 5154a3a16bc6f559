/** What somebody with this colour has to know today: until when, and what to do. */
import type { Colour } from '../shared/colour';
import { addDays, formatDay, formatMoment, localDay } from '../shared/time';
import type { Lang } from '../shared/i18n';
import type { Reason } from '../shared/types';

type Bound = Pick<Reason, 'colour' | 'until' | 'needs'>;

/**
 * When the reasons for this colour have all ended by themselves; `null` if one of them ends by nothing but
 * what it needs, or there is none.
 */
export function colourEnds(colour: Colour, reasons: readonly Bound[]): string | null {
  const ends = reasons.filter((r) => r.colour === colour).map((r) => r.until);
  if (ends.length === 0 || ends.some((e) => e === null)) return null;
  return (ends as string[]).reduce((a, b) => (Date.parse(a) >= Date.parse(b) ? a : b));
}

/** The last whole day of something that ends then, or the moment: `11 December`; `12 December, 14:30`. */
export function lastDay(lang: Lang, until: string): { text: string; whole: boolean } {
  const midnight = Date.parse(`${localDay(until)}T00:00:00+08:00`) === Date.parse(until);
  return midnight
    ? { text: formatDay(lang, `${addDays(localDay(until), -1)}T00:00:00+08:00`), whole: true }
    : { text: formatMoment(lang, until), whole: false };
}

/** What the reasons for this colour still need, each once. */
export const needsNow = (colour: Colour, reasons: readonly Bound[]): string[] => [
  ...new Set(reasons.filter((r) => r.colour === colour).flatMap((r) => r.needs)),
];

/** The one-time code in what was typed or pasted: six digits, or ten; a whole message holds it somewhere. */
export function oneTimeCode(text: string): string | null {
  const plain = text.normalize('NFKC');
  const alone = plain.replace(/[\s-]/g, '');
  if (/^\d{6}(\d{4})?$/.test(alone)) return alone;
  const numbers: string[] = plain.match(/\+?\d+/g) ?? [];
  return numbers.find((n) => /^\d{6}(\d{4})?$/.test(n)) ?? null;
}
