/** From what the server tells to what the page shows; no text, no network. */
import type { AppealCell, DayNumbers, DivisionColours, LogNumbers, WeekNumbers } from '../shared/openapi';

/** A count, or `null` where fewer than the least number were told. */
export type Told = number | null;

/** Yellow and red together; `null` if both are few. Few counts as none, which is at most four too low. */
export function notGreen(d: Pick<DivisionColours, 'yellow' | 'red'> | undefined): Told {
  if (!d || (d.yellow === null && d.red === null)) return null;
  return (d.yellow ?? 0) + (d.red ?? 0);
}

/** Who is not green in one division, day by day, oldest first. */
export function overDays(days: readonly DayNumbers[], division: string | null): { at: string; people: Told }[] {
  const of = (d: DayNumbers) => d.colours.divisions.find((row) => row.division === division);
  return days.map((d) => ({ at: d.at, people: notGreen(of(d)) })).reverse();
}

/** The newest week that was told. */
export const lastWeek = (days: readonly DayNumbers[]): WeekNumbers | null => days.find((d) => d.week !== null)?.week ?? null;

/** How many were confined for each contact who turned out to be infected; `null` where that says nothing. */
export function perInfected(week: WeekNumbers): number | null {
  const { confined, infected } = week;
  return confined === null || infected === null || infected <= week.accuracy ? null : confined / infected;
}

/** The kinds of place at which at least five people were turned away or let in against the code. */
export const busyDoors = (week: WeekNumbers) => week.doors.filter((d) => d.refused !== null || d.overridden !== null);

/** Several stretches of the log as one, each sum by its words, the largest first. */
export function together(days: readonly DayNumbers[]): LogNumbers & { since: string | null } {
  const sum = <T>(rows: readonly T[], key: (row: T) => string, count: (row: T) => number, put: (row: T, n: number) => T): T[] => {
    const all = new Map<string, T>();
    for (const row of rows) {
      const before = all.get(key(row));
      all.set(key(row), put(row, count(row) + (before ? count(before) : 0)));
    }
    return [...all.values()].sort((a, b) => count(b) - count(a));
  };
  const logs = days.map((d) => d.log);
  return {
    since: days.at(-1)?.at ?? null,
    from: Math.min(...logs.map((l) => l.from), Number.MAX_SAFE_INTEGER),
    to: Math.max(...logs.map((l) => l.to), 0),
    unknown: logs.reduce((n, l) => n + l.unknown, 0),
    looks: sum(logs.flatMap((l) => l.looks), (r) => `${r.agency} ${r.purpose}`, (r) => r.looks, (r, looks) => ({ ...r, looks })),
    withdrawals: sum(logs.flatMap((l) => l.withdrawals), (r) => `${r.record} ${r.reason}`, (r) => r.records, (r, records) => ({ ...r, records })),
    purges: sum(logs.flatMap((l) => l.purges), (r) => r.what, (r) => r.rows, (r, rows) => ({ ...r, rows })),
  };
}

/** A bar's height in a chart so many units high, whose highest bar fills it. */
export function heights(values: readonly Told[], high: number): number[] {
  const most = Math.max(1, ...values.map((v) => v ?? 0));
  return values.map((v) => Math.round(((v ?? 0) / most) * high * 10) / 10);
}

/** Are there appeals of which anything is told? */
export const toldOf = (cell: AppealCell): boolean => cell.lodged !== null;
