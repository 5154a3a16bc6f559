/** Declarations as the API tells them and as the form holds them. */
import type { Evidence, Fact, StayInput, Symptom } from '../shared/openapi';
import { addDays, localDay } from '../shared/time';

/** A stay as it is typed and sent: first and last local day there, `2022-03-01`. */
export type Stay = StayInput;

/** What somebody said of their health. */
export interface Health {
  temperature: number | null;
  symptoms: Symptom[];
  contact: boolean;
  stays: Stay[];
}

export interface Declared extends Health {
  id: string;
  recorded_at: string;
  replaced: boolean;
}

/** The local day of a moment; an end is the moment after the last day. */
const day = (moment: string, end: boolean): string => localDay(Date.parse(moment) - (end ? 1000 : 0));

/** A declaration or check-in in whole days. */
export function readHealth(fact: Extract<Fact, { kind: 'declaration' | 'check_in' }>): Health {
  const declared = fact.kind === 'declaration';
  return {
    temperature: fact.temperature,
    symptoms: fact.symptoms,
    contact: declared && fact.contact_with_case,
    stays: declared ? fact.stays.map((s) => ({ division: s.division, from: day(s.from, false), to: day(s.to, true) })) : [],
  };
}

/** Reads one version; `null` if there is none. */
export function readDeclared(e: Pick<Evidence, 'id' | 'recorded_at' | 'superseded_by' | 'fact'> | null): Declared | null {
  if (e?.fact.kind !== 'declaration') return null;
  return { id: e.id, recorded_at: e.recorded_at, replaced: e.superseded_by !== null, ...readHealth(e.fact) };
}

export type StayProblem = 'division' | 'dates' | 'backwards' | 'window';

/** What is wrong with one stay, told on `today` (local date); `null` if nothing. */
export function stayProblem(stay: Stay, today: string): StayProblem | null {
  if (stay.division === '') return 'division';
  if (!/^\d{4}-\d{2}-\d{2}$/.test(stay.from) || !/^\d{4}-\d{2}-\d{2}$/.test(stay.to)) return 'dates';
  if (stay.to < stay.from) return 'backwards';
  return stay.from < firstDay(today) || stay.to > today ? 'window' : null;
}

/** The earliest day that a declaration made on `today` covers. */
export const firstDay = (today: string): string => addDays(today, -14);
