// @vitest-environment node
import { webcrypto } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import { describe, expect, it } from 'vitest';
import type { Bytes } from '../../shared/ed25519';
import type { LoggedRecord } from '../../shared/openapi';
import { look, readKept, report, LOG_KEY, type Kept, type Served } from './own';
import { leafHash, nodeHash, sha256, tilePath, Files, type ReadFile } from './tree';

globalThis.crypto ??= webcrypto as Crypto;

const utf8 = (text: string): Bytes => new TextEncoder().encode(text);
const text = (bytes: Bytes): string => btoa(String.fromCharCode(...bytes));
const concat = (...parts: Uint8Array[]): Bytes => Uint8Array.from(parts.flatMap((p) => [...p]));
const NAME = 'health.example/v1/log';
const NOW = Date.parse('2022-03-10T08:00:00Z');

async function keyOf(name: string, seed: number, kind: number): Promise<{ secret: Uint8Array; vkey: string; id: Bytes }> {
  const secret = new Uint8Array(32).fill(seed);
  const bytes = concat(Uint8Array.of(kind), ed25519.getPublicKey(secret));
  const id = (await sha256(utf8(`${name}\n`), bytes)).slice(0, 4);
  const hex = Array.from(id, (b) => b.toString(16).padStart(2, '0')).join('');
  return { secret, vkey: `${name}+${hex}+${text(bytes)}`, id };
}
const [LOG, WITNESS] = [await keyOf(NAME, 3, 1), await keyOf('paper.example', 4, 4)];

/** RFC 6962 as it stands there. */
async function mth(leaves: Bytes[]): Promise<Bytes> {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return leafHash(leaves[0]!);
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return nodeHash(await mth(leaves.slice(0, k)), await mth(leaves.slice(k)));
}

async function checkpoint(leaves: Bytes[], signer = LOG, witness: typeof WITNESS | null = WITNESS, at = NOW): Promise<string> {
  const body = `${NAME}\n${leaves.length}\n${text(await mth(leaves))}\n`;
  const line = (name: string, id: Bytes, rest: Uint8Array) => `\u2014 ${name} ${text(concat(id, rest))}\n`;
  let note = `${body}\n${line(NAME, signer.id, ed25519.sign(utf8(body), signer.secret))}`;
  if (witness) {
    const seconds = new Uint8Array(8);
    new DataView(seconds.buffer).setBigUint64(0, BigInt(at / 1000));
    const signature = ed25519.sign(utf8(`cosignature/v1\ntime ${at / 1000}\n${body}`), witness.secret);
    note += line('paper.example', witness.id, concat(seconds, signature));
  }
  return note;
}

/** The files of a log; each level of tiles by its definition. */
function filesOf(leaves: Bytes[]): ReadFile {
  return async (path) => {
    const [, level, rest] = /^tile\/(\w+)\/(.*)$/.exec(path)!;
    const width = Number(/\.p\/(\d+)$/.exec(rest!)?.[1] ?? 256);
    const index = Number(rest!.replace(/\.p\/\d+$/, '').replaceAll(/[x/]/g, ''));
    const span = level === 'entries' ? 1 : 256 ** Number(level);
    if ((index * 256 + width) * span > leaves.length) return null;
    const parts: Uint8Array[] = [];
    for (let i = index * 256; i < index * 256 + width; i++) {
      const of = leaves.slice(i * span, (i + 1) * span);
      parts.push(level === 'entries' ? concat(Uint8Array.of(of[0]!.length >> 8, of[0]!.length & 255), of[0]!) : await mth(of));
    }
    return concat(...parts);
  };
}

async function record(what: 'evidence' | 'access', n: number, leaves: number[]): Promise<[LoggedRecord, Bytes]> {
  const [salt, content] = [new Uint8Array(16).fill(n), `{"made":"up ${n}"}`];
  const commitment = text(await sha256(Uint8Array.of(what.length), utf8(what), salt, utf8(content)));
  const leaf = utf8(`{"at":"2022-03-01T08:00:00Z","commitment":"${commitment}","kind":"${what}","v":1}`);
  return [{ what, evidence: null, salt: text(salt), content, commitment, leaves }, leaf];
}

