/**
 * Base45 (RFC 9285), strict: one text for each byte string. Everything else is `code.malformed`.
 */
import { CodeError } from './errors';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';

const VALUE = new Map([...ALPHABET].map((c, i) => [c, i]));

function value(text: string, at: number): number {
  const v = VALUE.get(text.charAt(at));
  if (v === undefined) throw new CodeError('code.malformed');
  return v;
}

/** The bytes of a base45 text. Throws only `CodeError`. */
export function base45Decode(text: string): Uint8Array<ArrayBuffer> {
  const rest = text.length % 3;
  if (rest === 1) throw new CodeError('code.malformed');
  const out = new Uint8Array(Math.floor(text.length / 3) * 2 + (rest === 2 ? 1 : 0));
  let to = 0;
  for (let i = 0; i < text.length; i += 3) {
    const two = value(text, i) + value(text, i + 1) * 45;
    if (i + 2 < text.length) {
      const three = two + value(text, i + 2) * 2025;
      if (three > 0xffff) throw new CodeError('code.malformed');
      out[to++] = three >> 8;
      out[to++] = three & 0xff;
    } else {
      if (two > 0xff) throw new CodeError('code.malformed');
      out[to++] = two;
    }
  }
  return out;
}
