/** Asks for what the look at the log needs, and loads what it is made with only then. */
import { api } from '../../shared/api';
import { clock } from '../../shared/time';
import type { Kept, Verdict } from './own';
import type { ReadFile } from './tree';

export interface Outcome {
  verdict: Verdict;
  /** For an auditor. */
  report: string;
  /** There are more records than were looked at. */
  more: boolean;
}

/** Each demo on one's own machine is another deployment under one address. The server is not asked about it. */
const own = ['localhost', '127.0.0.1'].includes(location.hostname);

/** The files of the log never change, so the browser keeps them. */
const read: ReadFile = async (path) => {
  const answer = await fetch(`/v1/log/${path}`, { cache: own ? 'no-store' : 'force-cache' });
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error(`http.${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
};

export async function checkOwnLog(): Promise<Outcome> {
  const { look, readKept, report, LOG_KEY } = await import('./own');
  // The records first: what is published afterwards reaches as far as they do, or nearly.
  const records = await api.get('/v1/me/log');
  const known = readKept(localStorage);
  const kept = own && known?.key !== records.log_key ? null : known;
  const [keys, checkpoint] = await Promise.all([api.get('/v1/keys'), api.get('/v1/log/checkpoint')]);
  const served = { records, checkpoint, witnesses: keys.witnesses, quorum: keys.witness_quorum };
  const verdict = await look(served, kept, read, clock.now());
  remember(LOG_KEY, verdict.keep);
  return { verdict, report: report(verdict, checkpoint, kept, new Date(clock.now()).toISOString()), more: records.more };
}

function remember(key: string, keep: Kept): void {
  try {
    localStorage.setItem(key, JSON.stringify(keep));
  } catch {
    // Without storage nothing is remembered, and a second log is not noticed.
  }
}
