/** Order of a trace's contacts. */
import type { ContactRow } from './types';

export type SortKey = 'likelihood' | 'degree' | 'minutes' | 'last_contact';

/** Of a hundred such pairs so many met; below all others where nobody asked. */
const likely = (c: ContactRow): number => c.together?.percent ?? -1;

/** The likeliest first, if the trace says how likely anybody met the case; else most minutes first. */
export const usual = (rows: readonly ContactRow[]): SortKey => (rows.some((c) => c.together) ? 'likelihood' : 'minutes');

/** Of the likeliest so many, how many met the case, about. */
export function firstMet(rows: readonly ContactRow[], first: number): { of: number; met: number } {
  const all = rows.filter((c) => c.together).map(likely);
  const some = all.sort((a, b) => b - a).slice(0, first);
  return { of: some.length, met: Math.round(some.reduce((sum, percent) => sum + percent, 0) / 100) };
}

/** A sorted copy; equal ones stay in the order of their ids, so that the table does not jump. */
export function sorted(rows: readonly ContactRow[], key: SortKey, down: boolean): ContactRow[] {
  const sign = down ? -1 : 1;
  const order = (a: ContactRow, b: ContactRow): number => {
    if (key === 'likelihood') return likely(a) - likely(b) || a.minutes - b.minutes;
    if (key === 'minutes') return a.minutes - b.minutes;
    const [x, y] = key === 'degree' ? [a.degree, b.degree] : [a.last_contact, b.last_contact];
    return x < y ? -1 : x > y ? 1 : 0;
  };
  return [...rows].sort((a, b) => sign * order(a, b) || (a.holder < b.holder ? -1 : 1));
}
