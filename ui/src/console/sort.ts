/** Order of a trace's contacts. */
import type { ContactRow } from './types';

export type SortKey = 'degree' | 'minutes' | 'last_contact';

/** A sorted copy; equal ones stay in the order of their ids, so that the table does not jump. */
export function sorted(rows: readonly ContactRow[], key: SortKey, down: boolean): ContactRow[] {
  const sign = down ? -1 : 1;
  const order = (a: ContactRow, b: ContactRow): number => {
    if (key === 'minutes') return a.minutes - b.minutes;
    const [x, y] = key === 'degree' ? [a.degree, b.degree] : [a.last_contact, b.last_contact];
    return x < y ? -1 : x > y ? 1 : 0;
  };
  return [...rows].sort((a, b) => sign * order(a, b) || (a.holder < b.holder ? -1 : 1));
}
