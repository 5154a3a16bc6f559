// Traces of many cases as the mock server tells them: each look at a running job moves it on. The
// event stream ends after each event, so that the browser has to take it up again.
import { iso, ok, problem } from './serve.mjs';

export function traceJobs(hid) {
  let job = null;
  const row = (now) => (_, i) => ({
    case: `c000000000000${1 + (i % 3)}`,
    holder: hid(i + 40),
    degree: i % 3 === 2 ? 'secondary' : 'close',
    minutes_lower: 240 - i,
    minutes_upper: 240 - i + (i % 4) * 5,
    last_contact: iso(now - (i + 1) * 3600_000),
    certainty: ['recorded', 'assumed'][i % 2],
    place_kind: ['market', 'school', 'restaurant'][i % 3],
    via: null,
    colour: i % 5 === 4 ? null : 'green',
  });
  return function answer(method, path, query, body, now) {
    if (!path.startsWith('trace-jobs')) return null;
    const [, id, part] = path.split('/');
    if (id === undefined) {
      if (method === 'GET') return ok({ jobs: job ? [job] : [] });
      job = {
        job: 'j0000000000001', state: 'waiting', cases: 40, done: 0, contacts: 0, hops: body.hops ?? 2, record: body.record ?? false,
        contacts_recorded: 0, contacts_withdrawn: 0, started_at: iso(now), expires_at: null, problem: null,
      };
      return ok(job, 202);
    }
    if (job === null) return problem(404, 'trace_job.not_found', 'There is no such job of yours.');
    if (method === 'DELETE') {
      job = job.state === 'running' || job.state === 'waiting' ? { ...job, state: 'cancelled', expires_at: iso(now + 3600_000) } : null;
      return { status: 204 };
    }
    if (part === 'contacts') {
      const after = Number(query.get('after') ?? 0);
      const all = Array.from({ length: 130 }, row(now));
      if (query.get('sort') === 'case') all.sort((a, b) => (a.case + a.holder < b.case + b.holder ? -1 : 1));
      const contacts = all.slice(after, after + Number(query.get('limit')));
      return ok({ contacts, total: all.length, next: after + contacts.length < all.length ? after + contacts.length : null });
    }
    if (job.state === 'waiting') job = { ...job, state: 'running', done: 17, contacts: 55 };
    else if (job.state === 'running' && job.done < 30) job = { ...job, done: job.done + 7, contacts: job.contacts + 25 };
    else if (job.state === 'running') job = { ...job, state: 'done', done: 40, contacts: 130, expires_at: iso(now + 3600_000) };
    if (part !== 'events') return ok(job);
    return { status: 200, type: 'text/event-stream', text: `retry: 1500\nevent: progress\ndata: ${JSON.stringify(job)}\n\n` };
  };
}
