/// <reference types="node" />
import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readFileSync } from 'node:fs';
import { ApiError } from '../shared/api';
import type { PaperAnswer, PaperQuestion } from '../shared/openapi';
import { GateDb } from './db';
import { base64url, challengeText, enrol, storedDevice, type Device } from './device';
import { hexBytes, type Bytes } from '../shared/ed25519';
import { failure } from './http';
import { judge, type Rules } from './judge';
import { body, differs, ScanQueue, withWaiting, type Result, type ScanInput, type ScanRow } from './queue';
import type { GateInfo, GateServer } from './server';
import { Sync, type SyncState } from './sync';

const NOW = Date.UTC(2022, 2, 1, 8);
const CODE = 'JG1:ABC';
const ADMITTED: Result = { outcome: 'admitted', colour: 'green', problem: null };
const REFUSED: Result = { outcome: 'refused', colour: 'red', problem: null };
const COUNTS = { admitted: 1, refused: 2, overridden: 3, left: 4 };

const scan = (part: Partial<ScanRow> = {}): Omit<ScanRow, 'id'> => ({
  code: CODE,
  at: NOW,
  direction: 'in',
  override: null,
  read_by: 'camera',
  local: ADMITTED,
  held: false,
  ...part,
});

/** A server that remembers scans by id, as the real one does. */
class FakeServer implements GateServer {
  away = false;
  signedIn = false;
  /** Ids that make a whole batch wrong. */
  wrong = new Set<string>();
  /** The answer to the next batch is lost after it was taken. */
  loseAnswer = false;
  answerAs: Result = ADMITTED;
  taken = new Map<string, ScanInput>();
  requests: number[] = [];
  sessions = 0;
  nonces: string[] = [];
  publicKey = '';
  refuseGate = false;
  keys: unknown = { issuer: 'JG', keys: [] };

  #reach(): void {
    if (this.away) throw new ApiError({ code: 'network' });
  }
  async enrol(b: { public_key: string }) {
    this.#reach();
    this.publicKey = b.public_key;
    return { gate: 'g0000000000001' };
  }
  async challenge() {
    this.#reach();
    if (this.refuseGate) throw new ApiError({ code: 'gate.revoked', status: 403 });
    const nonce = `nonce${this.nonces.length}`;
    this.nonces.push(nonce);
    return { nonce };
  }
  async session(gate: string, nonce: string, signature: string) {
    const raw = (t: string) => Uint8Array.from(atob(t.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
    const key = await crypto.subtle.importKey('raw', raw(this.publicKey), algorithm, false, ['verify']);
    const text = new TextEncoder().encode(challengeText(gate, nonce));
    if (!(await crypto.subtle.verify(algorithm, key, raw(signature), text))) throw new Error('bad signature');
    this.signedIn = true;
    this.sessions++;
    return { expires_at: new Date(NOW + 12 * 3600_000).toISOString() };
  }
  async info(): Promise<GateInfo> {
    this.#session();
    return {
      gate: 'g0000000000001',
      label: 'North',
      place: { id: 'p', name: 'Market', kind: 'market', division_name: 'West Lake' },
      counts: COUNTS,
      keys: this.keys as GateInfo['keys'],
      policy: { fresh_seconds: 60, admit: ['green', 'purple' as 'red'] },
      offline_grace_seconds: 3600,
      server_time: new Date(NOW).toISOString(),
    };
  }
  #session(): void {
    this.#reach();
    if (!this.signedIn) throw new ApiError({ code: 'session.none', status: 401 });
  }
  async scans(scans: ScanInput[]) {
    this.#session();
    this.requests.push(scans.length);
    if (scans.some((s) => this.wrong.has(s.id))) throw new ApiError({ code: 'scan.bad', status: 422 });
    for (const s of scans) this.taken.set(s.id, s);
    if (this.loseAnswer) {
      this.loseAnswer = false;
      throw new ApiError({ code: 'network' });
    }
    return { results: scans.map((s) => ({ id: s.id, ...this.answerAs, recorded: true })), counts: COUNTS };
  }
  /** `null`: there is none to be had. */
  list: Bytes | null = null;
  lists = 0;
  asked: PaperQuestion[] = [];
  async papers() {
    this.#session();
    this.lists++;
    if (this.list === null) throw new ApiError({ code: 'x', status: 503 });
    return this.list;
  }
  async paper(question: PaperQuestion): Promise<PaperAnswer> {
    this.#session();
    this.asked.push(question);
    return { colour: 'green', name_masked: 'T***', problem: null, known_at: new Date(NOW).toISOString(), server_time: new Date(NOW).toISOString() };
  }
  async poster() {
    return { poster_code: '', screen_code: '', screen_expires_at: '' };
  }
}

