// A small stand-in for the server, for screenshots of the holder's page only: it serves the built
// page under the real Content-Security-Policy and answers by the contract with made-up data.
// Everything that decides anything is tested against the real server elsewhere.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { madeLog } from './mock-log.mjs';
import { csp, iso, problem, serve } from './serve.mjs';

/** @typedef {import('../src/shared/openapi').Colour} Colour */

const POLICY = {
  id: 'three-colour',
  version: 1,
  digest: '0011223344556677',
  title: { en: 'Three colours', zh: '三色健康码' },
  fresh_seconds: 60,
};

const DAY = 86_400_000;
/** The first moment of a local (UTC+8) day, some days from that of `now`. */
const localMidnight = (now, days) => Math.floor((now + 8 * 3600_000) / DAY) * DAY - 8 * 3600_000 + days * DAY;
const localDate = (now, days) => iso(localMidnight(now, days) + 8 * 3600_000).slice(0, 10);

const DIVISIONS = {
  '': [
    ['CN-11', '北京市', 'Beijing'],
    ['CN-31', '上海市', 'Shanghai'],
    ['CN-33', '浙江省', 'Zhejiang'],
  ],
  'CN-11': [['CN-1101', '市辖区']],
  'CN-1101': [['CN-110105', '朝阳区']],
  'CN-31': [['CN-3101', '市辖区']],
  'CN-3101': [
    ['CN-310101', '黄浦区'],
    ['CN-310115', '浦东新区'],
  ],
  'CN-33': [
    ['CN-3301', '杭州市'],
    ['CN-3302', '宁波市'],
  ],
  'CN-3301': [
    ['CN-330106', '西湖区'],
    ['CN-330110', '余杭区'],
  ],
  'CN-3302': [['CN-330203', '海曙区']],
};

// Full names as the server gives them: from the province down, and in English smallest first.
const FULL = {};
for (const [parent, rows] of Object.entries(DIVISIONS)) {
  for (const [code, name, english] of rows) {
    const above = FULL[parent];
    FULL[code] = { zh: above ? `${above.zh} ${name}` : name, en: above ? `${name}, ${above.en}` : english };
  }
}

/** @type {import('../src/shared/openapi').AgencyName} */
const TEAM = { name: '玉关市防控组(示例)', kind: 'prevention_team' };
/** @type {import('../src/shared/openapi').AgencyName} */
const LAB = { name: '示例检验所', kind: 'laboratory' };
/** @type {import('../src/shared/openapi').AgencyName} */
const POLICE = { name: '示例市公安局', kind: 'public_security' };

/**
 * An appeal about the contact, or one about an older test that was refused.
 * @param {number} now
 * @param {'open' | 'refused'} state
 * @returns {import('../src/shared/openapi').AppealView}
 */
function appeal(now, state) {
  const open = state === 'open';
  return {
    id: open ? 'y0000000000001' : 'y0000000000002',
    contests: open ? 'e0000000000001' : 'e0000000000007',
    fact: open
      ? { kind: 'contact', case: 'c0000000000001', trace: 't0000000000001', degree: 'close', last_contact: iso(now - 2 * DAY), minutes: 42, certainty: 'recorded', place_kind: 'restaurant' }
      : { kind: 'test', result: 'positive', method: 'nucleic_acid', sampled_at: iso(now - 9 * DAY) },
    recorded_by: TEAM,
    rule: open ? 'close-contact' : 'positive-test',
    ground: open ? 'not_there' : 'wrong_result',
    words: open ? null : 'That tube was not mine.',
    file: open ? null : { kind: 'jpeg', size: 240_000 },
    counter: null,
    second_of: null,
    lodged_at: iso(open ? now : now - 8 * DAY),
    due_at: iso(open ? now + 2 * DAY : now - 7 * DAY),
    eases: true,
    late: false,
    eased: false,
    state,
    decided_at: open ? null : iso(now - 7.5 * DAY),
    decided_by: open ? null : TEAM,
    finding: open ? null : 'confirmed',
    reply: open ? null : 'The laboratory compared the label of the tube with your document: they agree.',
    second_opinion: !open,
  };
}

/**
 * @param {Colour} colour
 * @param {number} now
 * @returns {import('../src/shared/openapi').ReasonView[]}
 */
