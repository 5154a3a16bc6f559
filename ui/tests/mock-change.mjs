// The part of the stand-in that knows policies, what-ifs, proposals and recolouring.
import { iso, problem } from './serve.mjs';

const DAY = 86_400_000;

const V1 = { id: 'three-colour', version: 1, digest: '0011223344556677' };
const V2 = { id: 'three-colour', version: 2, digest: '8899aabbccddeeff' };
const TITLE = { en: 'Three-colour health code', zh: '三色健康码' };
const AUTHORITY = { en: 'Example city', zh: '示例市' };
const TEXT = `# A made-up policy.
id = "three-colour"
version = 1
title = { en = "Three-colour health code", zh = "三色健康码" }

[[rule]]
id = "close-contact"
colour = "red"
days = 14
`;

const PROBLEMS = [
  { line: 3, column: 11, code: 'wrong_type', message: 'version must be a whole number, like 2.' },
  { line: 6, column: 3, code: 'unknown_key', message: 'There is no key "rul" here; did you mean "rule"?' },
  { line: 9, column: 1, code: 'missing_key', message: 'A rule needs "title" in every language of the policy; <img src=x onerror=alert(1)> is text.' },
];
const DIFFERENCES = [
  { about: 'version', before: '1', after: '2' },
  { about: 'rule close-contact, phase 1, ends when', before: '14 days have passed and a negative test', after: '10 days have passed and two negative tests, at least 24 hours apart' },
  { about: 'rule travel-history', before: null, after: 'yellow for 7 days after an arrival' },
];

/** @type {import('../src/shared/openapi').MandateDocument} */
export const MANDATE = {
  version: 2,
  purpose: 'Control of an epidemic in a made-up town',
  authority: 'Made-up Town',
  region: 'CN-3301',
  from: '2022-04-10T00:00:00Z',
  to: '2022-10-10T00:00:00Z',
  limits: { second_officer_percent: 1, second_officer_people: 100, waiting_above_per_hour: 100, waiting_above_per_staff_hour: 50, withdrawals_above_per_hour: 30, withdrawals_above_per_staff_hour: 10, waiting_hours: 24, proposal_hours: 24, identity_requests_per_day: 20, notice_delay_hours: 24, overturned_percent: 20, privacy_budget: 1 },
};

const counts = (green, yellow, red) => ({ green, yellow, red });

/** @returns {import('../src/shared/openapi').WhatIf} */
function result(now, scale = 1) {
  const n = (x) => Math.round(x * scale);
  const day = (i) => new Date(now + 8 * 3_600_000 + i * DAY).toISOString().slice(0, 10);
  const row = (division, people, yellow, red, confined, free = 0) => ({
    division,
    people,
    before: counts(people - yellow - red, yellow, red),
    after: counts(people - yellow - red - n(confined) + free, yellow + n(confined) - n(confined / 4) - free, red + n(confined / 4)),
    newly_confined: n(confined),
    newly_free: free,
  });
  const start = now - 2 * DAY;
  const segment = (from, to, colour, ...rules) => ({ from: iso(from), to: to === null ? null : iso(to), colour, rules });
  return {
    at: iso(now),
    people: 20_000,
    with_evidence: 1_642,
    policy_before: V1,
    policy_after: V1,
    before: counts(19_873, 96, 31),
    after: counts(19_873 - n(412) + 12, 96 + n(309) - 12, 31 + n(103)),
    newly_confined: n(412),
    newly_free: 12,
    more_severe: n(420),
    less_severe: 12,
    newly_confined_without_lab_case: n(388),
    divisions: [
      row('CN', 19_990, 96, 31, 412, 12),
      row('CN-33', 14_100, 80, 29, 412, 12),
      row('CN-11', 5_890, 16, 2, 0),
      row('CN-3301', 9_800, 60, 25, 408, 12),
      row('CN-3302', 4_300, 20, 4, 4),
      row('CN-330106', 5_200, 31, 12, 300, 12),
      row('CN-330110', 4_600, 29, 13, 108),
      row('JP', 10, 0, 0, 0),
    ],
    rules: [
      { rule: 'close-contact', title: { en: 'You were a close contact of a case', zh: '您是病例的密切接触者' }, before: 31, after: 31 },
      { rule: 'lives-in-medium-risk', title: { en: 'You live in a medium-risk region', zh: '您住在中风险地区' }, before: 60, after: 60 + n(412) },
      { rule: 'symptoms', title: { en: 'You declared symptoms', zh: '您申报了症状' }, before: 36, after: 24 },
    ],
    places: Array.from({ length: 21 }, (_, i) => ({
      day: day(i),
      before: Math.max(2, 31 - i * 2),
      after: Math.max(2, 31 + n(103) - Math.max(0, i - 6) * 9 - i),
    })),
    samples: [
      { before: [segment(start, null, 'green')], after: [segment(start, now, 'green'), segment(now, now + 7 * DAY, 'yellow', 'lives-in-medium-risk'), segment(now + 7 * DAY, null, 'green')] },
      { before: [segment(start, now + 3 * DAY, 'yellow', 'symptoms'), segment(now + 3 * DAY, null, 'green')], after: [segment(start, now, 'yellow', 'symptoms'), segment(now, null, 'green')] },
      { before: [segment(start, null, 'green')], after: [segment(start, now, 'green'), segment(now, now + 7 * DAY, 'red', 'close-contact', 'lives-in-medium-risk'), segment(now + 7 * DAY, now + 10 * DAY, 'yellow', 'close-contact'), segment(now + 10 * DAY, null, 'green')] },
    ],
  };
}

