/** A trace of many cases as the server tells it. */
import type { Colour } from '../../shared/colour';
import type { Moment } from '../../shared/types';

export interface TraceJob {
  job: string;
  state: 'waiting' | 'running' | 'done' | 'cancelled' | 'failed';
  cases: number;
  done: number;
  contacts: number;
  hops: number;
  record: boolean;
  contacts_recorded: number;
  contacts_withdrawn: number;
  started_at: Moment;
  expires_at: Moment | null;
  problem: string | null;
}

export interface JobContact {
  case: string;
  holder: string;
  degree: string;
  minutes_lower: number;
  minutes_upper: number;
  last_contact: Moment;
  certainty: string;
  place_kind: string;
  via: string | null;
  colour: Colour | null;
}

export interface JobPage {
  contacts: JobContact[];
  total: number;
  next: number | null;
}

export const isOver = (job: TraceJob): boolean => job.state === 'done' || job.state === 'cancelled' || job.state === 'failed';

/** What an event said, or nothing if it is not about this job: no message may stop the page. */
export function readEvent(job: string, data: unknown): TraceJob | null {
  if (typeof data !== 'string') return null;
  try {
    const said = JSON.parse(data) as Partial<TraceJob> | null;
    return said?.job === job && typeof said.state === 'string' && typeof said.done === 'number' ? (said as TraceJob) : null;
  } catch {
    return null;
  }
}

/** Events may arrive out of order around a reconnection: progress is never shown to go back. */
export function newer(now: TraceJob | null, said: TraceJob): TraceJob {
  if (now === null || now.job !== said.job) return said;
  return isOver(now) || said.done < now.done ? (isOver(said) ? said : now) : said;
}
