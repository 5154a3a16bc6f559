/** Declarations as the API tells them and as the form holds them. */
import { addDays, localDay } from '../shared/time';

export interface Stay {
  division: string;
  /** First and last local day there, `2022-03-01`. */
  from: string;
  to: string;
}

export interface Declared {
  id: string;
  recorded_at: string;
  replaced: boolean;
  temperature: number | null;
  symptoms: string[];
  contact: boolean;
  stays: Stay[];
}

type Obj = Record<string, unknown>;
const obj = (v: unknown): Obj => (typeof v === 'object' && v !== null ? (v as Obj) : {});

/** A declared day: a local date as sent, or the moments it became (the end is the moment after). */
function day(value: unknown, end: boolean): string {
  const text = typeof value === 'string' ? value : '';
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return text;
  const at = Date.parse(text);
  return Number.isFinite(at) ? localDay(end ? at - 1000 : at) : '';
}

/** Reads one version; `null` if there is none. What it says is in `fact`, as in any evidence. */
export function readDeclared(value: unknown): Declared | null {
  const v = obj(value);
  if (typeof v['id'] !== 'string') return null;
  const fact = 'fact' in v ? obj(v['fact']) : v;
  return {
    id: v['id'],
    recorded_at: String(v['recorded_at'] ?? ''),
    replaced: v['superseded_by'] != null,
    temperature: typeof fact['temperature'] === 'number' ? fact['temperature'] : null,
    symptoms: Array.isArray(fact['symptoms']) ? fact['symptoms'].map(String) : [],
    contact: fact['contact_with_case'] === true,
    stays: (Array.isArray(fact['stays']) ? fact['stays'] : []).map((s) => ({
      division: String(obj(s)['division'] ?? ''),
      from: day(obj(s)['from'], false),
      to: day(obj(s)['to'], true),
    })),
  };
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