function reasons(colour, now) {
  if (colour === 'yellow') {
    return [
      {
        rule: 'secondary_contact',
        colour,
        title: { zh: '您与一名密切接触者到过同一地点', en: 'You were at the same place as a close contact of a case' },
        ends: { zh: '居家满 7 天且检测阴性后自动结束。', en: 'Ends by itself after 7 days at home and a negative test.' },
        evidence: ['e0000000000001'],
        agencies: [TEAM],
        counted_from: iso(localMidnight(now, -2)),
        since: iso(localMidnight(now, -2) + 9 * 3600_000),
        until: iso(localMidnight(now, 5)),
        day: 3,
        days: 7,
        needs: ['negative_test', 'daily_check_in'],
      },
      {
        rule: 'stay_medium_risk',
        colour,
        title: { zh: '您去过一个中风险地区', en: 'You stayed in a medium-risk region' },
        ends: { zh: '离开该地区满 7 天后自动结束。', en: 'Ends by itself 7 days after you left the region.' },
        evidence: ['e0000000000002'],
        agencies: [],
        counted_from: iso(localMidnight(now, -3)),
        since: iso(localMidnight(now, -1)),
        until: iso(localMidnight(now, 4)),
        day: 4,
        days: 7,
        needs: [],
      },
    ];
  }
  if (colour === 'red') {
    return [
      {
        rule: 'close_contact',
        colour,
        title: { zh: '您与一名确诊病例同处一地 42 分钟', en: 'You shared a place with a confirmed case for 42 minutes' },
        ends: { zh: '隔离满 14 天、两次检测阴性后结束。', en: 'Ends after 14 days of quarantine and two negative tests.' },
        evidence: ['e0000000000003'],
        agencies: [TEAM, LAB],
        counted_from: iso(localMidnight(now, -4)),
        since: iso(localMidnight(now, -4) + 7 * 3600_000),
        until: iso(localMidnight(now, 10)),
        day: 5,
        days: 14,
        needs: ['negative_test', 'daily_check_in'],
      },
    ];
  }
  return [];
}

/** A record that it was asked to join. @returns {import('../src/shared/openapi').LinkedRecord} */
const ASKED = (/** @type {number} */ now) => ({ record: 'h0000000000008', name_masked: 'Z*** W**', document_masked: '******21', state: 'asked', since: iso(now), by: null });

/** The shipped policy, as the page's own module reads it: what an honest server would say. */
const TEXT = await readFile(new URL('../../policies/three-colour.toml', import.meta.url), 'utf8');
const { instance: MODULE } = await WebAssembly.instantiate(await readFile(new URL('../wasm/policy.wasm', import.meta.url)), {});
function ask(request) {
  const { memory, reserve, run, address } = /** @type {any} */ (MODULE.exports);
  const text = new TextEncoder().encode(JSON.stringify(request));
  // First the room: making it may move the memory.
  const to = reserve(text.length);
  new Uint8Array(memory.buffer, to, text.length).set(text);
  const length = run();
  const { ok, error } = JSON.parse(new TextDecoder().decode(new Uint8Array(memory.buffer, address(), length)));
  if (!ok) throw new Error(error.message);
  return ok;
}

