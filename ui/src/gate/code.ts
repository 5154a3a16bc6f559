/**
 * A live code taken apart: `JG1:` and, in base45, a COSE_Sign1 (RFC 9052) over a CWT claims set
 * (RFC 8392). Parsing proves nothing; see `verify.ts`.
 */
import { COLOURS, type Colour } from '../shared/colour';
import { CborReader } from './cbor';
import { MAX_TEXT, openCode, trimmed } from './cose';
import { CodeError } from './errors';

const PREFIX = 'JG1:';
/** No code is fresh for longer than a day; one that claims to be is refused. */
const MAX_LIFETIME_SECONDS = 86_400;
/** The claim keys 1 (iss), 4 (exp), 6 (iat), 7 (cti) and -65537 (colour) as CBOR. */
const ISS = 0x01;
const EXP = 0x04;
const IAT = 0x06;
const CTI = 0x07;
const COLOUR = [0x3a, 0x00, 0x01, 0x00, 0x00];

export interface ParsedCode {
  issuer: string;
  colour: Colour;
  /** Seconds since 1970, UTC. */
  issuedAt: number;
  /** The first second at which it is no longer fresh. */
  expiresAt: number;
  /** The bytes the signature covers. */
  signed: Uint8Array<ArrayBuffer>;
  signature: Uint8Array<ArrayBuffer>;
}

/** Is this, by its looks, a live code (good or bad) rather than some other QR code? */
export function looksLive(text: string): boolean {
  const t = trimmed(text);
  return t.startsWith(PREFIX) && t.length <= MAX_TEXT;
}

/** Takes a code apart. Throws only `CodeError`: `code.not_ours` or `code.malformed`. */
export function parseCode(raw: string): ParsedCode {
  const { payload, signed, signature } = openCode(raw, PREFIX);
  return { ...parseClaims(payload), signed, signature };
}

/** Is this a live code from its first character to its last? Proves nothing about who made it. */
export function isWholeLive(text: string): boolean {
  try {
    parseCode(text);
    return true;
  } catch {
    return false;
  }
}

function parseClaims(payload: Uint8Array<ArrayBuffer>) {
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
  cwt.exactly(...COLOUR);
  const colour = COLOURS[cwt.uint()];
  cwt.end();
  const lifetime = expiresAt - issuedAt;
  const sound =
    /^[A-Za-z0-9-]{1,16}$/.test(issuer) &&
    handle.length === 16 &&
    lifetime >= 1 &&
    lifetime <= MAX_LIFETIME_SECONDS;
  if (!sound || colour === undefined) throw new CodeError('code.malformed');
  return { issuer, expiresAt, issuedAt, colour };
}
