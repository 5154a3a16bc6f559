// Made-up agencies, people and records of the mock server for gate and console, and the codes that its holders show.
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { iso, problem } from './serve.mjs';

/** @typedef {import('../src/shared/openapi').Colour} Colour */

const BASE45 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';
export const DAY = 86_400_000;

export function base45(bytes) {
  let out = '';
  for (let i = 0; i < bytes.length; i += 2) {
    let n = i + 1 < bytes.length ? bytes[i] * 256 + bytes[i + 1] : bytes[i];
    for (let c = i + 1 < bytes.length ? 3 : 2; c > 0; c--) {
      out += BASE45[n % 45];
      n = Math.floor(n / 45);
    }
  }
  return out;
}

export const key = generateKeyPairSync('ed25519');
export const X = String(key.publicKey.export({ format: 'jwk' }).x);
const u32 = (n) => [0x1a, (n >>> 24) & 255, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];

/** What the server would say of each code made here. */
export const truth = new Map();

/** A live code: `at` in milliseconds, `fresh` in seconds. */
export function makeCode(colour, { at = Date.now(), fresh = 60, forged = false } = {}) {
  const iat = Math.floor(at / 1000);
  const number = ['green', 'yellow', 'red'].indexOf(colour);
  const claims = [
    0xa5, 0x01, 0x62, 0x4a, 0x47, 0x04, ...u32(iat + fresh), 0x06, ...u32(iat), 0x07, 0x50, ...randomBytes(16),
    0x3a, 0x00, 0x01, 0x00, 0x00, number,
  ];
  const header = [0x43, 0xa1, 0x01, 0x27];
  const body = [0x58, claims.length, ...claims];
  const signed = Buffer.from([0x84, 0x6a, ...Buffer.from('Signature1'), ...header, 0x40, ...body]);
  const signature = sign(null, signed, key.privateKey);
  if (forged) signature[3] ^= 1;
  const text = `JG1:${base45(Buffer.from([0x84, ...header, 0xa0, ...body, 0x58, 0x40, ...signature]))}`;
  const stale = at + fresh * 1000 < Date.now();
  truth.set(text, { colour: forged || stale ? null : colour, problem: forged ? 'code.bad_signature' : stale ? 'code.stale' : null });
  return text;
}

export const DIVISIONS = {
  '': [
    ['CN-11', '北京市', 'Beijing'],
    ['CN-33', '浙江省', 'Zhejiang'],
  ],
  'CN-33': [
    ['CN-3301', '杭州市', 'Hangzhou'],
    ['CN-3302', '宁波市', 'Ningbo'],
  ],
  'CN-3301': [
    ['CN-330106', '西湖区', 'Xihu'],
    ['CN-330110', '余杭区', 'Yuhang'],
  ],
};

export const POLICY = { id: 'three-colour', version: 1, digest: '0011223344556677' };

/** @typedef {import('../src/shared/openapi').AgencyName} AgencyName */

/** @type {AgencyName} */
export const TEAM = { name: '示例区疾控组', kind: 'prevention_team' };
/** @type {AgencyName} */
export const CARRIER = { name: '示例客运', kind: 'carrier' };
/** @type {AgencyName} */
export const BOARD = { name: '示例市卫健委', kind: 'health_commission' };
/** @type {AgencyName} */
const POLICE = { name: '示例市公安局', kind: 'public_security' };
/** @type {AgencyName} */
export const LAB = { name: '示例检验所', kind: 'laboratory' };
/** What the reader of the made-up counter typed. */
export function readDocument(/** @type {string} */ text) {
  if (text.includes('misread')) return problem(422, 'reader.check_number', 'the document\'s number was misread');
  const number = text.includes('E0000') ? 'E00000001' : text.includes('X0000') ? 'X0000001' : 'L898902C3';
  /** @type {import('../src/shared/openapi').DocumentReading} */
  const body = {
    source: 'passport', document: { type: 'passport', number, country: 'UTO' }, name: 'ERIKSSON ANNA MARIA', nationality: 'UTO',
    birth_date: '1974-08-12', sex: 'female', expiry: '2012-04-15', notes: ['expired', 'name_may_be_cut'], not_understood: text.includes('odd') ? ['odd 7!'] : [],
  };
  return { body };
}

