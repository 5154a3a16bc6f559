/**
 * The signed list that says how codes on paper stand: an IETF Token Status List in its CWT form, two bits
 * a code. For the time without network; a gate that has it asks.
 */
import type { Colour } from '../shared/colour';
import { CborReader } from './cbor';
import { toBeSigned } from './cose';
import { verifier, type Bytes, type Verifier } from '../shared/ed25519';
import { CodeError } from './errors';
import type { GateKeySet } from './keys';

/** `{1: -8, 16: "application/statuslist+cwt"}` (alg EdDSA, typ). */
const TYPE = 'application/statuslist+cwt';
const PROTECTED = [0xa2, 0x01, 0x27, 0x10, 0x78, TYPE.length, ...[...TYPE].map((c) => c.charCodeAt(0))];
/** The claim keys 65533 (status_list) and 65534 (ttl) as CBOR. */
const STATUS_LIST = [0x19, 0xff, 0xfd];
const TTL = [0x19, 0xff, 0xfe];
/** The most places a list has. */
const MAX_BYTES = 1 << 22;

/** How a paper stands, by its number in the list; `ended` says nothing about anybody. */
export type Standing = Colour | 'ended';
const STANDINGS = ['green', 'ended', 'yellow', 'red'] as const satisfies readonly Standing[];

/** A genuine list, as it is kept. */
export interface PaperList {
  /** Two bits a place. */
  bits: Bytes;
  /** Milliseconds by the server's clock: the moment of which it says how papers stood. */
  at: number;
  /** From then on nobody goes by it. */
  expires: number;
  /** Milliseconds after which there is a newer one. */
  ttl: number;
}

/** How the paper of a place stands; `null`: the list has no such place. */
export function standing(list: PaperList, place: number): Standing | null {
  const byte = list.bits[place >> 2];
  return byte === undefined ? null : (STANDINGS[(byte >> ((place & 3) * 2)) & 3] ?? null);
}

/** Reads and verifies a list. Rejects only with `CodeError`. */
export async function readStatusList(raw: Bytes, keys: GateKeySet, verify?: Verifier): Promise<PaperList> {
  const { payload, signature } = takeApart(raw);
  const claims = readClaims(payload);
  if (claims.sub !== `urn:jadegate:${keys.issuer}:paper`) throw new CodeError('code.wrong_issuer');
  const inForce = keys.paper.filter((k) => k.from <= claims.iat && claims.iat < k.to);
  if (inForce.length === 0) throw new CodeError('code.unknown_key');
  const check = verify ?? (await verifier());
  const signed = toBeSigned(Uint8Array.from(PROTECTED), payload);
  let genuine = false;
  for (const key of inForce) genuine ||= await check(key.publicKey, signed, signature).catch(() => false);
  if (!genuine) throw new CodeError('code.bad_signature');
  const bits = await inflate(claims.lst);
  return { bits, at: claims.iat * 1000, expires: claims.exp * 1000, ttl: claims.ttl * 1000 };
}

function takeApart(raw: Bytes) {
  const cose = new CborReader(raw);
  cose.exactly(0xd2);
  cose.array(4);
  cose.exactly(0x58, PROTECTED.length, ...PROTECTED);
  cose.exactly(0xa1, 0x04);
  if (cose.bytes().length !== 8) throw new CodeError('code.malformed');
  const payload = cose.bytes();
  const signature = cose.bytes();
  cose.end();
  if (signature.length !== 64) throw new CodeError('code.malformed');
  return { payload, signature };
}

function readClaims(payload: Bytes) {
  const cwt = new CborReader(payload);
  cwt.map(5);
  cwt.exactly(0x02);
  const sub = cwt.ascii();
  cwt.exactly(0x04);
  const exp = cwt.uint();
  cwt.exactly(0x06);
  const iat = cwt.uint();
  cwt.exactly(...STATUS_LIST);
  cwt.map(2);
  if (cwt.ascii() !== 'bits' || cwt.uint() !== 2 || cwt.ascii() !== 'lst') throw new CodeError('code.malformed');
  const lst = cwt.bytes();
  cwt.exactly(...TTL);
  const ttl = cwt.uint();
  cwt.end();
  if (exp <= iat) throw new CodeError('code.malformed');
  return { sub, exp, iat, lst, ttl };
}

/** Unpacks zlib (RFC 1950), to as much as a list may have. */
async function inflate(packed: Bytes): Promise<Bytes> {
  const out: Bytes[] = [];
  let length = 0;
  try {
    const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate')).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      length += value.length;
      if (length > MAX_BYTES) throw new CodeError('code.malformed');
      out.push(Uint8Array.from(value));
    }
  } catch {
    throw new CodeError('code.malformed');
  }
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of out) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
