/** Is this code genuine and fresh, and what colour does it say? Needs no network. */
import type { Colour } from '../shared/colour';
import { parseCode } from './code';
import { verifier, type Bytes, type Verifier } from '../shared/ed25519';
import { CodeError, type CodeProblem } from './errors';
import type { GateKey, GateKeySet } from './keys';

/** Seconds by which a holder's, the gate's and the server's clocks may differ. */
export const SKEW_SECONDS = 5;
/** The most clock difference ever allowed for, whatever is asked. */
const MAX_SKEW_SECONDS = 300;

export interface VerifiedCode {
  colour: Colour;
  /** Seconds since 1970. */
  issuedAt: number;
  expiresAt: number;
}

/**
 * A code that the issuer has signed, of whatever age. The key is chosen by the moment of issue; a
 * set with no key for that moment is `code.unknown_key`.
 *
 * Rejects only with `CodeError`.
 */
export async function genuineCode(text: string, keys: GateKeySet, verify?: Verifier): Promise<VerifiedCode> {
  const code = parseCode(text);
  await genuine(code, keys.issuer, keys.keys, verify);
  return { colour: code.colour, issuedAt: code.issuedAt, expiresAt: code.expiresAt };
}

/** Did this issuer sign it with one of these keys? Rejects with `CodeError` if not. */
export async function genuine(
  code: { issuer: string; issuedAt: number; signed: Bytes; signature: Bytes },
  issuer: string,
  keys: readonly GateKey[],
  verify?: Verifier,
): Promise<void> {
  if (code.issuer !== issuer) throw new CodeError('code.wrong_issuer');
  const inForce = keys.filter((k) => k.from <= code.issuedAt && code.issuedAt < k.to);
  if (inForce.length === 0) throw new CodeError('code.unknown_key');
  const check = verify ?? (await verifier());
  let signed = false;
  for (const key of inForce) signed ||= await check(key.publicKey, code.signed, code.signature).catch(() => false);
  if (!signed) throw new CodeError('code.bad_signature');
}

/** What is wrong with a genuine code at `now` (milliseconds since 1970 by the server's clock). */
export function outOfTime(code: VerifiedCode, now: number, skewSeconds = SKEW_SECONDS): CodeProblem | null {
  const seconds = now / 1000;
  const skew = Math.min(skewSeconds, MAX_SKEW_SECONDS);
  if (seconds >= code.expiresAt + skew) return 'code.stale';
  return seconds + skew < code.issuedAt ? 'code.not_yet_valid' : null;
}

/** A code that is genuine and fresh at `now`. Rejects only with `CodeError`. */
export async function verifyCode(
  text: string,
  keys: GateKeySet,
  now: number,
  skewSeconds = SKEW_SECONDS,
  verify?: Verifier,
): Promise<VerifiedCode> {
  const code = await genuineCode(text, keys, verify);
  const problem = outOfTime(code, now, skewSeconds);
  if (problem) throw new CodeError(problem);
  return code;
}