/** @returns {import('../src/shared/openapi').AlarmList} */
export function alarmList(/** @type {number} */ now, /** @type {boolean} */ answered) {
  const hospital = { name: '示例市第一医院', kind: /** @type {const} */ ('hospital') };
  /** @type {import('../src/shared/openapi').AlarmRow} */
  const plain = {
    id: 'z0000000000001', kind: 'unbacked', agency: hospital, count: 108, expected: 2, hours: 24, raised_at: iso(now - 5 * 3600), measured_at: iso(now - 60),
    answers: ['outbreak', 'backlog', 'announced', 'wrong_records', 'misuse'],
  };
  const first = { ...plain, holds_at: iso(now - 3600) };
  /** @type {import('../src/shared/openapi').AlarmRow} */
  const own = { ...plain, id: 'z0000000000002', agency: { name: '示例市疾控组', kind: 'prevention_team' }, staff: 'f0000000000001', kind: 'looks_by_one', count: 412, expected: 61, answers: [], not_answered: 'own_agency' };
  /** @type {import('../src/shared/openapi').AlarmRow} */
  const look = { ...plain, id: 'z0000000000003', kind: 'looks_protected', staff: 'f0000000000009', count: 2, expected: 0, answers: ['task', 'misuse'] };
  const team = { name: '示例市卫健委', kind: /** @type {const} */ ('health_commission') };
  /** @type {import('../src/shared/openapi').AlarmRow} */
  const done = { ...plain, id: 'z0000000000004', kind: 'tests', agency: { name: '示例检验所', kind: 'laboratory' }, count: 240, expected: 31, answers: [], answered: { answer: 'outbreak', at: iso(now - DAY), by: team } };
  const ended = { ...first, answers: [], answered: { answer: /** @type {const} */ ('wrong_records'), at: iso(now), by: team } };
  return answered ? { open: [own, look], answered: [ended, done] } : { open: [first, own, look], answered: [done] };
}

/** @type {import('../src/shared/openapi').Power[]} */
export const ALL_POWERS = [
  'record_test', 'record_case', 'run_trace', 'record_arrival', 'record_rides', 'record_release', 'accompany', 'accompany_assigned',
  'find_person', 'open_person', 'read_lists', 'set_region', 'publish_policy', 'manage_places', 'invite_staff',
  'confirm_waiting', 'withdraw_record', 'decide_appeals', 'ask_identity', 'approve_identity', 'answer_alarms',
];

/**
 * @param {Colour} colour
 * @param {number} now
 * @returns {import('../src/shared/openapi').ReasonView}
 */
export function reason(colour, now) {
  const red = colour === 'red';
  return {
    rule: red ? 'close_contact' : 'secondary_contact',
    colour,
    title: red
      ? { zh: '您与一名确诊病例同处一地', en: 'You shared a place with a confirmed case' }
      : { zh: '您与一名密切接触者到过同一地点', en: 'You were at the same place as a close contact of a case' },
    ends: { zh: '满期且检测阴性后结束。', en: 'Ends when the days are over and a test is negative.' },
    evidence: ['e0000000000001'],
    agencies: [TEAM],
    counted_from: iso(now - 4 * DAY),
    since: iso(now - 4 * DAY),
    until: iso(now + (red ? 10 : 3) * DAY),
    day: 5,
    days: red ? 14 : 7,
    needs: ['negative_test', 'daily_check_in'],
  };
}

/**
 * @param {Colour} colour
 * @param {number} now
 * @returns {import('../src/shared/openapi').AssessmentView}
 */
export const assessment = (colour, now) => ({
  colour,
  reasons: colour === 'green' ? [] : [reason(colour, now)],
  warnings: [],
  at: iso(now),
  next_change: null,
  policy: POLICY,
});

/** @typedef {import('../src/shared/openapi').IdentityRequestView} IdentityRequestView */

/**
 * A request of one's own agency, another agency's that waits, or one that the rules refused.
 * @param {number} now
 * @param {1 | 2 | 3} n
 * @param {IdentityRequestView['state']} as
 * @returns {IdentityRequestView}
 */
export function identityRow(now, n, as) {
  const state = n === 3 ? 'refused' : as;
  return {
    id: `q000000000000${n}`, asked_at: iso(now - n * 3_600_000), agency: n === 2 ? POLICE : TEAM, purpose: n === 3 ? null : n === 2 ? 'quarantine' : 'contact_tracing',
    case: 'c0000000000001', target: n === 2 ? 'case' : 'contact', why: n === 2 ? 'The phone is off and nobody opens at the address.' : 'The phone of the interview does not answer.',
    state, refusal: n === 3 ? 'no_such_purpose' : state === 'refused' ? 'unclear' : null, decided_by: n === 1 && state !== 'waiting' ? BOARD : null,
    decided_at: state === 'waiting' ? null : iso(now - 1_800_000), expires_at: iso(now + 3 * 3_600_000), read_at: null, shown_from: iso(now + 20 * 3_600_000),
    mine: n === 1, may_decide: n === 2 && state === 'waiting',
  };
}
/** @param {number} now @param {IdentityRequestView['state']} state */
export const identities = (now, state) => [identityRow(now, 1, state), identityRow(now, 2, 'waiting'), identityRow(now, 3, 'refused')];

/**
 * @param {number} now
 * @param {1 | 2} n
 * @returns {import('../src/shared/openapi').AppealRow}
 */