/** A log of this many leaves in which the holder's records stand at 1 and 2. */
async function town(size: number, fork = ''): Promise<{ leaves: Bytes[]; served: Served; read: ReadFile }> {
  const leaves = Array.from({ length: size }, (_, i) => utf8(`{"n":"${i}${i > 2 ? fork : ''}"}`));
  const [[one, leafOne], [two, leafTwo]] = [await record('evidence', 1, [1]), await record('access', 2, [2])];
  [leaves[1], leaves[2]] = [leafOne, leafTwo];
  const records = { log_key: LOG.vkey, records: [one, two], more: false };
  return { leaves, served: { records, checkpoint: await checkpoint(leaves), witnesses: [WITNESS.vkey], quorum: 1 }, read: filesOf(leaves) };
}
const kinds = (v: { alarms: { kind: string }[] }) => v.alarms.map((a) => a.kind);
const kept = async (leaves: Bytes[]): Promise<Kept> => ({ key: LOG.vkey, checkpoint: await checkpoint(leaves), witnesses: [WITNESS.vkey], quorum: 1 });

describe('the tree', () => {
  it('has the paths of the specification', () => {
    expect(tilePath(0, 1_234_067, 256)).toBe('tile/0/x001/x234/067');
    expect(tilePath('entries', 0, 7)).toBe('tile/entries/000.p/7');
  });
  it('has the roots of the definition at every size, and at its beginnings', async () => {
    const { leaves } = await town(20);
    for (let size = 0; size <= 20; size++) {
      const of = leaves.slice(0, size);
      for (let old = 0; old <= size; old++) expect(await new Files(size, filesOf(of)).root(old)).toEqual(await mth(of.slice(0, old)));
    }
  });
});

describe('an honest log', () => {
  it('is verified, at the first time and when it has grown, over a tile too', async () => {
    const { leaves, served, read } = await town(300);
    const first = await look(served, null, read, NOW);
    expect(first).toMatchObject({ alarms: [], found: 2, waiting: 0, size: 300, before: null, witnesses: { signed: 1, of: 1 } });
    for (const size of [4, 255, 256, 257, 300]) {
      const again = await look(served, await kept(leaves.slice(0, size)), read, NOW);
      expect(again).toMatchObject({ alarms: [], before: size, keep: { checkpoint: served.checkpoint } });
    }
  });
  it('may show witnesses a little later than itself', async () => {
    const { leaves, served } = await town(300);
    const earlier = { ...served, checkpoint: await checkpoint(leaves.slice(0, 290)) };
    const seen = await kept(leaves);
    const verdict = await look(earlier, seen, filesOf(leaves), NOW);
    expect(verdict.alarms).toEqual([]);
    expect(verdict.keep.checkpoint).toBe(seen.checkpoint);
  });
  it('lets a record wait that is newer than the checkpoint', async () => {
    const { leaves, served, read } = await town(9);
    const [late] = await record('access', 3, [9]);
    served.records.records.push(late);
    expect(await look(served, await kept(leaves), read, NOW)).toMatchObject({ alarms: [], found: 2, waiting: 1 });
  });
});

