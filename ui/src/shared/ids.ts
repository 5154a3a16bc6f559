/**
 * Ids made on a device: a letter and 13 characters of Crockford base32 that hold 63 random bits,
 * never zero (the same form as the server's `domain::id`).
 */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** `fill` is an argument so that tests can choose the bits. */
export function makeId(
  letter: string,
  fill: (bytes: Uint8Array<ArrayBuffer>) => unknown = (b) => crypto.getRandomValues(b),
): string {
  const bytes = new Uint8Array(8);
  fill(bytes);
  let raw = 0n;
  for (const b of bytes) raw = (raw << 8n) | BigInt(b);
  raw &= 0x7fff_ffff_ffff_ffffn;
  if (raw === 0n) raw = 1n;
  let text = '';
  for (let i = 0; i < 13; i++) {
    text = (ALPHABET[Number(raw & 31n)] ?? '') + text;
    raw >>= 5n;
  }
  return letter + text;
}

/** A new scan id (`s…`), made by the gate so that sending a scan twice is the same scan. */
export const makeScanId = (): string => makeId('s');

/** Does a text look like an id with this letter? */
export function isId(letter: string, text: string): boolean {
  return (
    text.startsWith(letter) && /^[0-7][0-9A-HJKMNP-TV-Z]{12}$/.test(text.slice(1)) && !/^.0{13}$/.test(text)
  );
}
