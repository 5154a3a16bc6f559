// A small stand-in for the server, for screenshots of the gate and the console only: it serves the
// built pages under the real Content-Security-Policy and answers by the contract with made-up data.
// Codes are really signed, with a key made at each start. What decides anything is tested against
// the real server elsewhere.
import { randomBytes } from 'node:crypto';
import { changes, policyText, MANDATE } from './mock-change.mjs';
import { traceJobs } from './mock-trace-jobs.mjs';
import { csp, iso, problem, serve } from './serve.mjs';
import { DAY, base45, X, truth, DIVISIONS, POLICY, TEAM, CARRIER, BOARD, LAB, readDocument, alarmList, ALL_POWERS, reason, assessment, identityRow, identities, appealRow, appealDetail, hid, correction, assignment, contacts } from './mock-staff-data.mjs';

/** @typedef {import('../src/shared/openapi').Colour} Colour */
/** @typedef {import('../src/shared/openapi').AgencyName} AgencyName */
/** @typedef {import('../src/shared/openapi').IdentityRequestView} IdentityRequestView */

export { makeCode, ALL_POWERS } from './mock-staff-data.mjs';

/** Starts the server; the world is `state`, which a test changes as it goes. */
export async function startStaffMock() {
  const state = {
    enrolled: false,
    signedIn: false,
    staff: false,
    may: ALL_POWERS,
    /** How far the own identity request has come. */
    identity: /** @type {IdentityRequestView['state']} */ ('approved'),
    /** The server decides otherwise than the gate. */
    contrary: false,
    scans: new Map(),
    counts: { admitted: 128, refused: 3, overridden: 2, left: 97 },
    risks: null,
    /** What the operator has to look at; `null`: nothing. */
    trouble: /** @type {null | 'soon' | 'problem'} */ (null),
    /** Ids of what was withdrawn. */
    withdrawn: new Set(),
    /** Was the appeal decided? */
    decided: false,
    /** Was the alarm answered? */
    alarmAnswered: false,
    /** Was it asked that an entry of the list goes? */
    endAsked: false,
    sessions: [
      { id: 'ffeeddccbbaa998877665544', device: 'computer' },
      { id: '00112233445566778899aabb', device: 'phone' },
    ],
    requests: /** @type {string[]} */ ([]),
    bodies: /** @type {{ path: string; body: unknown }[]} */ ([]),
  };

  const enrolled = { gate: 'g0000000000001', place: /** @type {import('../src/shared/openapi').GatePlace} */ ({ id: 'p0000000000001', name: '示例菜市场', kind: 'market', division_name: '西湖区' }) };
  const signIn = (whole) => {
    if (!whole) return problem(422, 'passkey.refused', 'incomplete');
    state.staff = true;
    return { body: me() };
  };
  /** @returns {import('../src/shared/openapi').MeView} */
  const me = () => ({
    staff: { id: 'f0000000000001', display_name: 'Testa Beispiel', role: 'officer', region: 'CN-3301', region_name: '浙江省杭州市' },
    agency: { id: 'a0000000000001', kind: 'prevention_team', name: '示例市疾控组' },
    may: state.may,
    confirmation: { needed: true, agency: true, staff: true, passkey: null },
  });
  /** @param {Colour} colour */
  const recorded = (colour, now) => /** @type {const} */ ({ status: 201, body: { evidence: 'e0000000000009', assessment: assessment(colour, now), new: true, waiting: false } });
  /** @returns {import('../src/shared/openapi').Agency[]} */
  const agencies = () => [{ id: 'a0000000000001', kind: 'prevention_team', name: '示例市疾控组', region: 'CN-3301', confirmed_at: null, confirmed_by: null }, { id: 'a0000000000002', kind: 'laboratory', name: '示例检验所', region: 'CN-3301', confirmed_at: '2022-03-01T02:00:00Z', confirmed_by: null }];
  /** @returns {import('../src/shared/openapi').PlaceRow[]} */
  const places = () =>
    /** @type {const} */ ([
      ['p0000000000001', '示例菜市场', 'market'],
      ['p0000000000002', '示例图书馆', 'leisure'],
      ['p0000000000003', '<b>Not bold</b> & Sons', 'shop'],
    ]).map(([id, name, kind]) => ({ id, name, kind, division: 'CN-330106', division_name: '西湖区', registered_at: '2022-02-20T02:00:00Z' }));
  /** @returns {import('../src/shared/openapi').SessionView[]} */
  const sessions = (now, own) =>
    state.sessions.map((s, i) => ({ ...s, current: own && i === 0, created_at: iso(now - (i + 1) * 5 * 3600_000), last_used_on: iso(now - i * DAY), expires_at: iso(now + 7 * 3600_000) }));
  const posterCode = () => `JGV1:${base45(randomBytes(100))}`;

  /** @type {import('./answers').Answers} */
  const answers = {
    ...changes(state),
    ...traceJobs(hid),
    'GET /v1/divisions': ({ query }) => {
      const rows = DIVISIONS[query.get('parent') ?? ''] ?? [];
      return { body: { parent: query.get('parent'), children: rows.map(([code, name, name_en]) => ({ code, name, name_en, full_name: name })), results: [] } };
    },
    'GET /v1/info': ({ now }) => ({
      body: { name: '示例', issuer: 'JG', mode: 'demo', server_time: iso(now), policy: { ...POLICY, title: { zh: '三色健康码', en: 'Three colours' }, fresh_seconds: 60 }, languages: ['zh', 'en'] },
    }),
    'GET /v1/mandate': ({ now }) => {
      const document = { version: 1, purpose: 'Control of an epidemic in a made-up town', authority: 'Made-up Town', region: 'CN-3301', from: iso(now - 320 * DAY), to: iso(now + 41 * DAY), limits: MANDATE.limits };
      return {
        body: {
          state: 'in_force', at: document.to, days_left: 41, forgets_at: null, forgotten_at: null, document, next: null,
          authority_key: 'town.example/mandate+1a2b3c4d+AZEkFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz',
          steps: [{ number: 1, step: 'published', at: document.from, agency: null, note: 'version = 1\n' }], server_time: iso(now),
        },
      };
    },
    'GET /v1/policies/{digest}': () => ({ type: 'text/plain; charset=utf-8', body: policyText }),

    // The gate.
    'POST /v1/gates': ({ body }) => {
      state.enrolled = true;
      if (body.public_key.length !== 87) return problem(422, 'gate.key', 'no key');
      return { status: 201, body: enrolled };
    },
    'POST /v1/gates/{gate}/challenge': () => ({ body: { nonce: randomBytes(16).toString('base64url') } }),
    'POST /v1/gates/{gate}/session': ({ body, now }) => {
      state.signedIn = Buffer.from(body.signature, 'base64url').length === 64;
      return { body: { expires_at: iso(now + 12 * 3600_000) } };
    },
    'GET /v1/gate': ({ now }) => ({
      body: {
        gate: 'g0000000000001',
        label: '北门 North door',
        place: { id: 'p0000000000001', name: '示例菜市场 Sample Market', kind: 'market', division_name: '西湖区' },
        counts: state.counts,
        keys: {
          issuer: 'JG',
          server_time: iso(now),
          log: 'example.org/log+00000000+AAAA',
          witnesses: [],
          witness_quorum: 0,
          keys: [{ kid: '0011223344556677', use: 'live', x: X, not_before: iso(now - 5 * DAY), not_after: iso(now + 5 * DAY) }],
        },
        policy: { fresh_seconds: 60, admit: ['green'] },
        offline_grace_seconds: 86_400,
        server_time: iso(now),
      },
    }),
    'POST /v1/gate/scans': ({ body }) => {
      const results = body.scans.map((s) => {
        if (!state.scans.has(s.id)) state.scans.set(s.id, s);
        /** @type {{ colour: Colour | null; problem: string | null }} */
        const known = state.contrary ? { colour: 'red', problem: null } : (truth.get(s.code) ?? { colour: null, problem: 'scan.no_code' });
        const good = known.colour === 'green' || (s.direction === 'out' && known.colour !== null);
        const outcome = s.override ? 'override' : good ? 'admitted' : 'refused';
        const count = s.direction === 'out' && good ? 'left' : outcome === 'override' ? 'overridden' : outcome;
        state.counts = { ...state.counts, [count]: state.counts[count] + 1 };
        return { id: s.id, outcome: /** @type {import('../src/shared/openapi').ScanOutcome} */ (outcome), ...known, recorded: true };
      });
      return { body: { results, counts: state.counts } };
    },
    'GET /v1/gate/poster': ({ now }) => ({ body: { poster_code: posterCode(), screen_code: posterCode(), screen_expires_at: iso(now + 90_000) } }),

    // Signing in to the console.
    'POST /v1/staff/invitations/begin': ({ body }) => {
      if (body.token.startsWith('used')) return problem(422, 'link.unusable', 'used');
      return {
        body: {
          staff: { display_name: 'Testa Beispiel', agency_name: '示例区疾控组', role: 'officer' },
          options: {
            rp: { name: 'Jadegate', id: 'localhost' },
            user: { id: randomBytes(16).toString('base64url'), name: 'f0000000000001', displayName: 'Testa Beispiel' },
            challenge: randomBytes(32).toString('base64url'),
            pubKeyCredParams: [{ type: 'public-key', alg: -7 }, { type: 'public-key', alg: -257 }],
            timeout: 60_000,
            excludeCredentials: [],
            authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
            attestation: 'none',
          },
        },
      };
    },
    'POST /v1/staff/sign-in/begin': () => ({
      body: { ceremony: 'x', options: { challenge: randomBytes(32).toString('base64url'), rpId: 'localhost', userVerification: 'required', timeout: 60_000, allowCredentials: [] } },
    }),
    'POST /v1/staff/invitations/finish': ({ body }) => {
      const r = Object(body.credential['response']);
      return signIn(r.attestationObject && r.clientDataJSON);
    },
    'POST /v1/staff/sign-in/finish': ({ body }) => {
      const r = Object(body.credential['response']);
      return signIn(r.signature && r.authenticatorData && r.clientDataJSON && r.userHandle);
    },
    'DELETE /v1/staff/session': () => {
      state.staff = false;
      return { status: 204 };
    },
    'GET /v1/staff/me': () => ({ body: me() }),

    // Its sections.
    'GET /v1/staff/overview': ({ now }) => ({
      body: {
        colours: { green: 19_873, yellow: 96, red: 31 },
        holders: 20_000, cases_open: 4, traces: 5, confined: 127, missed_check_in: 6, due_release: 3, unreadable: 2, waiting: 2, from_before: 0,
        server_time: iso(now), policy: POLICY,
      },
    }),
    'POST /v1/staff/tests': ({ body, now }) => {
      if (body.holder) return recorded('red', now);
      if (body.phone) return problem(404, 'holder.not_found', 'nobody');
      // By document nothing is told of anybody.
      return { status: 201, body: { evidence: 'e0000000000009', assessment: null, new: true, waiting: false } };
    },
    'POST /v1/staff/samples': ({ body }) => (body.sample === 'TAKEN' && !body.correct ? problem(409, 'sample.other_person', 'taken') : { status: 201, body: { new: true, corrected: body.correct === true } }),
    'GET /v1/staff/kept': () => ({ body: { unregistered: 40, tubes: 3, days: 60 } }),
    'POST /v1/staff/tests/import': () => ({
      body: {
        import: 'i0000000000001', lines: 255, taken: 212, unchanged: 40, positives: 3, waiting: 0,
        rejected: [
          { line: 7, code: 'document.bad_check_digit', detail: 'The check digit is wrong.' },
          { line: 19, code: 'test.unknown_result', detail: 'The result must be positive or negative.' },
          { line: 88, code: 'line.something_new', detail: '<img src=x onerror=alert(1)> is shown as text' },
        ],
      },
    }),
    'POST /v1/staff/rides/import': () => ({
      body: {
        import: 'i0000000000002', lines: 158, taken: 143, unchanged: 12, new_trips: 1, too_old: 0, unknown: 1, waiting: 0,
        rejected: [
          { line: 5, code: 'holder.not_found', detail: 'This passenger is not registered in your region.' },
          { line: 9, code: 'ride.seat', detail: 'This is no seat.' },
        ],
      },
    }),
    'GET /v1/staff/cases': ({ now }) => ({
      body: {
        cases: [
            { id: 'c0000000000002', holder: hid(2), name_masked: '王*', class: 'confirmed', onset_at: iso(now - 3 * DAY), confirmed_at: iso(now - DAY), isolated_at: null, recorded_at: iso(now - 3600_000), withdrawn_at: null, latest_trace: null, close: 0, secondary: 0, may_withdraw: true },
            { id: 'c0000000000001', holder: hid(1), name_masked: 'A*** B***', class: 'asymptomatic', onset_at: null, confirmed_at: iso(now - 2 * DAY), isolated_at: iso(now - 1.5 * DAY), recorded_at: iso(now - 1.8 * DAY), withdrawn_at: null, latest_trace: 't0000000000001', close: 5, secondary: 9, may_withdraw: true },
            { id: 'c0000000000003', holder: hid(3), name_masked: '李**', class: 'suspected', onset_at: iso(now - 9 * DAY), confirmed_at: iso(now - 8 * DAY), isolated_at: null, recorded_at: iso(now - 8 * DAY), withdrawn_at: iso(now - 6 * DAY), latest_trace: null, close: 0, secondary: 0, may_withdraw: false },
        ],
        next: null,
      },
    }),
    'POST /v1/staff/cases': ({ now }) => ({ status: 201, body: { case: 'c0000000000004', assessment: assessment('red', now), new: true, waiting: false, trace: null } }),
    'POST /v1/staff/traces': ({ body, now }) => ({
      status: 201,
      body: { trace: 't0000000000001', case: body.case, window: { from: iso(now - 5 * DAY), to: iso(now - DAY) }, close: 5, secondary: 9, places: 2, ms: 41, contacts_recorded: 14, contacts_withdrawn: 0, contacts_waiting: 0, contacts_unreadable: 0 },
    }),
    'GET /v1/staff/traces/{id}': ({ now }) => ({
      body: { trace: 't0000000000001', case: 'c0000000000002', ran_at: iso(now), close: 5, secondary: 9, replaced_by: null, window: { from: iso(now - 5 * DAY), to: iso(now - DAY) }, policy: POLICY, index_visits: 123_456, contacts: contacts(now, state.withdrawn) },
    }),
    'GET /v1/staff/workers': () => ({
      body: {
        workers: [
          { id: 'f0000000000021', display_name: '测试员', agency_name: '示例社区', region_name: '浙江省杭州市西湖区', accompanied: 3, most: 20 },
          { id: 'f0000000000022', display_name: 'Testa Probe', agency_name: '示例社区', region_name: '浙江省杭州市西湖区', accompanied: 20, most: 20 },
        ],
      },
    }),
    'GET /v1/staff/assignments': ({ now }) => ({ body: { assignments: [assignment(now)] } }),
    'POST /v1/staff/assignments': ({ now }) => ({ status: 201, body: assignment(now) }),
    'DELETE /v1/staff/assignments/{id}': () => ({ status: 204 }),
    'GET /v1/staff/accompanied': ({ now }) => {
      const people = [
        { holder: hid(1), name_masked: '王*', over: false, day: 5, days: 14 },
        { holder: hid(2), name_masked: '***', over: true, day: null, days: null },
      ].map((p) => ({
        ...p,
        home_name: '浙江省杭州市西湖区',
        until: p.over ? null : iso(now + 9 * DAY),
        check_ins: p.over ? [] : /** @type {const} */ (['done', 'done', 'missed', 'done', 'due', 'coming']).map((state, i) => ({ date: iso(now + (i - 4) * DAY).slice(0, 10), state })),
        assigned_at: iso(now - 4 * DAY),
        ends_at: iso(now + 10 * DAY),
      }));
      return { body: { people, unreadable: 0 } };
    },
    'GET /v1/staff/quarantine': ({ query, now }) => {
      /** @type {[string, Colour, number, number, number, boolean][]} */
      const some = [
        ['王*', 'red', 5, 14, 0, false], ['A*** B***', 'red', 14, 14, 0, true], ['李**', 'yellow', 3, 7, 2, false], ['欧**', 'yellow', 7, 7, 1, true],
      ];
      const rows = some.map(([name_masked, colour, day, days, missed_days, due], i) => ({
        holder: hid(i + 1), name_masked, home_name: '浙江省杭州市西湖区', colour, since: iso(now - day * DAY), until: iso(now + (days - day) * DAY), day, days,
        last_check_in: i === 2 ? null : iso(now - (missed_days + 0.3) * DAY), missed_days, due, reasons: [reason(colour, now).title],
      }));
      const filter = query.get('filter');
      return { body: { people: rows.filter((r) => (filter === 'missed' ? r.missed_days > 0 : filter === 'due' ? r.due : true)), next: filter === 'all' ? hid(4) : null, from_before: 0, unreadable: filter === 'all' ? 1 : 0 } };
    },
    'POST /v1/staff/people/read-document': ({ body }) => readDocument(body.text),
    'POST /v1/staff/people/paper': () => ({ body: '%PDF-1.7 made up' }),
    'POST /v1/staff/people/known': ({ body }) => ({ body: { state: body.document.number === 'L898902C3' ? 'new' : body.document.number === 'E00000001' ? 'registered_elsewhere' : 'registered' } }),
    'POST /v1/staff/people': ({ body, now }) => {
      const noted = (/** @type {import('../src/shared/openapi').AccountEvent} */ event) => ({ id: 'n0000000000001', at: iso(now), event, by: TEAM, by_carer: false, carer: event === 'carer_added' ? 'A*** B***' : null, undone_at: null });
      return { status: 201, body: { name_masked: 'E*** A*** M***', changes: [...(body.carer ? [noted('carer_added')] : []), noted('registered')] } };
    },
    'GET /v1/staff/document-corrections': ({ now }) => ({ body: { corrections: [correction(now, 'waiting'), { ...correction(now, 'confirmed'), id: 'd0000000000002' }] } }),
    'POST /v1/staff/document-corrections': ({ now }) => ({ status: 201, body: { ...correction(now, 'waiting'), may_confirm: false } }),
    'POST /v1/staff/document-corrections/{id}/confirm': ({ now }) => ({ body: correction(now, 'confirmed') }),
    'POST /v1/staff/document-corrections/{id}/refuse': ({ now }) => ({ body: correction(now, 'refused') }),
    'POST /v1/staff/document-bars/lift': () => ({ status: 204 }),
    'POST /v1/staff/people/details': ({ now }) => ({ body: { changes: [{ id: 'n0000000000002', at: iso(now), event: 'phone_changed', by: TEAM, by_carer: false, carer: null, undone_at: null }] } }),
    'POST /v1/staff/people/details/{id}/undo': ({ now }) => ({ body: { changes: [{ id: 'n0000000000002', at: iso(now), event: 'phone_changed', by: TEAM, by_carer: false, carer: null, undone_at: iso(now) }] } }),
    'POST /v1/staff/people/records': ({ now, body }) => ({
      body: {
        outcome: body.part || body.assign ? 'waiting' : body.join ? 'joined' : body.split ? 'split' : 'looked',
        pieces: body.split || body.assign ? [
          { record: hid(8), evidence: 'e0000000000041', kind: 'test', fact: { kind: 'test', result: 'positive', method: 'nucleic_acid', sampled_at: iso(now - 2 * DAY) }, recorded_at: iso(now - DAY), by: LAB, counts: true, owner: 'both', waits: body.assign ? 'record' : null },
          { record: hid(8), evidence: 'e0000000000042', kind: 'arrival', fact: { kind: 'arrival', arrived_at: iso(now - 5 * DAY), from: 'JP', purpose: 'return' }, recorded_at: iso(now - 5 * DAY), by: TEAM, counts: true, owner: 'both', waits: null },
        ] : [],
        records: body.split || body.assign
          ? [{ record: hid(8), name_masked: 'T**** P****', document_masked: '******21', state: 'split', since: iso(now), by: TEAM }]
          : [{ record: hid(9), name_masked: 'Z*** W**', document_masked: '******78', state: body.part ? 'contested' : 'joined', since: iso(now - 3 * DAY), by: TEAM }],
      },
    }),
    'POST /v1/staff/holders/find': ({ now }) => ({ body: { holder: hid(1), name_masked: 'A*** B***', home_name: '浙江省杭州市西湖区', assessment: assessment('red', now) } }),
    'POST /v1/staff/holders/{id}/open': ({ now }) => ({
      body: {
        holder: hid(1), name_masked: 'A*** B***', home_name: '浙江省杭州市西湖区', assessment: assessment('red', now),
        evidence: [
          { id: 'e0000000000001', holder: hid(1), kind: 'contact', fact: { kind: 'contact', case: 'c0000000000002', trace: 't0000000000001', degree: 'close', last_contact: iso(now - 4 * DAY), minutes: 96, certainty: 'recorded', place_kind: 'market' }, recorded_at: iso(now - 3.5 * DAY), by: TEAM, agency: 'a0000000000001', withdrawn_at: null, withdrawn: null, moved: false, superseded_by: null, counts: true },
          { id: 'e0000000000002', holder: hid(1), kind: 'test', fact: { kind: 'test', result: 'negative', method: 'nucleic_acid', sampled_at: iso(now - 2 * DAY) }, recorded_at: iso(now - 1.7 * DAY), by: LAB, agency: 'a0000000000002', withdrawn_at: null, withdrawn: null, moved: false, superseded_by: null, counts: true },
          { id: 'e0000000000005', holder: hid(1), kind: 'test', fact: { kind: 'test', result: 'positive', method: 'antigen', sampled_at: iso(now - 3 * DAY) }, recorded_at: iso(now - 2.7 * DAY), by: LAB, agency: 'a0000000000002', withdrawn_at: iso(now - 2 * DAY), withdrawn: { by: TEAM, reason: 'sample_mixed_up' }, superseded_by: null, counts: false, moved: false },
          { id: 'e0000000000003', holder: hid(1), kind: 'declaration', fact: { kind: 'declaration', temperature: 36.8, symptoms: ['cough', 'fatigue'], contact_with_case: false, stays: [{ division: 'CN-3302', from: iso(now - 9 * DAY), to: iso(now - 7 * DAY) }] }, recorded_at: iso(now - 6 * DAY), by: null, agency: null, withdrawn_at: null, withdrawn: null, moved: false, superseded_by: 'e0000000000004', counts: false },
        ],
        withdrawable: ['e0000000000002'].filter((id) => !state.withdrawn.has(id)),
        timeline: [
          { from: iso(now - 20 * DAY), to: iso(now - 3.5 * DAY), colour: 'green', reasons: [] },
          { from: iso(now - 3.5 * DAY), to: iso(now + 10 * DAY), colour: 'red', reasons: [reason('red', now)] },
          { from: iso(now + 10 * DAY), to: iso(now + 17 * DAY), colour: 'yellow', reasons: [reason('yellow', now)] },
          { from: iso(now + 17 * DAY), to: null, colour: 'green', reasons: [] },
        ],
        more_history: false,
        history: [
          { at: iso(now - 3.5 * DAY), from: 'green', to: 'red', reasons: [reason('red', now)] },
          { at: iso(now - 20 * DAY), from: null, to: 'green', reasons: [] },
        ],
        quarantine: {
          active: true, colour: 'red', since: iso(now - 4 * DAY), until: iso(now + 10 * DAY), day: 5, days: 14, today_done: false,
          days_list: Array.from({ length: 14 }, (_, i) => ({ date: iso(now + (i - 4) * DAY).slice(0, 10), state: i === 2 ? 'missed' : i < 4 ? 'done' : i === 4 ? 'due' : 'coming' })),
        },
        what_they_see: {
          colour: 'red', reasons: [reason('red', now)], next_change: null, check_in_expected: true, check_in_done: false,
          more_accesses: false,
          accesses: [{ at: iso(now), agency: TEAM, purpose: 'quarantine', what: 'evidence' }, { at: iso(now - DAY), agency: TEAM, purpose: 'contact_tracing', what: 'visits' }, { at: iso(now - 2 * DAY), agency: TEAM, purpose: 'holder_request', what: 'document_released' }, { at: iso(now - 3 * DAY), agency: LAB, purpose: 'holder_request', what: 'document_disputed' }],
        },
      },
    }),
    'POST /v1/staff/releases': ({ now }) => recorded('yellow', now),
    'POST /v1/staff/arrivals': ({ now }) => recorded('yellow', now),
    'GET /v1/staff/regions': ({ now }) => ({
      body: {
        risks: [
            { id: 'e0000000000021', division: 'CN-330106', name: '浙江省杭州市西湖区', level: 'high', from: iso(now - 3 * DAY), to: null, recorded_at: iso(now - 3 * DAY), by: null, in_force: true },
            { id: 'e0000000000022', division: 'CN-3302', name: '浙江省宁波市', level: 'medium', from: iso(now - 6 * DAY), to: iso(now + 2 * DAY), recorded_at: iso(now - 6 * DAY), by: null, in_force: true },
            { id: 'e0000000000023', division: 'CN-330110', name: '浙江省杭州市余杭区', level: 'medium', from: iso(now - 16 * DAY), to: iso(now - 2 * DAY), recorded_at: iso(now - 16 * DAY), by: null, in_force: false },
        ],
      },
    }),
    'POST /v1/staff/regions/{id}/end': ({ id, now }) => ({ body: { id, division: 'CN-330106', name: '浙江省杭州市西湖区', level: 'high', from: iso(now - 3 * DAY), to: iso(now), recorded_at: iso(now), by: null, in_force: false } }),
    'GET /v1/staff/places': () => ({ body: { places: places(), next: null } }),
    'POST /v1/staff/places': () => ({ status: 201, body: /** @type {import('../src/shared/openapi').PlaceRow} */ (places()[0]) }),
    'GET /v1/staff/sessions': ({ now }) => ({ body: { sessions: sessions(now, true) } }),
    'GET /v1/staff/gates/{id}/sessions': ({ now }) => ({ body: { sessions: sessions(now, false) } }),
    'GET /v1/staff/members/{id}/sessions': ({ now }) => ({ body: { sessions: sessions(now, false) } }),
    'DELETE /v1/staff/sessions/{id}': ({ id }) => {
      state.sessions = state.sessions.filter((s) => s.id !== id);
      return { status: 204 };
    },
    'GET /v1/staff/gates': ({ now }) => ({
      body: {
        gates: [
            { id: 'g0000000000001', place: 'p0000000000001', label: '北门', enrolled_at: iso(now - 5 * DAY), revoked_at: null },
            { id: 'g0000000000002', place: 'p0000000000001', label: '南门', enrolled_at: iso(now - 9 * DAY), revoked_at: iso(now - 2 * DAY) },
        ],
      },
    }),
    'POST /v1/staff/gates/{id}/revoke': () => ({ status: 204 }),
    'POST /v1/staff/places/{id}/enrolment': ({ now }) => ({ status: 201, body: { link: `/gate/#enrol=${randomBytes(24).toString('base64url')}`, expires_at: iso(now + 3 * DAY) } }),
    'GET /v1/staff/places/{id}/poster': () => ({ body: { poster_code: posterCode() } }),
    'GET /v1/staff/agencies': () => ({ body: { agencies: agencies() } }),
    'POST /v1/staff/agencies': () => ({ status: 201, body: /** @type {import('../src/shared/openapi').Agency} */ (agencies()[0]) }),
    'POST /v1/staff/agencies/{id}/confirm': () => ({ body: /** @type {import('../src/shared/openapi').Agency} */ (agencies()[1]) }),
    'GET /v1/staff/members': ({ now }) => ({
      body: {
        staff: [
          { id: 'f0000000000001', display_name: 'Testa Beispiel', agency: 'a0000000000001', agency_name: '示例市疾控组', agency_kind: 'prevention_team', role: 'officer', region: 'CN-3301', created_at: iso(now - 9 * DAY), disabled_at: null, needs_confirmation: true, confirmed_at: iso(now - 9 * DAY), passkey: null },
          { id: 'f0000000000002', display_name: '试验员', agency: 'a0000000000002', agency_name: '示例检验所', agency_kind: 'laboratory', role: 'lab_technician', region: 'CN-3301', created_at: iso(now - 8 * DAY), disabled_at: null, needs_confirmation: true, confirmed_at: null, passkey: '0011 2233 4455 6677' },
        ],
      },
    }),
    'POST /v1/staff/members': ({ now }) => ({ status: 201, body: { staff: 'f0000000000003', token: 'made-up', link: `/console/#invite=${randomBytes(24).toString('base64url')}`, expires_at: iso(now + 3 * DAY) } }),
    'POST /v1/staff/members/{id}/confirm': () => ({ status: 204 }),
    'POST /v1/staff/members/{id}/disable': () => ({ status: 204 }),
    'GET /v1/staff/alarms': ({ now }) => ({ body: alarmList(now, state.alarmAnswered) }),
    'POST /v1/staff/alarms/{id}/answer': ({ now }) => {
      state.alarmAnswered = true;
      return { body: /** @type {import('../src/shared/openapi').AlarmRow} */ (alarmList(now, true).answered[0]) };
    },
    'GET /v1/staff/protected': ({ now }) => ({
      body: [
        { id: 'v0000000000001', ground: 'well_known', works_for: null, added_at: iso(now - 9 * DAY), added_by: { name: '示例市卫健委', kind: 'health_commission' }, may_end: true },
        { id: 'v0000000000002', ground: 'colleague', works_for: { name: '示例市第一医院', kind: 'hospital' }, added_at: iso(now - 3 * DAY), added_by: { name: '示例市卫健委', kind: 'health_commission' }, may_end: !state.endAsked, end_asked_at: iso(now - DAY) },
      ],
    }),
    'POST /v1/staff/protected': () => ({ status: 201, body: { id: 'v0000000000003' } }),
    'POST /v1/staff/protected/{id}/end': () => {
      state.endAsked = true;
      return { body: { ended: false } };
    },
    'GET /v1/public/alarms': ({ now }) => ({
      body: { from: iso(now - 90 * DAY), to: iso(now), alarms: [{ kind: 'unbacked', raised: 3, open: 1, held: 1, answers: [{ answer: 'backlog', count: 2 }] }] },
    }),
    'GET /v1/staff/appeals': ({ now }) => ({
      body: {
        appeals: state.decided ? [appealRow(now, 2)] : [appealRow(now, 1), appealRow(now, 2)],
        reviews: [{ rule: 'close-contact', policy: '0011223344556677', asked_at: iso(now - 2 * DAY), decided: 40, overturned: 17 }],
      },
    }),
    'POST /v1/staff/appeals': ({ now }) => ({ status: 201, body: { id: 'y0000000000003', due_at: iso(now + 2 * DAY) } }),
    'GET /v1/staff/appeals/{id}': ({ now }) => ({ body: appealDetail(now, false) }),
    'GET /v1/staff/appeals/{id}/file': () => ({ body: '%PDF-1.7 made up %%EOF' }),
    'POST /v1/staff/appeals/{id}/decision': ({ now }) => {
      state.decided = true;
      return { body: appealDetail(now, true) };
    },
    'GET /v1/staff/identity-requests': ({ now }) => ({ body: { requests: identities(now, state.identity) } }),
    'POST /v1/staff/identity-requests': ({ body, now }) => {
      if (body.case === 'c0000000000009') return problem(403, 'identity.no_case', 'No such case.');
      return { status: 201, body: identityRow(now, 1, state.identity) };
    },
    'POST /v1/staff/identity-requests/{id}/approve': ({ now }) => ({ body: identityRow(now, 2, 'approved') }),
    'POST /v1/staff/identity-requests/{id}/refuse': ({ now }) => ({ body: identityRow(now, 2, 'refused') }),
    'POST /v1/staff/identity-requests/{id}/close': ({ now }) => ({ body: identityRow(now, 1, 'closed') }),
    'POST /v1/staff/identity-requests/{id}/person': ({ now }) => ({ body: { name: 'T**** P****', phone: '+8610000000001', home_name: null, until: iso(now + 3 * 3_600_000) } }),
    'POST /v1/staff/withdrawals': ({ body }) => {
      if (!body.reason) return problem(422, 'input.invalid', 'no reason', { errors: [{ field: 'reason', code: 'withdrawal.unknown_reason', detail: 'Choose a reason.' }] });
      state.withdrawn.add(body.case ?? body.evidence ?? body.ride ?? body.import ?? body.risk_level);
      if (body.ride) return { body: { records: 1, cases: 0, released: 1, waiting: 0 } };
      if (body.risk_level) return { body: { records: 0, cases: 0, released: 0, waiting: 1 } };
      return { body: body.case ? { records: 1, cases: 0, released: 14, waiting: 0 } : { records: body.import ? 212 : 1, cases: body.import ? 2 : 0, released: body.import ? 31 : 0, waiting: 0 } };
    },
    'GET /v1/staff/records/own': ({ now }) => {
      /** @returns {import('../src/shared/openapi').WithdrawnView | null} */
      const taken = (id) => (state.withdrawn.has(id) ? { by: LAB, reason: 'wrong_person' } : null);
      /** @type {[import('../src/shared/openapi').RecordKind, string, number, string | null, string | null, string | null, import('../src/shared/openapi').Fact | null][]} */
      const rows = [
        ['evidence', 'e0000000000031', 0.1, '试验员', null, 'LAB-2207', { kind: 'test', result: 'positive', method: 'nucleic_acid', sampled_at: iso(now - 0.4 * DAY) }],
        ['evidence', 'e0000000000032', 0.2, null, 'm0000000000001', 'LAB-2206', { kind: 'test', result: 'negative', method: 'nucleic_acid', sampled_at: iso(now - 0.5 * DAY) }],
        ['evidence', 'e0000000000033', 0.6, 'Testa Beispiel', null, null, { kind: 'arrival', from: 'JP', arrived_at: iso(now - DAY), purpose: 'study' }],
        ['case', 'c0000000000002', 1, 'Testa Beispiel', null, null, { kind: 'case', case: 'c0000000000002', class: 'confirmed', confirmed_at: iso(now - DAY), onset_at: null }],
        ['ride', 'r0000000000003', 1.5, null, 'm0000000000002', null, null],
      ];
      return { body: { records: rows.map(([record, id, days, by, file, sample, fact]) => ({ record, id, at: iso(now - days * DAY), staff: by, import: file, sample, trip: record === 'ride' ? 'G7301 2022-03-12' : null, fact, withdrawn: taken(id) })), next: null } };
    },
    'GET /v1/staff/imports': ({ now }) => ({
      body: {
        imports: [
          { id: 'm0000000000001', kind: 'tests', agency: LAB, staff: '试验员', started_at: iso(now - 0.2 * DAY), ended_at: iso(now - 0.2 * DAY), sha256: '00', taken: 212, unchanged: 40, rejected: 3, waiting: 0, withdrawn_at: state.withdrawn.has('m0000000000001') ? iso(now) : null, may_withdraw: !state.withdrawn.has('m0000000000001') },
          { id: 'm0000000000002', kind: 'rides', agency: CARRIER, staff: null, started_at: iso(now - 2 * DAY), ended_at: null, sha256: '00', taken: 0, unchanged: 0, rejected: 0, waiting: 0, withdrawn_at: null, may_withdraw: false },
          { id: 'm0000000000003', kind: 'risk_levels', agency: BOARD, staff: null, started_at: iso(now - 3 * DAY), ended_at: iso(now - 3 * DAY), sha256: '00', taken: 2, unchanged: 14, rejected: 0, waiting: 0, withdrawn_at: state.withdrawn.has('m0000000000003') ? iso(now) : null, may_withdraw: !state.withdrawn.has('m0000000000003') },
          { id: 'm0000000000004', kind: 'visits', agency: null, staff: null, started_at: iso(now - 4 * DAY), ended_at: iso(now - 4 * DAY), sha256: '00', taken: 900, unchanged: 0, rejected: 0, waiting: 0, withdrawn_at: null, may_withdraw: false },
        ],
        next: null,
      },
    }),
    'GET /v1/staff/records': ({ query, now }) => ({
      body: {
        records: [
          { record: 'case', agency: TEAM, staff: 'Testa Beispiel', import: null, at: iso(now - 3600_000) },
          { record: 'ride', agency: CARRIER, staff: null, import: 'm0000000000002', at: iso(now - 7200_000) },
        ], next: query.has('before') ? null : '1647316800-2',
      },
    }),
    'GET /v1/staff/waiting': ({ now }) => ({
      body: {
        waiting: [
          { id: 'w0000000000001', kind: 'tests', agency: LAB, records: 112, made_at: iso(now - 3600_000), expires_at: iso(now + 23 * 3600_000), state: 'waiting', decided_at: null, decided_by: null, may_confirm: true, may_refuse: true, has_samples: true, asked: null },
          { id: 'w0000000000002', kind: 'contacts', agency: TEAM, records: 60, made_at: iso(now - 3 * DAY), expires_at: iso(now - 2 * DAY), state: 'expired', decided_at: iso(now - 2 * DAY), decided_by: null, may_confirm: false, may_refuse: false, has_samples: false, asked: null },
          { id: 'w0000000000003', kind: 'withdrawals', agency: LAB, records: 212, made_at: iso(now - 600_000), expires_at: iso(now + 23.8 * 3600_000), state: 'waiting', decided_at: null, decided_by: null, may_confirm: true, may_refuse: true, has_samples: false, asked: { record: 'import', reason: 'sample_mixed_up', staff: '试验员', recorded_at: iso(now - 0.2 * DAY), file: 'tests', fact: null, sample: null, trip: null } },
        ],
      },
    }),
    'GET /v1/staff/waiting/{id}/samples': ({ now }) => ({
      body: {
        samples: ['LAB-2207', 'LAB-2209'].map((sample, number) => ({ number, sample, result: 'positive', method: 'nucleic_acid', sampled_at: iso(now - 0.4 * DAY) })),
        next: null,
        unreadable: 1,
      },
    }),
    'POST /v1/staff/waiting/{id}/confirm': () => ({ status: 204 }),
    'POST /v1/staff/waiting/{id}/refuse': () => ({ status: 204 }),
    'GET /v1/staff/operation': ({ now }) => {
      /** @param {import('../src/shared/openapi').FindingCode[]} codes */
      const found = (...codes) => codes.map((code) => ({ code, detail: `made up: ${code}` }));
      const [trouble, problem] = [state.trouble !== null, state.trouble === 'problem'];
      return {
        body: {
          problems: problem ? found('clock.ahead', 'keys.not_in_force') : [],
          warnings: problem ? found('rows.unreadable', 'sms.not_configured') : trouble ? found('keys.end_soon', 'rows.unreadable') : [],
          key_days_left: !trouble ? 341 : problem ? null : 12,
          unreadable: trouble
            ? [
                { kind: 'person', table: 'holder', column: 'home', rows: 1, since: iso(now - 5 * 3600_000) },
                { kind: 'evidence', table: 'evidence', column: 'fact', rows: 3, since: iso(now - 4 * 3600_000) },
                { kind: 'waiting', table: 'waiting_piece', column: 'body', rows: 1, since: iso(now - 3600_000) },
              ]
            : [],
          more: problem,
          server_time: iso(now),
        },
      };
    },
    'POST /v1/staff/cases/{id}/withdraw': () => ({ body: { released: 14, waiting: 0 } }),
  };

  const before = (_method, path, body) => {
    state.bodies.push({ path, body });
    const asks = /^\/v1\/(?:gate(?:\/|$)|staff\/(?!invitations|sign-in))/.exec(path)?.[0];
    const signedIn = asks?.startsWith('/v1/gate') ? state.signedIn : state.staff;
    return asks === undefined || signedIn ? null : problem(401, 'session.none', 'not signed in');
  };

  return serve({ state, answers, before, policy: (path) => csp(path.startsWith('/console') ? "'self'" : "'self' 'wasm-unsafe-eval'") });
}
