import { describe, expect, it } from 'vitest';
import { en as gateEn } from '../gate/texts/en';
import { zh as gateZh } from '../gate/texts/zh';
import { tokenOf } from '../gate/link';
import { creationOptions, requestOptions, toBytes, toText } from './passkey';
import { toLocal, toMoment } from './moments';
import { parseRoute } from './route.svelte';
import { SECTIONS, sectionsFor } from './sections';
import { firstMet, sorted, usual } from './sort';
import { en } from './texts/en';
import { zh } from './texts/zh';
import type { Fact } from '../shared/openapi';
import type { ContactRow, Power } from './types';
import { emptyWhom, whomBody, whomProblems } from './whom';
import { factLine, releaseOf } from './fact';
import { Paged } from './load.svelte';

/** The shape of a dictionary: its keys, with the kind of each text. */
function shape(d: unknown, path = ''): string[] {
  if (typeof d !== 'object' || d === null) return [`${path}: ${typeof d}`];
  return Object.entries(d).flatMap(([k, v]) => shape(v, `${path}.${k}`)).sort();
}
const texts = (d: unknown): string[] =>
  typeof d === 'string' ? [d] : typeof d === 'object' && d !== null ? Object.values(d).flatMap(texts) : [];

/** All powers: the compiler says which one is missing or is none. */
const POWER: Record<Power, true> = {
  record_test: true,
  record_case: true,
  run_trace: true,
  record_arrival: true,
  record_rides: true,
  record_release: true,
  accompany: true,
  accompany_assigned: true,
  find_person: true,
  open_person: true,
  read_lists: true,
  set_region: true,
  publish_policy: true,
  renew_mandate: true,
  manage_places: true,
  invite_staff: true,
  confirm_powers: true,
  confirm_waiting: true,
  withdraw_record: true,
  decide_appeals: true,
  ask_identity: true,
  approve_identity: true,
  answer_alarms: true,
  protect_people: true,
  read_audit: true,
  read_operation: true,
};
const POWERS = Object.keys(POWER) as Power[];

describe('texts', () => {
  it.each([
    ['gate', gateZh, gateEn],
    ['console', zh, en],
  ])('of the %s say the same in both languages', (_, chinese, english) => {
    expect(shape(english)).toEqual(shape(chinese));
    expect(texts(english).filter((s) => /\p{Script=Han}/u.test(s))).toEqual([]);
    const bare = texts(chinese).filter((s) => s !== '' && !/\p{Script=Han}/u.test(s));
    expect(bare).toEqual([]);
  });
});

describe('moments', () => {
  it('are typed in the zone of the deployment', () => {
    expect(toMoment('2022-03-01T08:30')).toBe('2022-03-01T00:30:00Z');
    expect(toMoment('2022-03-01T00:30')).toBe('2022-02-28T16:30:00Z');
    expect(toLocal('2022-02-28T16:30:00Z')).toBe('2022-03-01T00:30');
    expect(toLocal('2022-02-28T16:00:00Z')).toBe('2022-03-01T00:00');
  });
  it.each(['', '2022-03-01', '2022-13-01T00:00', 'soon', '2022-03-01T08:30+01:00'])('%j is none', (text) => {
    expect(toMoment(text)).toBeNull();
  });
  it('come back', () => {
    for (const m of ['2020-02-29T12:34', '2022-12-31T23:59', '1999-01-01T00:00']) expect(toLocal(toMoment(m) ?? '')).toBe(m);
  });
});

describe('passkeys', () => {
  it('carry bytes as base64url', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i).buffer;
    expect(toText(toBytes(toText(bytes)))).toBe(toText(bytes));
    expect(toText(Uint8Array.from([0xfb, 0xff]).buffer)).toBe('-_8');
    expect([...new Uint8Array(toBytes('-_8'))]).toEqual([0xfb, 0xff]);
  });
  it('turn the binary members of options, and nothing else', () => {
    const made = creationOptions({
      challenge: 'AQI',
      user: { id: 'Aw', name: 'n', displayName: 'd' },
      rp: { name: 'r' },
      pubKeyCredParams: [],
      excludeCredentials: [{ id: 'BA', type: 'public-key' }],
    });
    expect([...new Uint8Array(made.challenge as ArrayBuffer)]).toEqual([1, 2]);
    expect([...new Uint8Array(made.user.id as ArrayBuffer)]).toEqual([3]);
    expect([...new Uint8Array(made.excludeCredentials?.[0]?.id as ArrayBuffer)]).toEqual([4]);
    expect(made.rp).toEqual({ name: 'r' });
    expect(requestOptions({ challenge: 'AQI' }).allowCredentials).toEqual([]);
  });
});

describe('routes and sections', () => {
  it('reads the address', () => {
    expect(parseRoute('#/quarantine/missed')).toEqual({ section: 'quarantine', rest: ['missed'] });
    expect(parseRoute('')).toEqual({ section: '', rest: [] });
    expect(parseRoute('#invite=x')).toEqual({ section: 'invite=x', rest: [] });
  });
  it('shows only what somebody may, and everybody their own sessions', () => {
    const ids = (may: string[]) => sectionsFor(may).map((s) => s.id);
    expect(ids([])).toEqual(['sessions']);
    expect(ids(['set_colour'])).toEqual(['sessions']);
    expect(ids(['record_test'])).toEqual(['tests', 'waiting', 'records', 'sessions']);
    expect(ids(['manage_places'])).toEqual(['places', 'sessions']);
    expect(ids(['record_rides'])).toEqual(['waiting', 'records', 'rides', 'sessions']);
    expect(sectionsFor(POWERS)).toHaveLength(SECTIONS.length);
  });
  it('finds the token of an enrolment link and nothing else', () => {
    expect(tokenOf('https://x.example/gate/#enrol=abc_DEF-123')).toBe('abc_DEF-123');
    expect(tokenOf('#enrol=abcdefgh')).toBe('abcdefgh');
    for (const bad of ['', '#enrol=', '#enrol=a b c d e f', '#invite=abcdefgh', 'abcdefgh']) expect(tokenOf(bad)).toBeNull();
  });
});

