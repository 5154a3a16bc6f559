/** The issuer's published keys, as the gate keeps them. */
import { hexBytes, type Bytes } from '../shared/ed25519';

export interface GateKey {
  kid: string;
  publicKey: Bytes;
  /** Seconds since 1970; codes issued from the first until before the second may be signed by it. */
  from: number;
  to: number;
}

export interface GateKeySet {
  issuer: string;
  /** Those of codes on phones. */
  keys: GateKey[];
  /** Those of codes on paper and of their list. */
  paper: GateKey[];
}

function base64url(text: string): Bytes | null {
  try {
    const raw = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    return Uint8Array.from(raw, (c) => c.charCodeAt(0));
  } catch {
    return null;
  }
}

function record(v: unknown): Record<string, unknown> | null {
  return typeof v === 'object' && v !== null && !Array.isArray(v) ? (v as Record<string, unknown>) : null;
}

function seconds(v: unknown): number {
  return typeof v === 'string' ? Date.parse(v) / 1000 : NaN;
}

function readKey(v: unknown): { key: GateKey; use: unknown } | null {
  const key = record(v);
  if (key === null) return null;
  const publicKey =
    typeof key['x'] === 'string'
      ? base64url(key['x'])
      : typeof key['public_key'] === 'string'
        ? hexBytes(key['public_key'])
        : null;
  const [from, to] = [seconds(key['not_before']), seconds(key['not_after'])];
  if (publicKey?.length !== 32 || !(from < to) || typeof key['kid'] !== 'string') return null;
  return { key: { kid: key['kid'], publicKey, from, to }, use: key['use'] ?? 'live' };
}

/**
 * Reads a published set, with each key as base64url `x` or as hex `public_key`. `null` if it is
 * not one; a gate then goes on with the set it has. Keys of another use (venue codes) are left out.
 */
export function readKeySet(v: unknown): GateKeySet | null {
  const set = record(v);
  if (set === null || typeof set['issuer'] !== 'string' || !Array.isArray(set['keys'])) return null;
  const keys: GateKey[] = [];
  const paper: GateKey[] = [];
  for (const raw of set['keys']) {
    const read = readKey(raw);
    if (read === null) return null;
    if (read.use === 'live') keys.push(read.key);
    if (read.use === 'paper') paper.push(read.key);
  }
  for (const list of [keys, paper]) list.sort((a, b) => b.from - a.from);
  return { issuer: set['issuer'], keys, paper };
}
