/**
 * Moments typed into forms: `2022-03-01T08:30` in the deployment's zone (the one of `shared/time`,
 * which has had no daylight saving since 1991).
 */
import { ZONE } from '../shared/time';

const OFFSET_MINUTES = 8 * 60;

/** A form's value as RFC 3339 in UTC; empty or unreadable is `null`. */
export function toMoment(local: string): string | null {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?$/.test(local)) return null;
  const at = Date.parse(`${local}Z`) - OFFSET_MINUTES * 60_000;
  return Number.isFinite(at) ? new Date(at).toISOString().replace('.000Z', 'Z') : null;
}

/** A moment as a form's value, to the minute. */
export function toLocal(at: number | string): string {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone: ZONE,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(new Date(at));
  const get = (type: string) => parts.find((p) => p.type === type)?.value ?? '';
  return `${get('year')}-${get('month')}-${get('day')}T${get('hour')}:${get('minute')}`;
}
