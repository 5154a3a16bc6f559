/** A trace of many cases as the server tells it. */
import type { JobContact, TraceJobView as TraceJob } from '../../shared/openapi';

export type { JobContact, TraceJob };

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
