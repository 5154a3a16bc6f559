/// <reference types="node" />
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { base45Decode } from './base45';
import { CborReader } from './cbor';
import { parseCode } from './code';
import { hexBytes, libraryVerifier, nativeVerifier, type Verifier } from '../shared/ed25519';
import { CODE_PROBLEMS, CodeError } from './errors';
import { judge, type Rules } from './judge';
import { readKeySet, type GateKeySet } from './keys';
import { verifyCode } from './verify';

interface Row {
  name: string;
  text: string;
  now: number;
  skew_secs: number;
  code?: { colour: string; issued_at: number; expires_at: number };
  error?: string;
}

// Written by the server's own implementation (crates/pass).
const url = new URL('../../../crates/pass/vectors/jg1.json', import.meta.url);
const vectors = JSON.parse(readFileSync(url, 'utf8')) as { key_set: unknown; live: Row[] };

function keySet(): GateKeySet {
  const set = readKeySet(vectors.key_set);
  if (set === null) throw new Error('the vectors have no key set');
  return set;
}

async function outcome(work: () => unknown): Promise<string> {
  try {
    await work();
    return 'ok';
  } catch (e) {
    return e instanceof CodeError ? e.code : `not a CodeError: ${String(e)}`;
  }
}

/** Numbers that look random and are the same in each run. */
function seeded(seed: number): () => number {
  let s = seed;
  return () => {
    s = (Math.imul(s ^ (s >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    return ((s ^ (s >>> 12)) >>> 0) / 2 ** 32;
  };
}

const verifiers: [string, Verifier][] = [
  ['WebCrypto', nativeVerifier],
  ['library', libraryVerifier],
];

describe.each(verifiers)('codes by %s', (_, verify) => {
  it('has vectors of each kind', () => {
    const errors = new Set(vectors.live.map((r) => r.error));
    for (const problem of CODE_PROBLEMS) expect(errors).toContain(problem);
  });

  it.each(vectors.live)('$name', async (row) => {
    const work = () => verifyCode(row.text, keySet(), row.now * 1000, row.skew_secs, verify);
    if (row.code === undefined) {
      expect(await outcome(work)).toBe(row.error);
    } else {
      expect(await work()).toEqual({
        colour: row.code.colour,
        issuedAt: row.code.issued_at,
        expiresAt: row.code.expires_at,
      });
    }
  });

  it('refuses a signature with any bit turned', async () => {
    const row = vectors.live.find((r) => r.code);
    const code = parseCode(row?.text ?? '');
    const keys = keySet().keys;
    const key = keys.find((k) => k.from <= code.issuedAt && code.issuedAt < k.to);
    if (!key) throw new Error('no key');
    expect(await verify(key.publicKey, code.signed, code.signature)).toBe(true);
    for (let bit = 0; bit < 512; bit += 37) {
      const bad = code.signature.slice();
      bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(await verify(key.publicKey, code.signed, bad)).toBe(false);
    }
  });
});

/** A clock that is right. */
const timeAt = (now: number) => ({ now: () => now, sure: true, passed: () => undefined });

describe('freshness', () => {
  const row = vectors.live.find((r) => r.name === 'green');
  const at = (seconds: number, skew: number) =>
    outcome(() => verifyCode(row?.text ?? '', keySet(), seconds * 1000, skew));
  const issued = row?.code?.issued_at ?? 0;
  const expires = row?.code?.expires_at ?? 0;

  it('ends at expiry plus skew', async () => {
    expect(await at(expires + 4.999, 5)).toBe('ok');
    expect(await at(expires + 5, 5)).toBe('code.stale');
  });
  it('begins at issue minus skew', async () => {
    expect(await at(issued - 5, 5)).toBe('ok');
    expect(await at(issued - 5.001, 5)).toBe('code.not_yet_valid');
  });
});

describe('base45', () => {
  // RFC 9285, sections 4.3, 4.4 and 6.
  it.each([
    ['BB8', 'AB'],
    ['%69 VD92EX0', 'Hello!!'],
    ['UJCLQE7W581', 'base-45'],
    ['QED8WEX0', 'ietf!'],
    ['', ''],
  ])('reads %s', (coded, plain) => {
    expect(new TextDecoder().decode(base45Decode(coded))).toBe(plain);
  });
  it('reads the largest groups and refuses larger ones', () => {
    expect([...base45Decode('FGW')]).toEqual([0xff, 0xff]);
    for (const bad of ['GGW', '::', 'V5', 'bb8', 'B', 'BB8B', 'BB8\u00a0', 'BB8é', ':::']) {
      expect(() => base45Decode(bad), bad).toThrow(CodeError);
    }
  });
});

describe('CBOR', () => {
  const reader = (hex: string) => new CborReader(hexBytes(hex) ?? new Uint8Array());
  // RFC 8949, appendix A.
  it.each([
    ['00', 0],
    ['17', 23],
    ['1818', 24],
    ['1903e8', 1000],
    ['1a000f4240', 1_000_000],
    ['1affffffff', 4294967295],
  ])('reads %s', (hex, n) => {
    expect(reader(hex).uint()).toBe(n);
  });
  it.each(['1817', '1900ff', '1a0000ffff', '1b000000e8d4a51000', '1c', '1f', '20', 'fa47c35000', '19ff', ''])(
    'refuses %s',
    (hex) => {
      expect(() => reader(hex).uint()).toThrow(CodeError);
    },
  );
  it('takes no more than there is', () => {
    expect([...reader('4401020304').bytes()]).toEqual([1, 2, 3, 4]);
    expect(() => reader('44010203').bytes()).toThrow(CodeError);
    expect(() => reader('5affffffff01').bytes()).toThrow(CodeError);
    expect(reader('6449455446').ascii()).toBe('IETF');
    expect(() => reader('62c3bc').ascii()).toThrow(CodeError);
  });
});

describe('anything at all', () => {
  const BASE45 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';
  const good = vectors.live.find((r) => r.code)?.text ?? '';

  it('gives a code or a typed error, and never verifies', async () => {
    const random = seeded(7);
    const seen = new Set<string>();
    for (let i = 0; i < 4000; i++) {
      let text = '';
      if (i % 2 === 0) {
        const length = Math.floor(random() * 200);
        for (let j = 0; j < length; j++) text += BASE45.charAt(Math.floor(random() * 45));
        text = `JG1:${text}`;
      } else {
        // A good code with a character changed, dropped or doubled.
        const where = 4 + Math.floor(random() * (good.trim().length - 4));
        const with_ = BASE45.charAt(Math.floor(random() * 45)).repeat(Math.floor(random() * 3));
        text = good.trim().slice(0, where) + with_ + good.trim().slice(where + 1);
        if (text === good.trim()) continue;
      }
      seen.add(await outcome(() => verifyCode(text, keySet(), 1646121600_000)));
    }
    expect(seen).not.toContain('ok');
    for (const s of seen) expect(CODE_PROBLEMS).toContain(s);
    expect(seen.size).toBeGreaterThan(1);
  });

  it('is refused when it is no text of ours', async () => {
    for (const text of ['', 'JG1', 'jg1:', 'HC1:6BF', 'https://example.org/', '\u0000', 'JG1:' + '0'.repeat(100_000)]) {
      expect(CODE_PROBLEMS).toContain(await outcome(() => verifyCode(text, keySet(), 0)));
    }
  });
});

describe('key sets', () => {
  const key = { kid: 'a', x: 'iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w', not_before: '2022-03-01T00:00:00Z', not_after: '2022-03-02T00:00:00Z' };
  it('reads keys as base64url too', () => {
    const set = readKeySet({ issuer: 'JG', keys: [key] });
    expect(set?.keys[0]?.publicKey).toEqual(keySet().keys.find((k) => k.publicKey[0] === 0x8a)?.publicKey);
    expect(set?.keys[0]?.to).toBe(Date.UTC(2022, 2, 2) / 1000);
  });
  it('leaves out keys that sign venue codes', () => {
    expect(keySet().keys).toHaveLength(2);
    expect(readKeySet({ issuer: 'JG', keys: [{ ...key, use: 'venue' }] })?.keys).toEqual([]);
  });
  it.each([
    null,
    'x',
    {},
    { issuer: 'JG' },
    { issuer: 'JG', keys: [{ ...key, x: 'AAAA' }] },
    { issuer: 'JG', keys: [{ ...key, x: '*' }] },
    { issuer: 'JG', keys: [{ ...key, not_after: 'soon' }] },
    { issuer: 'JG', keys: [{ ...key, not_after: key.not_before }] },
    { issuer: 'JG', keys: [null] },
  ])('refuses %j', (bad) => {
    expect(readKeySet(bad)).toBeNull();
  });
});

describe('the verdict at the door', () => {
  const text = (colour: string) => vectors.live.find((r) => r.code?.colour === colour && r.now < 1646121660)?.text ?? '';
  const NOW = 1646121610_000;
  const rules: Rules = { keys: keySet(), keysAt: NOW, admit: ['green'], graceSeconds: 3600 };
  it.each([
    ['green', 'in', 'admitted'],
    ['yellow', 'in', 'refused'],
    ['red', 'in', 'refused'],
    ['red', 'out', 'admitted'],
  ] as const)('%s going %s is %s', async (colour, direction, outcome) => {
    expect(await judge(text(colour), direction, rules, timeAt(NOW))).toEqual({ outcome, colour, problem: null });
  });
  it('vouches for nothing when its keys are older than the grace', async () => {
    const old = { ...rules, keysAt: NOW - 3601_000 };
    const refused = { outcome: 'refused', colour: null, problem: 'gate.keys_old' };
    expect(await judge(text('green'), 'in', old, timeAt(NOW))).toEqual(refused);
    expect(await judge(text('green'), 'in', { ...old, keys: { issuer: 'JG', keys: [], paper: [] } }, timeAt(NOW))).toEqual(refused);
    expect(await judge(text('green'), 'in', { ...rules, keysAt: NOW - 3600_000 }, timeAt(NOW))).toMatchObject({ outcome: 'admitted' });
  });
  it('says what is wrong with a code before it blames the keys', async () => {
    const old = { ...rules, keysAt: 0 };
    expect(await judge(text('green'), 'in', old, timeAt(NOW + 120_000))).toMatchObject({ problem: 'code.stale' });
  });
  it('does not judge who leaves: an old code, an early one and an old list say who they are', async () => {
    for (const [at, problem] of [[NOW + 45 * 60_000, 'code.stale'], [NOW - 3600_000, 'code.not_yet_valid']] as const) {
      expect(await judge(text('red'), 'out', rules, timeAt(at))).toEqual({ outcome: 'admitted', colour: null, problem });
    }
    expect(await judge(text('red'), 'out', { ...rules, keysAt: 0 }, timeAt(NOW))).toMatchObject({ outcome: 'admitted' });
    expect(await judge('JG1:NONSENSE', 'out', rules, timeAt(NOW))).toMatchObject({ outcome: 'refused' });
  });
  it('takes no code for fresh by a clock that it cannot believe, and learns from each how late it is', async () => {
    const seen: number[] = [];
    const unsure = { now: () => NOW, sure: false, passed: (at: number) => void seen.push(at) };
    const refused = { outcome: 'refused', colour: null, problem: 'gate.clock' };
    expect(await judge(text('green'), 'in', rules, unsure)).toEqual(refused);
    expect(await judge(text('green'), 'in', rules, { ...unsure, now: () => NOW - 86_400_000 })).toEqual(refused);
    expect(await judge(text('green'), 'out', rules, unsure)).toMatchObject({ outcome: 'admitted' });
    expect(seen).toHaveLength(3);
    // A forged code says nothing about the time.
    const forged = `${text('green').slice(0, -3)}000`;
    expect(await judge(forged, 'in', rules, unsure)).toMatchObject({ problem: 'code.bad_signature' });
    expect(seen).toHaveLength(3);
  });
});