let db: GateDb;
let queue: ScanQueue;
let server: FakeServer;
let device: Device;
let sync: Sync;
let state: SyncState;
let now = NOW;

beforeEach(async () => {
  now = NOW;
  db = await GateDb.open(new IDBFactory());
  queue = new ScanQueue(db);
  server = new FakeServer();
  device = await enrol(db, server, 'TOKEN', 'North');
  sync = new Sync({
    db,
    queue,
    server,
    device,
    now: () => now,
    dayOf: () => '2022-03-01',
    random: () => 0,
    failure,
    changed: (s) => (state = s),
  });
});
afterEach(() => {
  sync.stop();
  db.close();
});

/** A clock that is right. */
const timeAt = (now: number) => ({ now: () => now, sure: true, passed: () => undefined });

describe('the device', () => {
  it('keeps a key that nobody can copy, and forgets an earlier enrolment', async () => {
    expect(device.key.extractable).toBe(false);
    await expect(crypto.subtle.exportKey('pkcs8', device.key)).rejects.toThrow();
    expect(server.publicKey).toMatch(/^[A-Za-z0-9_-]{87}$/);
    await queue.add(scan());
    await enrol(db, server, 'OTHER', 'South');
    expect(await queue.waiting()).toEqual([]);
    expect((await storedDevice(db))?.label).toBe('South');
  });
  it('writes base64url without padding', () => {
    expect(base64url(Uint8Array.from([0xfb, 0xff, 0xfe, 0x01]).buffer)).toBe('-__-AQ');
  });
});

describe('a scan', () => {
  it('says of a paper what the gate went by', () => {
    const row = { ...scan({ known_at: NOW - 90_500 }), id: 's1' };
    expect(body(row).known_at).toBe('2022-03-01T07:58:29Z');
    expect('known_at' in body({ ...row, known_at: undefined })).toBe(false);
  });
});

describe('the queue', () => {
  it('keeps scans in order and sends nothing that is still being decided', async () => {
    const late = await queue.add(scan({ at: NOW + 5 }));
    const early = await queue.add(scan({ at: NOW, held: true }));
    expect((await queue.waiting()).map((r) => r.id)).toEqual([early?.id, late?.id]);
    expect((await queue.batches()).flat().map((r) => r.id)).toEqual([late?.id]);
    await queue.releaseAll();
    expect((await queue.batches()).flat()).toHaveLength(2);
  });
  it('keeps no stranger’s QR code', async () => {
    expect(await queue.add(scan({ code: 'https://example.org/private' }))).toBeNull();
    expect(await queue.add(scan({ code: 'JG1:' + '0'.repeat(1000) }))).toBeNull();
    expect(await queue.add(scan({ code: null, override: 'emergency' }))).not.toBeNull();
    expect(await queue.waiting()).toHaveLength(1);
  });
  it('undoes', async () => {
    const row = await queue.add(scan({ held: true }));
    if (row) await queue.undo(row);
    expect(await queue.waiting()).toEqual([]);
  });
  it('sends whole seconds and nothing of the verdict', () => {
    expect(body({ ...scan({ at: NOW + 999 }), id: 's1' })).toEqual({
      id: 's1', code: CODE, at: '2022-03-01T08:00:00Z', direction: 'in', override: null, read_by: 'camera',
    });
  });
  it('counts what the server does not know yet', () => {
    const rows = [
      scan(), scan({ local: REFUSED }), scan({ direction: 'out' }),
      scan({ local: { ...REFUSED, outcome: 'override' } }),
    ].map((r) => ({ ...r, id: 's' }));
    expect(withWaiting(COUNTS, rows)).toEqual({ admitted: 2, refused: 3, overridden: 4, left: 5 });
  });
  it('knows when the server saw it otherwise', () => {
    const row = { ...scan(), id: 's' };
    expect(differs(row, ADMITTED)).toBe(false);
    expect(differs(row, { ...ADMITTED, colour: null })).toBe(false);
    expect(differs(row, REFUSED)).toBe(true);
    expect(differs(row, { outcome: null, colour: null, problem: 'code.bad_handle' })).toBe(true);
    expect(differs({ ...row, local: REFUSED }, { ...REFUSED, colour: 'yellow' })).toBe(true);
    expect(differs({ ...row, direction: 'out' }, { ...REFUSED, outcome: null })).toBe(false);
    expect(differs({ ...row, direction: 'out' }, { ...ADMITTED, problem: 'code.stale' })).toBe(true);
  });
});

