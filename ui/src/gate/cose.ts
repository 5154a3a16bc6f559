/** COSE_Sign1 (RFC 9052, section 4.2) in the one form that a code uses. */
import { base45Decode } from './base45';
import { CborReader } from './cbor';
import { CodeError } from './errors';

/** The longest text that can be a code (a 16-character issuer); checked before anything is parsed. */
export const MAX_TEXT = 199;
/** The protected header `{1: -8}` (EdDSA). */
const PROTECTED = [0xa1, 0x01, 0x27];

export interface Signed {
  payload: Uint8Array<ArrayBuffer>;
  /** The bytes the signature covers. */
  signed: Uint8Array<ArrayBuffer>;
  signature: Uint8Array<ArrayBuffer>;
}

/** What scanners and pastes add around a code is dropped. */
export function trimmed(text: string): string {
  return text.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '');
}

/** Takes a code apart. Throws only `CodeError`: `code.not_ours` or `code.malformed`. */
export function openCode(raw: string, prefix: string): Signed {
  const text = trimmed(raw);
  if (!text.startsWith(prefix)) throw new CodeError('code.not_ours');
  if (text.length > MAX_TEXT) throw new CodeError('code.malformed');
  const cose = new CborReader(base45Decode(text.slice(prefix.length)));
  cose.array(4);
  cose.exactly(0x43, ...PROTECTED);
  cose.map(0);
  const payload = cose.bytes();
  const signature = cose.bytes();
  cose.end();
  if (signature.length !== 64 || payload.length < 24 || payload.length > 255) throw new CodeError('code.malformed');
  return { payload, signed: toBeSigned(Uint8Array.from(PROTECTED), payload), signature };
}

/** `Sig_structure` (RFC 9052, section 4.4) without external data. */
export function toBeSigned(header: Uint8Array, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const context = [...'Signature1'].map((c) => c.charCodeAt(0));
  const head = [0x84, 0x6a, ...context, ...byteString(header.length), ...header, 0x40, ...byteString(payload.length)];
  const out = new Uint8Array(head.length + payload.length);
  out.set(head);
  out.set(payload, head.length);
  return out;
}

/** The head of a byte string of this length, in its shortest form. */
function byteString(length: number): number[] {
  if (length < 24) return [0x40 + length];
  if (length < 0x100) return [0x58, length];
  if (length < 0x1_0000) return [0x59, length >> 8, length & 0xff];
  return [0x5a, length >>> 24, (length >> 16) & 0xff, (length >> 8) & 0xff, length & 0xff];
}
