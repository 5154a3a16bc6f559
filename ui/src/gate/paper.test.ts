/// <reference types="node" />
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { PaperAnswer } from '../shared/openapi';
import { isWhole, looksLikeCode } from './codes';
import { hexBytes, libraryVerifier, nativeVerifier, type Bytes } from '../shared/ed25519';
import { CodeError } from './errors';
import type { Rules, Time } from './judge';
import { readKeySet, type GateKeySet } from './keys';
import { byAnswer, byList, isMadeUp } from './paper';
import { parsePaper } from './paper-code';
import { readStatusList, standing, type PaperList } from './status-list';
import { genuine } from './verify';

interface Row {
  name: string;
  text: string;
  now: number;
  code?: { index: number; issued_at: number; expires_at: number };
  error?: string;
}

// Written by the server's own implementation (crates/pass).
const url = new URL('../../../crates/pass/vectors/paper.json', import.meta.url);
const vectors = JSON.parse(readFileSync(url, 'utf8')) as {
  key_set: unknown;
  papers: Row[];
  list: { token: string; issued_at: number; expires_at: number; ttl: number; places: number; statuses: [string, number][] };
  forged_list: string;
  foreign_list: string;
};

function keySet(): GateKeySet {
  const set = readKeySet(vectors.key_set);
  if (set === null) throw new Error('the vectors have no key set');
  return set;
}
const bytes = (hex: string): Bytes => hexBytes(hex) ?? new Uint8Array();
const good = vectors.papers.find((p) => p.name === 'good')?.text ?? '';
const T = vectors.list.issued_at * 1000;

const time = (now: number, sure = true): Time => ({ now: () => now, sure, passed: () => undefined });
const rules = (more: Partial<Rules> = {}): Rules => ({ keys: keySet(), keysAt: T, admit: ['green'], graceSeconds: 86_400, ...more });
const list = (): Promise<PaperList> => readStatusList(bytes(vectors.list.token), keySet());

async function outcome(work: () => unknown): Promise<string> {
  try {
    await work();
    return 'ok';
  } catch (e) {
    return e instanceof CodeError ? e.code : `not a CodeError: ${String(e)}`;
  }
}

/** What a verifier of the server says, which knows no list. */
async function read(row: Row): Promise<string> {
  const paper = parsePaper(row.text);
  await genuine(paper, 'JG', keySet().paper);
  if (row.now >= paper.expiresAt) throw new CodeError('code.stale');
  if (row.now < paper.issuedAt) throw new CodeError('code.not_yet_valid');
  return JSON.stringify([paper.index, paper.issuedAt, paper.expiresAt]);
}

describe('codes on paper', () => {
  it.each(vectors.papers)('$name', async (row) => {
    if (row.code) expect(await read(row)).toBe(JSON.stringify([row.code.index, row.code.issued_at, row.code.expires_at]));
    else expect(await outcome(() => read(row))).toBe(row.error);
  });

  it('are told from other texts, whole and in part', () => {
    expect(looksLikeCode(good)).toBe(true);
    expect(isWhole(good)).toBe(true);
    for (let n = 0; n < good.length - 1; n++) expect(isWhole(good.slice(0, n))).toBe(false);
  });
});

describe.each([
  ['WebCrypto', nativeVerifier],
  ['library', libraryVerifier],
])('the list by %s', (_, verify) => {
  it('is read as it was written', async () => {
    const l = await readStatusList(bytes(vectors.list.token), keySet(), verify);
    expect([l.at, l.expires, l.ttl]).toEqual([T, vectors.list.expires_at * 1000, 300_000]);
    for (const [word, place] of vectors.list.statuses) expect(standing(l, place)).toBe(word);
    expect(standing(l, vectors.list.places)).toBe(null);
  });

  it('is refused if it is forged, of another issuer, or altered', async () => {
    const of = (hex: string) => outcome(() => readStatusList(bytes(hex), keySet(), verify));
    expect(await of(vectors.forged_list)).toBe('code.bad_signature');
    expect(await of(vectors.foreign_list)).toBe('code.wrong_issuer');
    expect(await of(vectors.list.token.slice(0, -2))).toBe('code.malformed');
    expect(await of('')).toBe('code.malformed');
    const at = vectors.list.token.length - 10;
    const other = vectors.list.token[at] === '0' ? '1' : '0';
    expect(await of(vectors.list.token.slice(0, at) + other + vectors.list.token.slice(at + 1))).toBe('code.bad_signature');
  });
});