describe('the server far and near', () => {
  it('signs in, sends, fetches and leaves nothing waiting', async () => {
    await queue.add(scan());
    await sync.kick();
    expect(server.taken.size).toBe(1);
    expect(await queue.waiting()).toEqual([]);
    expect(await queue.surprises()).toEqual([]);
    expect(state).toMatchObject({ offlineSince: null, refused: null });
    expect(state.known).toMatchObject({ admit: ['green'], graceSeconds: 3600, keysAt: NOW, counts: COUNTS });
  });
  it('sends in batches of a hundred', async () => {
    for (let i = 0; i < 205; i++) await queue.add(scan({ at: NOW + i }));
    await sync.kick();
    expect(server.requests).toEqual([100, 100, 5]);
    expect(server.taken.size).toBe(205);
  });
  it('says since when it is offline, loses nothing, and sends all when it is back', async () => {
    server.away = true;
    await queue.add(scan());
    await sync.kick();
    expect(state.offlineSince).toBe(NOW);
    now += 60_000;
    await queue.add(scan({ at: now }));
    await sync.kick();
    expect(state.offlineSince).toBe(NOW);
    expect(await queue.waiting()).toHaveLength(2);
    server.away = false;
    await sync.kick();
    expect(state.offlineSince).toBeNull();
    expect(server.taken.size).toBe(2);
  });
  it('sends the same ids again when an answer is lost', async () => {
    const row = await queue.add(scan());
    server.loseAnswer = true;
    await sync.kick();
    expect(server.taken.size).toBe(1);
    expect(await queue.waiting()).toHaveLength(1);
    await sync.kick();
    expect([...server.taken.keys()]).toEqual([row?.id]);
    expect(await queue.waiting()).toEqual([]);
  });
  it('signs in again by itself when the server has forgotten the session', async () => {
    await sync.kick();
    server.signedIn = false;
    await queue.add(scan());
    await sync.kick();
    expect(server.sessions).toBe(2);
    expect(server.taken.size).toBe(1);
  });
  it('renews the session before it ends', async () => {
    await sync.kick();
    now += 11.8 * 3600_000;
    await sync.kick();
    expect(server.sessions).toBe(2);
  });
  it('lets no wrong scan block the others', async () => {
    const rows = [];
    for (let i = 0; i < 7; i++) rows.push(await queue.add(scan({ at: NOW + i })));
    const bad = rows[4]?.id ?? '';
    server.wrong.add(bad);
    await sync.kick();
    expect(server.taken.size).toBe(6);
    expect(await queue.waiting()).toEqual([]);
    expect(await queue.surprises()).toMatchObject([{ id: bad, server: { problem: 'scan.bad' } }]);
  });
  it('shows where the server decided otherwise, without keeping the code', async () => {
    server.answerAs = REFUSED;
    await queue.add(scan());
    await sync.kick();
    const [surprise] = await queue.surprises();
    expect(surprise).toMatchObject({ local: ADMITTED, server: REFUSED });
    expect(JSON.stringify(surprise)).not.toContain('JG1');
    if (surprise) await queue.dismiss(surprise);
    expect(await queue.surprises()).toEqual([]);
  });
  it('keeps what the server has not recorded, unless it never will', async () => {
    await queue.add(scan());
    const answer = (problem: string | null, recorded: boolean) => async (scans: ScanInput[]) => ({
      results: scans.map((s) => ({ id: s.id, outcome: null, colour: null, problem, recorded })),
      counts: COUNTS,
    });
    await sync.kick();
    await queue.add(scan());
    server.scans = answer(null, false);
    await sync.kick();
    expect(await queue.waiting()).toHaveLength(1);
    server.scans = answer('scan.too_old', false);
    await sync.kick();
    expect(await queue.waiting()).toEqual([]);
    expect(await queue.surprises()).toMatchObject([{ server: { problem: 'scan.too_old' } }]);
  });
  it('gives a scan whose id is taken a new one, and loses and repeats nothing', async () => {
    const row = await queue.add(scan());
    const taken: string[] = [];
    server.scans = async (scans: ScanInput[]) => ({
      results: scans.map((s) => {
        taken.push(s.id);
        const free = s.id !== row?.id;
        return { id: s.id, outcome: null, colour: null, problem: free ? null : 'scan.id_taken', recorded: free };
      }),
      counts: COUNTS,
    });
    await sync.kick();
    const [renamed] = await queue.waiting();
    expect(renamed).toEqual({ ...row, id: expect.stringMatching(/^s[0-9A-Z]{13}$/) as string });
    expect(renamed?.id).not.toBe(row?.id);
    await sync.kick();
    expect(taken).toEqual([row?.id, renamed?.id]);
    expect(await queue.waiting()).toEqual([]);
  });
  it('lets scans that the server does not take hold up no others, and asks for none in a circle', async () => {
    const stuck = new Set<string>();
    for (let i = 0; i < 150; i++) stuck.add((await queue.add(scan({ at: NOW + i })))?.id ?? '');
    const sent: string[] = [];
    server.scans = async (scans: ScanInput[]) => {
      sent.push(...scans.map((s) => s.id));
      const results = scans.map((s) => {
        const good = !stuck.has(s.id);
        return { id: s.id, outcome: null, colour: null, problem: good ? null : 'internal', recorded: good };
      });
      return { results, counts: COUNTS };
    };
    for (let i = 0; i < 3; i++) await queue.add(scan({ at: NOW + 1000 + i }));
    await sync.kick();
    expect(sent).toHaveLength(153);
    expect(await queue.waiting()).toHaveLength(150);
    // The server did answer, and is asked for keys and counts as ever.
    expect(state).toMatchObject({ offlineSince: null, known: { graceSeconds: 3600 } });
  });
  it('says so when the gate was revoked, and keeps its scans', async () => {
    server.refuseGate = true;
    await queue.add(scan());
    await sync.kick();
    expect(state.refused).toBe('gate.revoked');
    expect(await queue.waiting()).toHaveLength(1);
  });
  it('drops no scan because of a refusal that is not about the scan', async () => {
    await sync.kick();
    server.scans = () => Promise.reject(new ApiError({ code: 'origin.bad', status: 403 }));
    await queue.add(scan());
    await sync.kick();
    expect(await queue.waiting()).toHaveLength(1);
    expect(await queue.surprises()).toEqual([]);
  });
  it('goes on with the keys it has when the server sends nonsense', async () => {
    await sync.kick();
    const before = state.known?.keys;
    server.keys = { issuer: 'JG', keys: ['?'] };
    now += 120_000;
    await sync.kick();
    expect(state.known?.keys).toEqual(before);
  });
  it('comes back later and later, never at once, and not before the server said', async () => {
    let random = 1;
    let asked: number | null = null;
    server.info = () => Promise.reject(new ApiError({ code: 'x', status: 503, retryAfter: asked }));
    const other = new Sync({
      db, queue, server, device, now: () => now, dayOf: () => '', random: () => random, failure, changed: () => undefined,
    });
    const timer = vi.spyOn(globalThis, 'setTimeout');
    const next = async (): Promise<number> => {
      timer.mockClear();
      await other.kick();
      return Number(timer.mock.calls.at(-1)?.[1]);
    };
    const waits = [];
    for (let i = 0; i < 7; i++) waits.push(await next());
    expect(waits).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
    random = 0;
    expect(await next()).toBe(1_000);
    asked = 90;
    expect(await next()).toBe(90_000);
    other.stop();
    timer.mockRestore();
  });
  it('knows at the next start what it knew', async () => {
    await sync.kick();
    sync.stop();
    server.away = true;
    let seen: SyncState | undefined;
    const again = new Sync({
      db, queue, server, device, now: () => now, dayOf: () => '', random: () => 0, failure, changed: (s) => (seen ??= s),
    });
    await again.start();
    again.stop();
    expect(seen?.known?.place.name).toBe('Market');
  });
});