describe('contacts', () => {
  const row = (holder: string, minutes: number, degree: ContactRow['degree'], last_contact: string): ContactRow => ({
    holder, minutes, degree, last_contact, certainty: 'recorded', via: null, together: null, exposures: [], colour: null,
  });
  const rows = [row('b', 5, 'secondary', '2'), row('a', 5, 'close', '1'), row('c', 50, 'close', '3')];
  const order = (...a: Parameters<typeof sorted>) => sorted(...a).map((r) => r.holder).join('');
  it('sort by each column both ways, and the same each time', () => {
    expect(order(rows, 'minutes', true)).toBe('cab');
    expect(order(rows, 'minutes', false)).toBe('abc');
    expect(order([...rows].reverse(), 'minutes', false)).toBe('abc');
    expect(order(rows, 'last_contact', true)).toBe('cba');
    expect(order(rows, 'degree', false)).toBe('acb');
    expect(rows[0]?.holder).toBe('b');
    expect(usual(rows)).toBe('minutes');
    expect(firstMet(rows, 20)).toEqual({ of: 0, met: 0 });
  });
  it('come by how likely they met the case, and those of whom nothing is known last', () => {
    const likely = (holder: string, percent: number, minutes: number): ContactRow => ({ ...row(holder, minutes, 'close', '1'), together: { percent } });
    const some = [row('z', 900, 'secondary', '1'), likely('x', 80, 5), likely('y', 80, 9), likely('w', 3, 500)];
    expect(usual(some)).toBe('likelihood');
    expect(order(some, 'likelihood', true)).toBe('yxwz');
    expect(firstMet(some, 20)).toEqual({ of: 3, met: 2 });
    expect(firstMet(some, 1)).toEqual({ of: 1, met: 1 });
  });
});

describe('whom', () => {
  const now = Date.UTC(2022, 2, 1);
  it('is one of document, phone and id', () => {
    const w = { ...emptyWhom(), number: ' 11010519491231002x ' };
    expect(whomBody(w)).toEqual({ document: { type: 'resident_id', number: '11010519491231002X' } });
    expect(whomBody({ ...w, type: 'passport', number: 'x1', country: 'JPN' })).toEqual({
      document: { type: 'passport', number: 'X1', country: 'JPN' },
    });
    expect(whomBody({ ...w, by: 'phone', phone: '138 0000 0000' })).toEqual({ phone: '138 0000 0000' });
    expect(whomBody({ ...w, by: 'holder', holder: 'h1' })).toEqual({ holder: 'h1' });
  });
  it('is checked before anybody is looked up', () => {
    expect(whomProblems({ ...emptyWhom(), number: '11010519491231002X' }, now)).toEqual({});
    expect(Object.keys(whomProblems({ ...emptyWhom(), number: '110105194912310021' }, now))).toEqual(['document.number']);
    expect(Object.keys(whomProblems({ ...emptyWhom(), type: 'passport', number: 'X1234567' }, now))).toEqual(['document.country']);
    expect(Object.keys(whomProblems({ ...emptyWhom(), by: 'phone', phone: '12' }, now))).toEqual(['phone']);
    expect(whomProblems({ ...emptyWhom(), by: 'holder', holder: 'h1' }, now)).toEqual({});
  });
});

describe('evidence in words', () => {
  it('never fails, whatever it holds', () => {
    for (const kind of ['test', 'case', 'contact', 'stay', 'region_risk', 'declaration', 'check_in', 'arrival', 'release', 'dispute', 'appeal', 'appeal_decision', 'new', 7]) {
      expect(typeof factLine({ kind } as unknown as Fact, 'en')).toBe('string');
    }
  });
  it('knows what a release would refer to', () => {
    expect(releaseOf({ kind: 'case', case: 'c1' } as Fact)).toEqual({ case: 'c1' });
    expect(releaseOf({ kind: 'contact', case: 'c1', trace: 't1' } as Fact)).toEqual({ trace: 't1' });
    expect(releaseOf({ kind: 'test' } as Fact)).toBeNull();
  });
});

describe('a list in pages', () => {
  it('grows page by page and begins anew on demand', async () => {
    const asked: (string | null)[] = [];
    const list = new Paged(async (after) => {
      asked.push(after);
      return after === null ? { rows: [1, 2], next: 'b' } : { rows: [3] };
    });
    await list.load();
    expect([list.rows, list.next]).toEqual([[1, 2], 'b']);
    await list.more();
    expect([list.rows, list.next]).toEqual([[1, 2, 3], null]);
    await list.load();
    expect(list.rows).toEqual([1, 2]);
    expect(asked).toEqual([null, 'b', null]);
  });
  it('ignores an answer that was overtaken, and keeps what it has when one fails', async () => {
    const waiting: ((rows: number[]) => void)[] = [];
    const list = new Paged<number>(() => new Promise((done) => waiting.push((rows) => done({ rows }))));
    const first = list.load();
    const second = list.load();
    waiting[1]?.([2]);
    await second;
    waiting[0]?.([1]);
    await first;
    expect([list.rows, list.busy]).toEqual([[2], false]);
    const failing = new Paged<number>(() => Promise.reject(new Error('no')));
    failing.rows = [7];
    await failing.load();
    expect(failing.rows).toEqual([7]);
    expect(failing.error).not.toBe('');
  });
});