/** The list with the good paper's place saying something else. */
async function saying(number: number): Promise<PaperList> {
  const l = await list();
  const bits = l.bits.slice();
  bits[250] = number;
  return { ...l, bits };
}

describe('a paper without network', () => {
  const judged = async (l: PaperList | null, more: { now?: number; out?: boolean; sure?: boolean; rules?: Rules } = {}) =>
    byList(good, more.out ? 'out' : 'in', more.rules ?? rules(), l, time(more.now ?? T + 60_000, more.sure));

  it('is judged by the list as a phone by its colour', async () => {
    const told = [];
    for (const n of [0, 1, 2, 3]) {
      const v = await judged(await saying(n));
      told.push([v.result.outcome, v.result.colour, v.result.problem, v.byList, v.knownAt]);
    }
    expect(told).toEqual([
      ['admitted', 'green', null, true, T],
      ['refused', null, 'paper.ended', true, T],
      ['refused', 'yellow', null, true, T],
      ['refused', 'red', null, true, T],
    ]);
  });

  it('is refused where the list cannot say', async () => {
    const l = await saying(0);
    const problem = async (...a: Parameters<typeof judged>) => (await judged(...a)).result;
    expect(await problem(null)).toEqual({ outcome: 'refused', colour: null, problem: 'gate.no_list' });
    expect((await problem(l, { now: l.expires - 1 })).outcome).toBe('admitted');
    expect((await problem(l, { now: l.expires })).problem).toBe('gate.list_old');
    // Printed after the list was made: its place says nothing about it.
    expect((await problem({ ...l, at: l.at - 60_000 })).problem).toBe('gate.list_old');
    expect((await problem({ ...l, bits: l.bits.slice(0, 10) })).problem).toBe('gate.list_old');
    expect((await problem(l, { sure: false })).problem).toBe('gate.clock');
    expect((await problem(l, { rules: rules({ graceSeconds: 10 }) })).problem).toBe('gate.keys_old');
    expect((await problem(l, { rules: rules({ keys: { ...keySet(), paper: [] } }) })).problem).toBe('code.unknown_key');
    expect((await problem(l, { rules: rules({ admit: [] }) })).outcome).toBe('refused');
  });

  it('lets everybody out, and says what it does not know', async () => {
    for (const l of [null, await saying(3), await saying(1)]) expect((await judged(l, { out: true })).result.outcome).toBe('admitted');
    expect((await judged(null, { out: true, sure: false })).result.problem).toBe('gate.no_list');
  });

  it('is not asked about if it was made up', async () => {
    for (const row of vectors.papers) {
      const v = await byList(row.text, 'in', rules(), await saying(0), time(T));
      const forged = row.error !== undefined && row.error !== 'code.stale' && row.error !== 'code.not_yet_valid';
      if (forged) expect([row.name, isMadeUp(v), v.result.outcome]).toEqual([row.name, true, 'refused']);
    }
  });
});

describe('a paper that the server was asked about', () => {
  const answer = (more: Partial<PaperAnswer>): PaperAnswer => ({
    colour: 'green',
    name_masked: 'T*** M***',
    problem: null,
    known_at: '2022-03-01T08:01:00Z',
    server_time: '2022-03-01T08:00:00Z',
    ...more,
  });

  it('is let in for its colour alone', () => {
    const v = byAnswer(answer({}), 'in', rules());
    expect([v.result.outcome, v.name, v.knownAt, v.byList]).toEqual(['admitted', 'T*** M***', T, false]);
    for (const more of [{ colour: 'red' as const }, { colour: null }, { problem: 'paper.ended', colour: null }, { problem: 'paper.ended' }])
      expect(byAnswer(answer(more), 'in', rules()).result.outcome).toBe('refused');
    expect(byAnswer(answer({ colour: 'blue' as never }), 'in', rules()).result).toEqual({ outcome: 'refused', colour: null, problem: 'gate.unreadable' });
    expect(byAnswer(answer({ problem: 'paper.expired', colour: null }), 'out', rules()).result.outcome).toBe('admitted');
  });
});