describe('a log that cheats', () => {
  it('by a fork since the last visit', async () => {
    const [honest, fork] = [await town(20), await town(24, ' forked')];
    const seen = await kept(honest.leaves);
    const verdict = await look(fork.served, seen, fork.read, NOW);
    expect(kinds(verdict)).toEqual(['fork']);
    // What was remembered stays, and both checkpoints are in the report; nothing about the holder is.
    expect(verdict.keep).toBe(seen);
    const told = report(verdict, fork.served.checkpoint, seen, '2022-03-10T08:00:00Z');
    expect(JSON.parse(told)).toMatchObject({ remembered: seen.checkpoint, served: fork.served.checkpoint });
    expect(told).not.toContain('made');
  });
  it('by two logs of one size', async () => {
    const [honest, fork] = [await town(20), await town(20, ' forked')];
    expect(kinds(await look(fork.served, await kept(honest.leaves), fork.read, NOW))).toEqual(['fork']);
  });
  it('by cutting off what was shown', async () => {
    const { leaves } = await town(20);
    const short = leaves.slice(0, 12);
    const { served } = await town(20);
    const cut = { ...served, checkpoint: await checkpoint(short) };
    expect(kinds(await look(cut, await kept(leaves), filesOf(short), NOW))).toEqual(['shrank']);
  });
  it('by another key', async () => {
    const { leaves, served, read } = await town(9);
    const other = await keyOf(NAME, 9, 1);
    served.records.log_key = other.vkey;
    served.checkpoint = await checkpoint(leaves, other);
    expect(kinds(await look(served, await kept(leaves), read, NOW))).toEqual(['other_key', 'unsigned']);
  });
  it('by a checkpoint that nobody signed', async () => {
    const { leaves, served, read } = await town(9);
    served.checkpoint = served.checkpoint.replace('\n9\n', '\n8\n');
    expect(kinds(await look(served, await kept(leaves), read, NOW))).toEqual(['unsigned']);
  });
  it('by a record that is in no leaf', async () => {
    const { leaves, served, read } = await town(9);
    served.records.records[1]!.leaves = [];
    expect(kinds(await look(served, await kept(leaves), read, NOW))).toEqual(['not_logged']);
  });
  it('by another content than was committed to, or another leaf', async () => {
    const { leaves, served, read } = await town(9);
    served.records.records[0]!.content += ' ';
    expect((await look(served, await kept(leaves), read, NOW)).alarms).toEqual([{ kind: 'other_content', leaf: 1 }]);
    const wrong = await town(9);
    wrong.served.records.records[0]!.leaves = [5];
    expect((await look(wrong.served, await kept(leaves), wrong.read, NOW)).alarms).toEqual([{ kind: 'other_content', leaf: 5 }]);
  });
  it('by a leaf for one person that is not in the tree', async () => {
    const { leaves, served } = await town(9);
    const [made, leaf] = await record('evidence', 7, [5]);
    served.records.records = [made];
    const shown = filesOf(leaves.map((l, i) => (i === 5 ? leaf : l)));
    const tree = filesOf(leaves);
    const read: ReadFile = (path) => (path.includes('entries') ? shown(path) : tree(path));
    expect((await look(served, await kept(leaves), read, NOW)).alarms).toEqual([{ kind: 'not_included', leaf: 5 }]);
  });
  it('by doing without the witnesses that this device knows', async () => {
    const { leaves, served, read } = await town(9);
    const alone = { ...served, checkpoint: await checkpoint(leaves, LOG, null), witnesses: [] };
    expect(kinds(await look(alone, await kept(leaves), read, NOW))).toEqual(['witnesses_gone']);
    const old = { ...served, checkpoint: await checkpoint(leaves, LOG, WITNESS, NOW - 2 * 86_400_000) };
    expect(kinds(await look(old, await kept(leaves), read, NOW))).toEqual(['witnesses_gone']);
  });
  it('by signing in a witness’s name', async () => {
    const { leaves, served, read } = await town(9);
    const forger = { ...WITNESS, secret: new Uint8Array(32).fill(8) };
    served.checkpoint = await checkpoint(leaves, LOG, forger);
    expect(kinds(await look(served, await kept(leaves), read, NOW))).toEqual(['witness_forged', 'witnesses_gone']);
  });
});

it('what cannot be asked is no alarm', async () => {
  const { leaves, served } = await town(9);
  const offline: ReadFile = () => Promise.reject(new Error('network'));
  await expect(look(served, await kept(leaves), offline, NOW)).rejects.toThrow('network');
});

it('what the device remembers is read with care', () => {
  const store = (value: string | null) => ({ getItem: (k: string) => (k === LOG_KEY ? value : null) });
  for (const bad of [null, '', '{', '[]', '{"key":1}', '{"key":"k","checkpoint":"c","witnesses":[1],"quorum":1}']) expect(readKept(store(bad))).toBeNull();
  expect(readKept(store('{"key":"k","checkpoint":"c","witnesses":[],"quorum":0}'))).not.toBeNull();
});