describe('the list of papers', () => {
  const url = new URL('../../../crates/pass/vectors/paper.json', import.meta.url);
  const vectors = JSON.parse(readFileSync(url, 'utf8')) as { key_set: unknown; list: { token: string }; forged_list: string };
  const MADE = NOW + 60_000;

  beforeEach(() => {
    server.keys = vectors.key_set;
    server.list = hexBytes(vectors.list.token);
    now = MADE;
  });

  it('is fetched when there is a newer one, and kept for the time without network', async () => {
    await sync.kick();
    expect(state.papers?.at).toBe(MADE);
    for (const [later, lists] of [[100_000, 1], [299_000, 1], [361_000, 2]] as const) {
      now = MADE + later;
      await sync.kick();
      expect(server.lists).toBe(lists);
    }
    server.away = true;
    let seen: SyncState | undefined;
    const again = new Sync({
      db, queue, server, device, now: () => now, dayOf: () => '', random: () => 0, failure, changed: (s) => (seen = s),
    });
    await again.start();
    again.stop();
    expect(seen?.papers?.at).toBe(MADE);
  });

  it('that is forged or cannot be had leaves the one that is here, and everything else goes on', async () => {
    await sync.kick();
    for (const list of [hexBytes(vectors.forged_list), new Uint8Array([1, 2, 3]), null]) {
      server.list = list;
      now += 400_000;
      await sync.kick();
      expect([state.papers?.at, state.offlineSince]).toEqual([MADE, null]);
    }
    expect(server.lists).toBe(4);
  });

  it('is not needed where the server answers', async () => {
    await sync.kick();
    expect((await sync.askPaper({ code: 'JGP1:X', direction: 'in' }))?.colour).toBe('green');
    server.signedIn = false;
    expect((await sync.askPaper({ code: 'JGP1:X', direction: 'in' }))?.name_masked).toBe('T***');
    server.away = true;
    expect(await sync.askPaper({ code: 'JGP1:X', direction: 'in' })).toBe(null);
    expect(server.asked).toHaveLength(2);
  });
});

describe('the verdict', () => {
  const rules: Rules = { keys: { issuer: 'JG', keys: [], paper: [] }, keysAt: NOW, admit: ['green'], graceSeconds: 3600 };
  it('is never good for a code that is none', async () => {
    expect(await judge('hello', 'in', rules, timeAt(NOW))).toEqual({ outcome: 'refused', colour: null, problem: 'code.not_ours' });
    expect(await judge('JG1:!', 'out', rules, timeAt(NOW))).toMatchObject({ outcome: 'refused', problem: 'code.malformed' });
  });
});