/** Starts the server; the page's world is `state`, which a test changes as it goes. */
export async function startMock() {
  const state = {
    signedIn: false,
    /** Was an appeal lodged? */
    appealed: false,
    /** Is there a code on paper? */
    paper: false,
    /** Was it asked to join another record? */
    asked: false,
    colour: /** @type {Colour} */ ('green'),
    name: '王*',
    fresh: 60,
    /** Answer 503 to everything. */
    busy: false,
    doneToday: false,
    delivery: /** @type {import('../src/shared/openapi').Delivery['delivery']} */ ('sent'),
    declared: false,
    /** Evidence by which the device checks; `null`: the server has no such thing yet. */
    evidence: /** @type {import('../src/shared/openapi').Evidence[] | null} */ (null),
    /** What the server changes about the truth. */
    lie: /** @param {import('../src/shared/openapi').AssessmentView} a */ (a) => a,
    requests: /** @type {string[]} */ ([]),
    /** Is another log shown than before? */
    forked: false,
  };
  const log = madeLog(state);

  const named = (reasons) => reasons.map((r) => ({ ...r, agencies: [] }));
  /**
   * @param {number} now
   * @returns {import('../src/shared/openapi').AssessmentView}
   */
  const assessment = (now) => {
    if (state.evidence) {
      const { assessment: a } = ask({ policy: TEXT, evidence: state.evidence, at: iso(now) });
      return state.lie({ ...a, reasons: named(a.reasons) });
    }
    const list = reasons(state.colour, now);
    return {
      colour: state.colour,
      reasons: list,
      warnings: [],
      at: iso(now),
      next_change: list.length > 0 ? list[0].until : null,
      policy: { id: POLICY.id, version: POLICY.version, digest: POLICY.digest },
    };
  };

  // 177 characters, as a real code has; not a signed one.
  /** Names what stands beside a code: another whenever some of it changes. */
  const shownNow = () => createHash('sha256').update(JSON.stringify([state.name, state.colour, state.evidence ?? null, state.doneToday])).digest('base64url').slice(0, 10);
  const fakeCode = (now) => {
    const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';
    let seed = now;
    let text = 'JG1:';
    while (text.length < 177) {
      seed = (seed * 48271) % 2147483647;
      text += alphabet[seed % 45];
    }
    return text;
  };

  /** @returns {import('../src/shared/openapi').Evidence} */
  function declaration(now, replaced) {
    return {
      holder: 'h0000000000001',
      agency: null,
      id: replaced ? 'e0000000000010' : 'e0000000000011',
      recorded_at: iso(now - (replaced ? 3 : 1) * DAY),
      superseded_by: replaced ? 'e0000000000011' : null,
      withdrawn_at: null,
      fact: {
        kind: 'declaration',
        temperature: replaced ? null : 36.6,
        symptoms: replaced ? [] : ['cough'],
        contact_with_case: false,
        stays: [{ division: 'CN-3302', from: iso(localMidnight(now, -6)), to: iso(localMidnight(now, -3)) }],
      },
    };
  }

  const challenge = (now) =>
    /** @type {const} */ ({
      status: 202,
      body: { challenge: 'o0000000000001', phone_masked: '+86*******0000', expires_at: iso(now + 300_000), resend_at: iso(now + 60_000), server_time: iso(now) },
    });

  /** @type {import('./answers').Answers} */
  const answers = {
    'GET /v1/divisions': ({ query }) => {
      const rows = DIVISIONS[query.get('parent') ?? ''] ?? [];
      const children = rows.map(([code, name]) => ({ code, name, name_en: FULL[code].en, full_name: FULL[code].zh }));
      return { body: { parent: query.get('parent'), children, results: [] } };
    },
    'POST /v1/registrations': ({ body, now }) => {
      if (body.name === '错 误') {
        return problem(422, 'input.invalid', 'Some fields need correcting.', {
          errors: [{ field: 'document.number', code: 'document.bad_check_digit', detail: 'wrong' }],
        });
      }
      return challenge(now);
    },
    'POST /v1/sessions': ({ now }) => challenge(now),
    'GET /v1/challenges/{id}': ({ now }) => ({ body: { delivery: state.delivery, expires_at: iso(now + 300_000), resend_at: iso(now + 60_000) } }),
    'POST /v1/challenges/{id}/answer': ({ body }) => {
      if (body.code !== '123456') return problem(422, 'otp.wrong', 'That is not the code we sent.', { tries_left: 4 });
      state.signedIn = true;
      return { body: { holder: { name_masked: state.name }, new: true } };
    },
    'DELETE /v1/session': () => {
      state.signedIn = false;
      return { status: 204 };
    },
    'GET /v1/me/code': ({ now }) => {
      const expected = state.colour !== 'green';
      return {
        body: {
          code: fakeCode(now),
          issued_at: iso(now),
          expires_at: iso(now + state.fresh * 1000),
          renew_at: iso(now + state.fresh * 600),
          server_time: iso(now),
          name_masked: state.name,
          assessment: assessment(now),
          policy: POLICY,
          check_in: { expected, done_today: expected && state.doneToday },
          shown: shownNow(),
        },
      };
    },
    'GET /v1/me/code/next': ({ now }) => ({
      body: { code: fakeCode(now), server_time: iso(now), fresh: state.fresh, renew: Math.round(state.fresh * 0.6), shown: shownNow() },
    }),
    'GET /v1/policy': () => ({ type: 'text/plain; charset=utf-8', body: TEXT }),
    'GET /v1/me/proof': ({ now }) => {
      if (!state.evidence) return problem(404, 'route.unknown', 'There is no such address.');
      const { assessment: a } = ask({ policy: TEXT, evidence: state.evidence, at: iso(now) });
      return { body: { at: a.at, policy: a.policy, home: null, evidence: state.evidence, assessment: a } };
    },
    'GET /v1/me/timeline': ({ now }) => {
      const { timeline } = ask({ policy: TEXT, evidence: state.evidence ?? [], at: iso(now) });
      return { body: { ...timeline, segments: timeline.segments.map((s) => ({ ...s, reasons: named(s.reasons) })) } };
    },
    'GET /v1/me': ({ now }) => ({
      body: {
        name_masked: state.name,
        document_masked: '******12',
        document_type: 'resident_id',
        phone_masked: '+86*******0000',
        nationality: 'CN',
        home_division: 'CN-330106',
        home_name: '浙江省 杭州市 西湖区',
        registered_at: iso(now - 20 * DAY),
        language: 'zh',
      },
    }),
    'GET /v1/me/declaration': ({ now }) => ({
      body: state.declared
        ? { current: declaration(now, false), versions: [declaration(now, false), declaration(now, true)] }
        : { current: null, versions: [] },
    }),
    'POST /v1/me/declaration': ({ now }) => {
      state.declared = true;
      return { status: 201, body: { id: 'e0000000000012', assessment: assessment(now) } };
    },
    'GET /v1/me/quarantine': ({ now }) => ({
      body: {
        active: state.colour !== 'green',
        colour: state.colour,
        since: iso(localMidnight(now, -2)),
        until: iso(localMidnight(now, 5)),
        day: 3,
        days: 7,
        today_done: state.doneToday,
        days_list: [-2, -1, 0, 1, 2, 3, 4].map((d) => ({
          date: localDate(now, d),
          state: d === -2 ? 'done' : d === -1 ? 'missed' : d === 0 ? (state.doneToday ? 'done' : 'due') : 'coming',
        })),
      },
    }),
    'POST /v1/me/check-ins': ({ now }) => {
      state.doneToday = true;
      return { status: 201, body: { date: localDate(now, 0), assessment: assessment(now) } };
    },
    'GET /v1/me/visits': ({ now }) => ({
      body: {
        visits: [
          { place: { name: '示例菜市场', kind: 'market', division_name: '浙江省 杭州市 西湖区' }, entered: iso(now - 3 * 3600_000), left: iso(now - 2.4 * 3600_000), presence: 'gate', by: null },
          { place: { name: '示例图书馆', kind: 'leisure', division_name: '浙江省 杭州市 西湖区' }, entered: iso(now - 30 * 3600_000), left: null, presence: 'unproven', by: null },
        ],
      },
    }),
    'POST /v1/me/visits': ({ now }) => ({
      status: 201,
      body: { entered: iso(now), place: { name: '示例菜市场', kind: 'market', division_name: '' }, presence: 'unproven' },
    }),
    'GET /v1/me/evidence': ({ now }) => ({
      body: {
        evidence: [
          { ...declaration(now, false), kind: 'declaration', by: null, counts: true, withdrawn: null, moved: false },
          {
            ...declaration(now, false),
            id: 'e0000000000001',
            kind: 'contact',
            fact: { kind: 'contact', case: 'c0000000000001', trace: 't0000000000001', degree: 'close', last_contact: iso(now - 2 * DAY), minutes: 42, certainty: 'recorded', place_kind: 'leisure', together: { percent: 79, apart: { arrival: 1, leaving: 2 } } },
            recorded_at: iso(now - 1.5 * DAY),
            agency: 'a0000000000001',
            by: TEAM,
            counts: true,
            withdrawn: null, moved: false,
          },
          {
            ...declaration(now, false),
            id: 'e0000000000004',
            kind: 'test',
            fact: { kind: 'test', result: 'negative', method: 'nucleic_acid', sampled_at: iso(now - 4 * DAY) },
            recorded_at: iso(now - 3.6 * DAY),
            agency: 'a0000000000002',
            by: LAB,
            withdrawn_at: iso(now - 3 * DAY),
            counts: false,
            withdrawn: null,
            moved: true,
          },
        ],
      },
    }),
    'GET /v1/me/history': ({ now }) => ({
      body: {
        changes: [
          { at: iso(now - 2 * DAY), from: 'green', to: 'yellow', reasons: reasons('yellow', now) },
          { at: iso(now - 20 * DAY), from: null, to: 'green', reasons: [] },
        ],
        next: null,
      },
    }),
    'GET /v1/me/changes': ({ now }) => ({
      body: { changes: [{ id: 'k0000000000001', at: iso(now - 3 * DAY), event: 'records_joined', by: TEAM, by_carer: false, carer: null, undone_at: null }] },
    }),
    'GET /v1/me/paper': ({ now }) => ({ body: { paper: state.paper ? { issued_at: iso(now), expires_at: iso(now + 365 * DAY) } : null } }),
    'POST /v1/me/paper': () => {
      state.paper = true;
      return { body: '%PDF-1.7 made up' };
    },
    'DELETE /v1/me/paper': () => {
      state.paper = false;
      return { status: 204 };
    },
    'GET /v1/me/appeals': ({ now }) => ({ body: { colour: state.colour, at: iso(now), appeals: [...(state.appealed ? [appeal(now, 'open')] : []), appeal(now, 'refused')] } }),
    'POST /v1/me/appeals': ({ now }) => {
      state.appealed = true;
      return { status: 201, body: appeal(now, 'open') };
    },
    'POST /v1/me/appeals/{id}/file': () => ({ status: 201, body: { kind: 'jpeg', size: 240_000 } }),
    'DELETE /v1/me/appeals/{id}': ({ now }) => {
      state.appealed = false;
      return { body: { colour: state.colour, at: iso(now), appeals: [appeal(now, 'refused')] } };
    },
    'GET /v1/me/records': ({ now }) => ({
      body: { records: [{ record: 'h0000000000009', name_masked: 'Z*** W**', document_masked: '******78', state: 'joined', since: iso(now - 3 * DAY), by: TEAM }, ...(state.asked ? [ASKED(now)] : []), { record: 'h0000000000007', name_masked: 'T**** P****', document_masked: '******55', state: 'split', since: iso(now - DAY), by: TEAM }] },
    }),
    'POST /v1/me/records': ({ now }) => ({ status: 202, body: { challenge: 'o0000000000009', phone_masked: '+86*******0000', expires_at: iso(now + 300_000), resend_at: iso(now + 60_000), server_time: iso(now) } }),
    'POST /v1/me/records/confirm': ({ now }) => {
      state.asked = true;
      return { body: { records: [ASKED(now)] } };
    },
    'GET /v1/me/log': () => ({ body: log.records }),
    'GET /v1/keys': ({ now }) => ({ body: { issuer: 'JG', server_time: iso(now), keys: [], ...log.keys } }),
    'GET /v1/log/checkpoint': ({ now }) => ({ type: 'text/plain; charset=utf-8', body: log.checkpoint(now) }),
    'GET /v1/me/identity-requests': ({ now }) => ({
      body: {
        requests: [
          { asked_at: iso(now - 5 * 3_600_000), agency: POLICE, purpose: 'contact_tracing', target: 'seat', state: 'approved', refusal: null, decided_by: TEAM, decided_at: iso(now - 4 * 3_600_000), read_at: iso(now - 3 * 3_600_000) },
          { asked_at: iso(now - 2 * DAY), agency: POLICE, purpose: null, target: 'case', state: 'refused', refusal: 'no_such_purpose', decided_by: null, decided_at: iso(now - 2 * DAY), read_at: null },
          { asked_at: iso(now - 3 * DAY), agency: POLICE, purpose: 'quarantine', target: 'contact', state: 'refused', refusal: 'milder_way', decided_by: TEAM, decided_at: iso(now - 2.5 * DAY), read_at: null },
        ],
      },
    }),
    'GET /v1/me/accesses': ({ query, now }) => ({
      body: {
        accesses: [{ at: iso(now - (query.has('before') ? 9 : 1) * DAY), agency: TEAM, purpose: 'contact_tracing', what: 'evidence' }],
        next: query.has('before') ? null : '1647316800-1',
      },
    }),
  };

  /** What can be had without being signed in. */
  const open = /^\/v1\/(divisions|registrations|sessions|challenges)\b/;
  const before = (_method, path) => {
    if (state.busy) return problem(503, 'store.unavailable', 'The service is busy.', { retry_after: 20 });
    return state.signedIn || open.test(path) ? null : problem(401, 'session.none', 'Nobody is signed in.');
  };

  // The page may run WebAssembly: it makes the colour again by itself.
  return serve({ state, answers, before, policy: () => csp("'self' 'wasm-unsafe-eval'"), file: log.file });
}