/**
 * Answers about changes; `world` is what a test turns.
 * @returns {import('./answers').Answers}
 */
export function changes(world) {
  Object.assign(world, {
    /** Looks at a what-if until it is done. */
    looks: 3,
    /** Share of the worst division in percent; the limit is 1. */
    share: 5.77,
    whatIfs: new Map(),
    proposals: null,
    /** Looks at a recolouring that runs. */
    recolouring: 0,
    validFor: 30 * 60_000,
  });

  /**
   * @param {import('../src/shared/openapi').ChangeInput} change
   * @returns {import('../src/shared/openapi').ChangeView}
   */
  const summary = (change) =>
    change.kind === 'policy'
      ? { kind: 'policy', policy: V2, title: TITLE, text: null }
      : change.kind === 'mandate_end'
        ? { kind: 'mandate_end', document: null }
      : change.kind === 'mandate'
        ? { kind: 'mandate', document: MANDATE, note: null }
      : { kind: 'region', division: change.division, name: '浙江省杭州市西湖区', level: change.level, from: change.from, to: change.to ?? null };
  const share = (percent) => (percent === 0 ? null : { division: 'CN-330106', name: '浙江省杭州市西湖区', percent, newly_confined: Math.round(52 * percent), people: 5_200, at: '2022-03-02T00:00:00Z' });

  /** @returns {import('../src/shared/openapi').WhatIfView} */
  function view(id, w) {
    const done = w.state === 'done';
    return {
      id,
      state: w.state,
      progress: { done: done ? 20_000 : Math.min(w.seen * 5_120, 19_000), of: 20_000 },
      change: w.change,
      needs_second_officer: done ? world.share > 1 : null,
      share: done ? share(world.share) : null,
      threshold_percent: 1,
      threshold_people: 1_000,
      confined_people: done ? Math.round((412 * world.share) / 5.77) : null,
      result: done ? result(w.at, world.share / 5.77) : null,
      differences: w.change.kind === 'policy' ? DIFFERENCES : [],
      made_at: iso(w.at),
      valid_until: iso(w.at + world.validFor),
    };
  }

  /** @returns {import('../src/shared/openapi').AttachedWhatIf} */
  const attached = (at, scale, percent, differences = []) => ({
    result: result(at, scale),
    share: share(percent),
    needs_second_officer: percent > 1,
    confined_people: Math.round(412 * scale),
    made_at: iso(at),
    differences,
  });

  /**
   * @param {Partial<import('../src/shared/openapi').ProposalView>} more
   * @returns {import('../src/shared/openapi').ProposalView}
   */
  const proposal = (id, change, state, now, more = {}) => ({
    id,
    change,
    state,
    proposed_by: { name: 'Testa Beispiel', agency: '示例市卫健委' },
    mine: false,
    may_decide: state === 'waiting' && !more.mine,
    proposed_at: iso(now - 3 * 3_600_000),
    expires_at: iso(now + 21 * 3_600_000),
    reason: '三例本土病例，传播链不明。Three local cases, source unknown.',
    decided_by: null,
    decided_at: null,
    decision_reason: null,
    what_if: attached(now - 3 * 3_600_000, 1, 5.77, change.kind === 'policy' ? DIFFERENCES : []),
    what_if_at_decision: null,
    threshold_percent: 1,
    threshold_people: 1_000,
    ...more,
  });
  /** @returns {import('../src/shared/openapi').ChangeView} */
  const region = (level) => ({ kind: 'region', division: 'CN-330106', name: '浙江省杭州市西湖区', level, from: '2022-03-01T00:00:00Z', to: null });
  /** @type {import('../src/shared/openapi').ChangeView} */
  const policy = { kind: 'policy', policy: V2, title: TITLE, text: null };
  const other = { name: '另一位(示例)', agency: '示例市卫健委' };

  /** @returns {import('../src/shared/openapi').ProposalView[]} */
  function proposals(now) {
    world.proposals ??= [
      proposal('n0000000000001', policy, 'waiting', now),
      proposal('n0000000000002', region('high'), 'waiting', now, { mine: true, proposed_at: iso(now - 600_000) }),
      proposal('n0000000000003', region('medium'), 'applied', now - DAY, {
        decided_by: other,
        decided_at: iso(now - 20 * 3_600_000),
        what_if_at_decision: attached(now - 20 * 3_600_000, 1.12, 6.4),
      }),
      proposal('n0000000000004', region('high'), 'rejected', now - 2 * DAY, { decided_by: other, decided_at: iso(now - 2 * DAY), decision_reason: '范围过大。Too wide: two compounds would do.' }),
      proposal('n0000000000005', policy, 'expired', now - 9 * DAY),
    ];
    return world.proposals;
  }

  const row = (name, at, agency, in_force) => ({ ...name, title: TITLE, authority: AUTHORITY, source: 'Made up for this page.', published_at: iso(at), by_agency: agency, in_force, text_url: `/v1/policies/${name.digest}` });
  const found = (id, now) => proposals(now).find((x) => x.id === id);
  const noProposal = () => problem(404, 'proposal.not_found', 'There is no such proposal.');
  const ended = (p, state, now, reason) => Object.assign(p, { state, decided_by: other, decided_at: iso(now), decision_reason: reason });

  return {
    'GET /v1/staff/policies': ({ now }) => {
      const current = row(V1, now - 9 * DAY, null, true);
      return { body: { current, versions: [current, row({ ...V1, version: 0, digest: 'ffeeddccbbaa9988' }, now - 40 * DAY, '示例市卫健委', false)] } };
    },
    'POST /v1/staff/policies/check': ({ body }) => {
      if (body.text.includes('rul]')) return { body: { problems: PROBLEMS, policy: null, differences: [], same: false } };
      const same = body.text === TEXT;
      return { body: { problems: [], policy: { ...(same ? V1 : V2), title: TITLE }, differences: same ? [] : DIFFERENCES, same } };
    },
    'GET /v1/staff/recolouring': ({ now }) => {
      /** @returns {import('../src/shared/openapi').RecolouringView} */
      const job = (done, finished) => ({ id: 'k0000000000001', cause: 'region', policy: V1, started_at: iso(now - 60_000), finished_at: finished, done, of: 1_642, changed: { to_green: 12, to_yellow: 309, to_red: 103 } });
      const running = world.recolouring > 0 && world.recolouring-- > 0;
      return { body: { current: running ? job(900 - world.recolouring * 100, null) : null, last: running ? null : job(1_642, iso(now - 30_000)) } };
    },
    'POST /v1/staff/what-ifs': ({ body, now }) => {
      const made = `w000000000000${(world.made = (world.made ?? 0) + 1)}`;
      const w = { state: 'running', seen: 0, change: summary(body.change), at: now };
      world.whatIfs.set(made, w);
      return { status: 202, body: view(made, w) };
    },
    'GET /v1/staff/what-ifs/{id}': ({ id }) => {
      const w = world.whatIfs.get(id);
      if (!w) return problem(404, 'what_if.not_found', 'There is no such what-if any more.');
      if (w.state === 'running' && ++w.seen > world.looks) w.state = 'done';
      return { body: view(id, w) };
    },
    'DELETE /v1/staff/what-ifs/{id}': ({ id }) => {
      // The server forgets it.
      world.whatIfs.delete(id);
      return { status: 204 };
    },
    'GET /v1/staff/proposals': ({ now }) => ({ body: { proposals: proposals(now), next: null } }),
    'POST /v1/staff/proposals': ({ body, now }) => {
      const all = proposals(now);
      const w = world.whatIfs.get(body.what_if);
      const applied = world.share < 1;
      const made = proposal(`n000000000001${all.length}`, w.change, applied ? 'applied' : 'waiting', now, {
        mine: true, reason: body.reason, proposed_at: iso(now), decided_at: applied ? iso(now) : null,
        what_if: attached(now, world.share / 5.77, world.share),
      });
      all.unshift(made);
      if (applied) world.recolouring = 3;
      return { status: 201, body: made };
    },
    'GET /v1/staff/proposals/{id}': ({ id, now }) => {
      const p = found(id, now);
      if (!p) return noProposal();
      return { body: p.change.kind === 'policy' ? { ...p, change: { ...p.change, text: TEXT } } : p };
    },
    'POST /v1/staff/proposals/{id}/approve': ({ id, now }) => {
      const p = found(id, now);
      if (!p) return noProposal();
      if (p.mine) return problem(403, 'proposal.same_officer', 'Somebody else has to decide.');
      world.recolouring = 3;
      return { body: Object.assign(ended(p, 'applied', now, null), { what_if_at_decision: attached(now, 0.96, 5.5) }) };
    },
    'POST /v1/staff/proposals/{id}/reject': ({ id, body, now }) => {
      const p = found(id, now);
      return p ? { body: ended(p, 'rejected', now, body.reason) } : noProposal();
    },
    'POST /v1/staff/proposals/{id}/withdraw': ({ id, now }) => {
      const p = found(id, now);
      return p ? { body: Object.assign(p, { state: 'withdrawn' }) } : noProposal();
    },
  };
}

/** What `GET /v1/policy` gives. */
export const policyText = TEXT;
