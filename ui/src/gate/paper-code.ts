/**
 * A code on paper taken apart: `JGP1:` and the machinery of a live code over what says which paper it is.
 * It has no colour; how it stands is asked of the server, or read from its list (`status-list.ts`).
 */
import { CborReader } from './cbor';
import { MAX_TEXT, openCode, trimmed } from './cose';
import { CodeError } from './errors';

const PREFIX = 'JGP1:';
/** No paper is good for longer than ten years; one that claims to be is refused. */
const MAX_LIFETIME_SECONDS = 10 * 366 * 86_400;
/** The claim keys 1 (iss), 4 (exp), 6 (iat), 7 (cti) and -65538 (place in the list) as CBOR. */
const ISS = 0x01;
const EXP = 0x04;
const IAT = 0x06;
const CTI = 0x07;
const INDEX = [0x3a, 0x00, 0x01, 0x00, 0x01];

export interface ParsedPaper {
  issuer: string;
  /** Its place in the issuer's status list. */
  index: number;
  /** Seconds since 1970, UTC. */
  issuedAt: number;
  /** The first second at which it is no longer good. */
  expiresAt: number;
  /** The bytes the signature covers. */
  signed: Uint8Array<ArrayBuffer>;
  signature: Uint8Array<ArrayBuffer>;
}

/** Is this, by its looks, a code on paper, good or bad? */
export function looksLikePaper(text: string): boolean {
  const t = trimmed(text);
  return t.startsWith(PREFIX) && t.length <= MAX_TEXT;
}

/** Takes a code on paper apart. Throws only `CodeError`: `code.not_ours` or `code.malformed`. */
export function parsePaper(raw: string): ParsedPaper {
  const { payload, signed, signature } = openCode(raw, PREFIX);
  const cwt = new CborReader(payload);
  cwt.map(5);
  cwt.exactly(ISS);
  const issuer = cwt.ascii();
  cwt.exactly(EXP);
  const expiresAt = cwt.uint();
  cwt.exactly(IAT);
  const issuedAt = cwt.uint();
  cwt.exactly(CTI);
  const handle = cwt.bytes();
  cwt.exactly(...INDEX);
  const index = cwt.uint();
  cwt.end();
  const lifetime = expiresAt - issuedAt;
  const named = handle.length === 8 && (handle[0] ?? 0x80) < 0x80 && handle.some((b) => b > 0);
  const sound = /^[A-Za-z0-9-]{1,16}$/.test(issuer) && named && lifetime >= 1 && lifetime <= MAX_LIFETIME_SECONDS;
  if (!sound) throw new CodeError('code.malformed');
  return { issuer, index, issuedAt, expiresAt, signed, signature };
}

/** Is this a code on paper from its first character to its last? */
export function isWholePaper(text: string): boolean {
  try {
    parsePaper(text);
    return true;
  } catch {
    return false;
  }
}
