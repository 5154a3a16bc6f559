// A stand-in for the server, for pictures of the public page: made-up numbers by the contract.
import { csp, iso, problem, serve } from './serve.mjs';

const DAY = 86_400_000;
const POLICY = (version) => ({ id: 'three-colour', version, digest: `001122334455667${version}` });
const TEXTS = { en: 'Three colours', zh: '三色健康码' };

/** @type {[string, string, string, number][]} */
const PROVINCES = [
  ['CN-11', '北京市', 'Beijing', 21_540_112],
  ['CN-31', '上海市', 'Shanghai', 24_870_903],
  ['CN-33', '浙江省', 'Zhejiang', 64_567_588],
  ['CN-42', '湖北省', 'Hubei', 57_752_557],
  ['CN-54', '西藏自治区', 'Tibet', 3_648_100],
];

/**
 * @param {number} now
 * @param {number} ago Days before today.
 * @returns {import('../src/shared/openapi').DayNumbers}
 */
function day(now, ago) {
  const at = Math.floor(now / DAY) * DAY - ago * DAY + 12_000;
  const wave = Math.round(9_000 * Math.exp(-((ago - 9) ** 2) / 40));
  return {
    at: iso(at),
    epsilon: ago % 7 === 2 ? 0.571 : 0.071,
    colours: {
      accuracy: 42,
      divisions: [
        ...PROVINCES.map(([division, name, name_en, people], n) => ({ division, name, name_en, green: people, yellow: n === 4 ? null : Math.round(wave / (n + 1)), red: n > 2 ? null : Math.round(wave / (n + 6)) })),
        { division: null, name: '', name_en: null, green: 812, yellow: null, red: null },
      ],
    },
    week:
      ago % 7 === 2
        ? {
            from: iso(at - 12_000 - 7 * DAY),
            to: iso(at - 12_000),
            accuracy: 30,
            confined: 41_212,
            contacts: 30_518,
            infected: 604,
            wrong: [
              { cause: 'correction', under_a_day: 88, one_to_three_days: 412, four_to_seven_days: 35, longer: null },
              { cause: 'appeal', under_a_day: null, one_to_three_days: 61, four_to_seven_days: 102, longer: 9 },
              { cause: 'case', under_a_day: 512, one_to_three_days: 731, four_to_seven_days: null, longer: null },
            ],
            doors: [
              { place: 'shop', refused: 512, overridden: 40 },
              { place: 'hospital', refused: null, overridden: 214 },
              { place: 'bus', refused: 98, overridden: null },
              { place: 'worship', refused: null, overridden: null },
            ],
          }
        : null,
    log: {
      from: (27 - ago) * 1000,
      to: (28 - ago) * 1000,
      unknown: 0,
      looks: [
        { agency: 'a0000000000001', name: '玉关市防控组(示例)', purpose: 'contact_tracing', looks: 210 + ago },
        { agency: 'a0000000000001', name: '玉关市防控组(示例)', purpose: 'quarantine', looks: 44 },
        { agency: 'a0000000000003', name: '玉关市卫健委(示例)', purpose: 'holder_request', looks: 3 },
      ],
      withdrawals: [{ record: 'evidence', reason: 'sample_mixed_up', records: 12 }],
      purges: [{ what: 'visits_and_scans', rows: 1_204_000 }],
    },
  };
}


const limits = {
  second_officer_percent: 1,
  second_officer_people: 1000,
  waiting_above_per_hour: 100,
  waiting_above_per_staff_hour: 50,
  withdrawals_above_per_hour: 100,
  withdrawals_above_per_staff_hour: 50,
  waiting_hours: 24,
  proposal_hours: 24,
  identity_requests_per_day: 10,
  notice_delay_hours: 72,
  overturned_percent: 20,
  privacy_budget: 1,
};

/** `state.empty`: nothing was published yet; `state.broken`: the numbers cannot be read. */
export async function startPublicMock() {
  const state = { requests: /** @type {string[]} */ ([]), empty: false, broken: false };
  /** @type {import('./answers').Answers} */
  const answers = {
    'GET /v1/public/numbers': ({ now }) => {
      if (state.broken) return problem(503, 'store.unavailable', 'The service is busy.', { retry_after: 20 });
      const days = state.empty ? [] : Array.from({ length: 28 }, (_, ago) => day(now, ago));
      return { body: { privacy_budget: 1, least: 5, days, server_time: iso(now) } };
    },
    'GET /v1/public/policies': ({ now }) => ({
      body: {
        policies: [
          {
            policy: POLICY(2),
            title: TEXTS,
            authority: { en: 'Made-up commission', zh: '示例卫健委' },
            published_at: iso(now - 4 * DAY),
            by_agency: '玉关市卫健委(示例)',
            text_url: '/v1/policies/0011223344556672',
            differences: [
              { about: 'version', before: '1', after: '2' },
              { about: 'rule close-contact, phase 1, days', before: '7', after: '5' },
              { about: 'rule stay-medium', before: 'yellow for 7 days', after: null },
            ],
          },
          { policy: POLICY(1), title: TEXTS, authority: { en: 'Made-up commission', zh: '示例卫健委' }, published_at: iso(now - 60 * DAY), by_agency: null, text_url: '/v1/policies/0011223344556671', differences: null },
        ],
      },
    }),
    'GET /v1/mandate': ({ now }) => ({
      body: {
        state: 'in_force',
        at: iso(now + 120 * DAY),
        days_left: 120,
        forgets_at: null,
        forgotten_at: null,
        document: { version: 1, purpose: 'Control of one epidemic, and nothing else', authority: 'Made-up people’s government', region: 'CN', from: iso(now - 60 * DAY), to: iso(now + 120 * DAY), limits },
        next: null,
        authority_key: 'trial.invalid/mandate+0f0f0f0f+AQ==',
        steps: [],
        server_time: iso(now),
      },
    }),
    'GET /v1/regions': ({ now }) => ({
      body: {
        risks: state.empty
          ? []
          : [{ id: 'e0000000000001', division: 'CN-310115', name: '上海市 浦东新区', level: 'high', from: iso(now - 5 * DAY), to: null, recorded_at: iso(now - 5 * DAY), by: null, in_force: true }],
      },
    }),
    'GET /v1/public/appeals': ({ now }) => ({
      body: {
        from: iso(now - 90 * DAY),
        to: iso(now),
        total: { lodged: 812, decided: 790, overturned: 305, lapsed: 12, median_hours: 9, p90_hours: 31 },
        divisions: [],
        rules: [],
      },
    }),
    'GET /v1/divisions': () => ({ body: { parent: 'CN', children: [], results: [] } }),
  };
  return serve({ state, answers, before: () => null, policy: () => csp() });
}
