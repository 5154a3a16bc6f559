/**
 * The short calculation that the server asks for when many codes are asked for: a number that, after
 * the puzzle and a colon, hashes (SHA-256) to so many leading zero bits. Loaded only when needed; in
 * slices, so that the page stays alive. WebCrypto answers one hash per promise, which is ten times
 * slower than computing them here.
 */
import type { Puzzle, WorkProof } from '../shared/openapi';

/** The first 32 bits of the fractional parts of the roots of the first primes (FIPS 180-4). */
function roots(count: number, power: number): Uint32Array {
  const out = new Uint32Array(count);
  for (let n = 2, i = 0; i < count; n++) {
    let prime = true;
    for (let d = 2; d * d <= n; d++) if (n % d === 0) prime = false;
    if (prime) out[i++] = (n ** power % 1) * 2 ** 32;
  }
  return out;
}
const K = roots(64, 1 / 3);
const H = roots(8, 1 / 2);
const w = new Uint32Array(64);

/** One block of SHA-256: `bytes` from `at` on, into a copy of `h`. */
function block(h: Uint32Array, bytes: Uint8Array, at: number): Uint32Array {
  for (let i = 0; i < 16; i++) {
    const j = at + 4 * i;
    w[i] = (bytes[j]! << 24) | (bytes[j + 1]! << 16) | (bytes[j + 2]! << 8) | bytes[j + 3]!;
  }
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15]!;
    const y = w[i - 2]!;
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[i] = w[i - 16]! + s0 + w[i - 7]! + s1;
  }
  let [a, b, c, d, e, f, g, k] = h as unknown as [number, number, number, number, number, number, number, number];
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (k + s1 + ((e & f) ^ (~e & g)) + K[i]! + w[i]!) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [k, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0];
  }
  const out = new Uint32Array(h);
  [a, b, c, d, e, f, g, k].forEach((v, i) => (out[i] = out[i]! + v));
  return out;
}

/** Leading zero bits of SHA-256 of `text:nonce`, for many nonces. */
export function hasher(text: string): (nonce: number) => number {
  const head = new TextEncoder().encode(`${text}:`);
  const whole = head.length - (head.length % 64);
  let state = H;
  for (let at = 0; at < whole; at += 64) state = block(state, head, at);
  const rest = head.subarray(whole);
  return (nonce) => {
    const digits = String(nonce);
    const length = rest.length + digits.length;
    const last = new Uint8Array(length + 9 > 64 ? 128 : 64);
    last.set(rest);
    for (let i = 0; i < digits.length; i++) last[rest.length + i] = digits.charCodeAt(i);
    last[length] = 0x80;
    new DataView(last.buffer).setUint32(last.length - 4, (whole + length) * 8);
    let h = state;
    for (let at = 0; at < last.length; at += 64) h = block(h, last, at);
    let bits = 0;
    for (const word of h) {
      bits += Math.clz32(word);
      if (word !== 0) break;
    }
    return bits;
  };
}

/** Solves a puzzle; gives the page the thread back every few milliseconds. */
export async function solve(puzzle: Puzzle): Promise<WorkProof> {
  const bits = hasher(puzzle.puzzle);
  for (let nonce = 0; ; ) {
    const until = performance.now() + 12;
    do {
      if (bits(nonce) >= puzzle.bits) return { puzzle: puzzle.puzzle, nonce: String(nonce) };
      nonce++;
    } while (nonce % 64 !== 0 || performance.now() < until);
    await new Promise((go) => setTimeout(go));
  }
}
