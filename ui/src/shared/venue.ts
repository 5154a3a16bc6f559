/** A venue's code and the link in which a poster carries it. */

/** What every venue code starts with. */
export const VENUE_PREFIX = 'JGV1:';

/**
 * The link of a poster: any phone's own camera opens it. The code stands behind the `#`, so that it is
 * never sent to a server by opening the link. Two of its 45 characters have a meaning in addresses.
 */
export const venueLink = (origin: string, code: string): string =>
  `${origin}/#v=${code.replaceAll('%', '%25').replaceAll(' ', '%20')}`;

/** The venue code in a text: by itself, or in a link of whatever address; `null` if there is none. */
export function venueCode(text: string): string | null {
  const plain = text.trim();
  if (plain.startsWith(VENUE_PREFIX)) return plain;
  const at = plain.indexOf('#v=');
  if (at < 0) return null;
  let code: string;
  try {
    code = decodeURIComponent(plain.slice(at + 3));
  } catch {
    return null;
  }
  return code.startsWith(VENUE_PREFIX) ? code : null;
}
