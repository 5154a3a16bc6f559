// The part of the stand-in that knows policies, what-ifs, proposals and recolouring.
import { iso, ok, problem } from './serve.mjs';

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

const counts = (green, yellow, red) => ({ green, yellow, red });

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

/** Answers of `/v1/staff/…` about changes, or undefined; `world` is what a test turns. */
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

  const summary = (change) =>
    change.kind === 'policy'
      ? { kind: 'policy', policy: V2, title: TITLE }
      : { kind: 'region', division: change.division, name: '浙江省杭州市西湖区', level: change.level, from: change.from, to: change.to ?? null };
  const share = (percent) => (percent === 0 ? null : { division: 'CN-330106', name: '浙江省杭州市西湖区', percent, newly_confined: Math.round(52 * percent), people: 5_200, at: '2022-03-02T00:00:00Z' });

  function whatIf(id) {
    const w = world.whatIfs.get(id);
    if (!w) return problem(404, 'what_if.not_found', 'There is no such what-if any more.');
    if (w.state === 'running' && ++w.seen > world.looks) w.state = 'done';
    const done = w.state === 'done';
    return ok({
      id,
      state: w.state,
      progress: { done: done ? 20_000 : Math.min(w.seen * 5_120, 19_000), of: 20_000 },
      change: w.change,
      needs_second_officer: done ? world.share > 1 : null,
      share: done ? share(world.share) : null,
      threshold_percent: 1,
      result: done ? result(w.at, world.share / 5.77) : null,
      differences: w.change.kind === 'policy' ? DIFFERENCES : [],
      made_at: iso(w.at),
      valid_until: iso(w.at + world.validFor),
    });
  }

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
    what_if: { result: result(now - 3 * 3_600_000), share: share(5.77), made_at: iso(now - 3.1 * 3_600_000), differences: change.kind === 'policy' ? DIFFERENCES : [] },
    what_if_at_decision: null,
    threshold_percent: 1,
    ...more,
  });
  const region = (level) => ({ kind: 'region', division: 'CN-330106', name: '浙江省杭州市西湖区', level, from: '2022-03-01T00:00:00Z', to: null });
  const policy = { kind: 'policy', policy: V2, title: TITLE };
  const other = { name: '另一位(示例)', agency: '示例市卫健委' };

  function proposals(now) {
    world.proposals ??= [
      proposal('n0000000000001', policy, 'waiting', now),
      proposal('n0000000000002', region('high'), 'waiting', now, { mine: true, proposed_at: iso(now - 600_000) }),
      proposal('n0000000000003', region('medium'), 'applied', now - DAY, {
        decided_by: other,
        decided_at: iso(now - 20 * 3_600_000),
        what_if_at_decision: { result: result(now - 20 * 3_600_000, 1.12), share: share(6.4), made_at: iso(now - 20 * 3_600_000), differences: [] },
      }),
      proposal('n0000000000004', region('high'), 'rejected', now - 2 * DAY, { decided_by: other, decided_at: iso(now - 2 * DAY), decision_reason: '范围过大。Too wide: two compounds would do.' }),
      proposal('n0000000000005', policy, 'expired', now - 9 * DAY),
    ];
    return world.proposals;
  }

  function decide(p, action, body, now) {
    if (action === 'approve' && p.mine) return problem(403, 'proposal.same_officer', 'Somebody else has to decide.');
    p.state = { approve: 'applied', reject: 'rejected', withdraw: 'withdrawn' }[action];
    if (action !== 'withdraw') {
      Object.assign(p, { decided_by: other, decided_at: iso(now), decision_reason: body.reason ?? null });
    }
    if (action === 'approve') {
      p.what_if_at_decision = { result: result(now, 0.96), share: share(5.5), made_at: iso(now), differences: [] };
      world.recolouring = 3;
    }
    return ok(p);
  }

  return function answer(method, p, body, now) {
    const [, kind, id, action] = /^(what-ifs|proposals)(?:\/(\w+)(?:\/(\w+))?)?$/.exec(p) ?? [];
    const key = `${method} ${p}`;
    if (key === 'GET policies') {
      const row = (name, at, agency, in_force) => ({ ...name, title: TITLE, authority: AUTHORITY, source: 'Made up for this page.', published_at: iso(at), by_agency: agency, in_force, text_url: `/v1/policies/${name.digest}` });
      const current = row(V1, now - 9 * DAY, null, true);
      return ok({ current, versions: [current, row({ ...V1, version: 0, digest: 'ffeeddccbbaa9988' }, now - 40 * DAY, '示例市卫健委', false)] });
    }
    if (key === 'POST policies/check') {
      if (body.text.includes('rul]')) return ok({ problems: PROBLEMS, policy: null, differences: [], same: false });
      const same = body.text === TEXT;
      return ok({ problems: [], policy: { ...(same ? V1 : V2), title: TITLE }, differences: same ? [] : DIFFERENCES, same });
    }
    if (key === 'GET recolouring') {
      const job = (done, finished) => ({ id: 'k0000000000001', cause: 'region', policy: V1, started_at: iso(now - 60_000), finished_at: finished, done, of: 1_642, changed: { to_green: 12, to_yellow: 309, to_red: 103 } });
      const running = world.recolouring > 0 && world.recolouring-- > 0;
      return ok({ current: running ? job(900 - world.recolouring * 100, null) : null, last: running ? null : job(1_642, iso(now - 30_000)) });
    }
    if (kind === 'what-ifs') {
      if (method === 'POST' && !id) {
        const made = `w000000000000${(world.made = (world.made ?? 0) + 1)}`;
        world.whatIfs.set(made, { state: 'running', seen: 0, change: summary(body.change), at: now });
        return ok({ id: made, state: 'running', progress: { done: 0, of: 20_000 } }, 202);
      }
      if (method === 'DELETE') {
        // The server forgets it.
        world.whatIfs.delete(id);
        return { status: 204 };
      }
      return whatIf(id);
    }
    if (kind === 'proposals') {
      const all = proposals(now);
      if (method === 'POST' && !id) {
        const w = world.whatIfs.get(body.what_if);
        const applied = world.share < 1;
        const made = proposal(`n000000000001${all.length}`, w.change, applied ? 'applied' : 'waiting', now, {
          mine: true, reason: body.reason, proposed_at: iso(now), decided_at: applied ? iso(now) : null,
          what_if: { result: result(now, world.share / 5.77), share: share(world.share), made_at: iso(now), differences: [] },
        });
        all.unshift(made);
        if (applied) world.recolouring = 3;
        return ok(made, 201);
      }
      const found = all.find((x) => x.id === id);
      if (!id) return ok({ proposals: all });
      if (!found) return problem(404, 'proposal.not_found', 'There is no such proposal.');
      return action ? decide(found, action, body, now) : ok({ ...found, change: found.change.kind === 'policy' ? { ...found.change, text: TEXT } : found.change });
    }
    return undefined;
  };
}

/** What `GET /v1/policy` gives. */
export const policyText = TEXT;
