// Traces of many cases as the mock server tells them: each look at a running job moves it on. The
// event stream ends after each event, so that the browser has to take it up again.
import { iso, problem } from './serve.mjs';

/** @typedef {import('../src/shared/openapi').TraceJobView} Job */

/** @returns {import('./answers').Answers} */
export function traceJobs(hid) {
  let job = /** @type {Job | null} */ (null);
  const none = () => problem(404, 'trace_job.not_found', 'There is no such job of yours.');
  /** @returns {(_: unknown, i: number) => import('../src/shared/openapi').JobContact} */
  const row = (now) => (_, i) => ({
    case: `c000000000000${1 + (i % 3)}`,
    holder: hid(i + 40),
    degree: i % 3 === 2 ? 'secondary' : 'close',
    minutes_lower: 240 - i,
    minutes_upper: 240 - i + (i % 4) * 5,
    last_contact: iso(now - (i + 1) * 3600_000),
    certainty: i % 2 === 0 ? 'recorded' : 'assumed',
    likelihood: 5 + ((i * 37) % 90),
    place_kind: /** @type {const} */ (['market', 'school', 'restaurant'])[i % 3] ?? 'other',
    via: null,
    colour: i % 5 === 4 ? null : 'green',
  });
  /** A look moves it on. */
  const look = (now) => {
    if (job?.state === 'waiting') job = { ...job, state: 'running', done: 17, contacts: 55 };
    else if (job?.state === 'running' && job.done < 30) job = { ...job, done: job.done + 7, contacts: job.contacts + 25 };
    else if (job?.state === 'running') job = { ...job, state: 'done', done: 40, contacts: 130, expires_at: iso(now + 3600_000) };
    return job;
  };
  return {
    'GET /v1/staff/trace-jobs': () => ({ body: { jobs: job ? [job] : [] } }),
    'POST /v1/staff/trace-jobs': ({ body, now }) => {
      job = {
        job: 'j0000000000001', state: 'waiting', cases: 40, done: 0, contacts: 0, hops: body.hops ?? 2, record: body.record ?? false,
        contacts_recorded: 0, contacts_withdrawn: 0, started_at: iso(now), expires_at: null, problem: null,
      };
      return { status: 202, body: job };
    },
    'DELETE /v1/staff/trace-jobs/{id}': ({ now }) => {
      if (job === null) return none();
      job = job.state === 'running' || job.state === 'waiting' ? { ...job, state: 'cancelled', expires_at: iso(now + 3600_000) } : null;
      return { status: 204 };
    },
    'GET /v1/staff/trace-jobs/{id}/contacts': ({ query, now }) => {
      if (job === null) return none();
      const after = Number(query.get('after') ?? 0);
      const all = Array.from({ length: 130 }, row(now));
      if (query.get('sort') === 'case') all.sort((a, b) => (a.case + a.holder < b.case + b.holder ? -1 : 1));
      const contacts = all.slice(after, after + Number(query.get('limit')));
      return { body: { contacts, total: all.length, next: after + contacts.length < all.length ? after + contacts.length : null } };
    },
    'GET /v1/staff/trace-jobs/{id}': ({ now }) => {
      const said = look(now);
      return said ? { body: said } : none();
    },
    'GET /v1/staff/trace-jobs/{id}/events': ({ now }) => {
      const said = look(now);
      return said ? events(said) : none();
    },
  };
}

/**
 * The document says what an event holds; on the wire it is text.
 * @param {Job} job
 */
const events = (job) => {
  const text = /** @type {unknown} */ (`retry: 1500\nevent: progress\ndata: ${JSON.stringify(job)}\n\n`);
  return { type: /** @type {const} */ ('text/event-stream'), body: /** @type {Job} */ (text) };
};