export const appealRow = (now, n) => ({
  id: `y000000000000${n}`,
  home_name: '西湖区',
  kind: n === 1 ? 'test' : 'contact',
  rule: n === 1 ? 'positive-test' : 'close-contact',
  ground: n === 1 ? 'wrong_result' : 'not_there',
  second: n === 2,
  lodged_at: iso(now - 2 * DAY),
  due_at: iso(n === 1 ? now - DAY : now + DAY),
  late: n === 1,
  state: 'open',
  ...(n === 2 ? { not_by_you: /** @type {const} */ ('decided_before') } : {}),
});

/**
 * @param {number} now
 * @param {boolean} decided
 * @returns {import('../src/shared/openapi').AppealDetail}
 */
export const appealDetail = (now, decided) => ({
  ...appealRow(now, 1),
  state: decided ? 'granted' : 'open',
  name_masked: '张*',
  assessment: assessment(decided ? 'green' : 'red', now),
  contests: 'e0000000000001',
  fact: { kind: 'test', result: 'positive', method: 'nucleic_acid', sampled_at: iso(now - 3 * DAY) },
  recorded_at: iso(now - 2.5 * DAY),
  recorded_by: LAB,
  imported: false,
  words: '我那天没有做过检测。',
  file: { kind: 'pdf', size: 81_000 },
  counter: null,
  ...(decided ? { answer: { by: TEAM, at: iso(now), finding: /** @type {const} */ ('wrong_person'), reply: '样本管属于他人，记录已撤销。' } } : {}),
});

export const hid = (n) => `h0000000000${String(n).padStart(3, '0')}`;

/** A document that somebody else registered. */
export const correction = (/** @type {number} */ now, /** @type {import('../src/shared/openapi').DocumentCorrection['state']} */ state) => ({ id: 'd0000000000001', state, reason: '本人持证件到场', opened_by: '示例', agency: '示例市疾控', opened_at: iso(now - 3600_000), expires_at: iso(now + 23 * 3600_000), may_confirm: state === 'waiting' });

/**
 * Shared time aboard a train; of some the seat is not known.
 * @returns {import('../src/shared/openapi').ExposureView}
 */
export function ride(now, i, withdrawn) {
  /** Of rides that were taken back nothing is told any more. */
  const tickets = (ride, from, to, seat) => (withdrawn.has(ride) ? [] : [{ ride, from, to, seat, may_withdraw: true }]);
  return {
    place: { id: 'p0000000000002', name: 'G7331 2022-03-12', kind: 'train' },
    from: iso(now - 3 * DAY),
    to: iso(now - 3 * DAY + 3_000_000),
    minutes_lower: 50,
    minutes_upper: 50,
    certainty: 'recorded',
    aboard: {
      number: 'G7331',
      date: '2022-03-12',
      source: tickets('r0000000000001', '杭州东', '金华', '05-12A'),
      contact: i === 0 ? tickets('r0000000000002', '义乌', '上饶', '05-13F') : [],
    },
  };
}

/** @returns {import('../src/shared/openapi').AssignmentRow} */
export const assignment = (now) => ({
  id: 'v0000000000001', holder: hid(1), name_masked: '王*', worker_name: '测试员', worker_agency: '示例社区', assigned_at: iso(now - 4 * DAY), ends_at: iso(now + 10 * DAY),
});

/** @returns {import('../src/shared/openapi').ContactView[]} */
export function contacts(now, withdrawn) {
  /**
   * @param {import('../src/shared/openapi').PlaceKind} kind
   * @returns {import('../src/shared/openapi').ExposurePlace}
   */
  const place = (name, kind) => ({ id: 'p0000000000001', name, kind });
  return Array.from({ length: 14 }, (_, i) => ({
    holder: hid(i + 10),
    degree: i < 5 ? 'close' : 'secondary',
    minutes: [212, 96, 64, 31, 18, 140, 77, 52, 45, 40, 33, 28, 22, 16][i] ?? 0,
    certainty: /** @type {const} */ (['recorded', 'recorded', 'assumed', 'unproven'])[i % 4] ?? 'recorded',
    last_contact: iso(now - (i + 1) * 7 * 3600_000),
    via: i < 5 ? null : hid(10 + (i % 5)),
    together: i < 5 ? { percent: [84, 31, 12, 79, 55][i] ?? 0, apart: { arrival: [1, 40, 95, 1, 6][i] ?? 1, leaving: [2, 25, 60, 1, 4][i] ?? 1 } } : null,
    colour: i < 5 ? 'red' : 'yellow',
    exposures: [
      {
        place: i % 2 === 0 ? place('示例菜市场', 'market') : place('示例图书馆', 'leisure'),
        from: iso(now - (i + 2) * 7 * 3600_000),
        to: iso(now - (i + 1) * 7 * 3600_000),
        minutes_lower: 10 + i,
        minutes_upper: 18 + i * 3,
        certainty: 'recorded',
        aboard: null,
      },
      ...(i % 4 === 0 ? [ride(now, i, withdrawn)] : []),
    ],
  }));
}
