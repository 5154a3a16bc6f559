/**
 * What a piece of evidence says, in one line: to whoever it is about, and to staff. A kind of evidence
 * is said here and nowhere else. Whatever a field holds, it is only ever text.
 */
import { dictionary, type Lang } from './i18n';
import type { Fact } from './openapi';
import { formatDay, formatMoment } from './time';
import { en as formsEn } from './texts/forms.en';
import { zh as formsZh } from './texts/forms.zh';
import { en } from './texts/records.en';
import { zh } from './texts/records.zh';

type FactOf<K extends Fact['kind']> = Extract<Fact, { kind: K }>;
type Health = FactOf<'declaration' | 'check_in'>;
type Words = Readonly<Record<string, string>>;

/** How staff are told what needs more than a word. */
export interface StaffWords {
  symptoms: (list: string) => string;
  noSymptoms: string;
  temperature: (celsius: string) => string;
  contact: string;
  contactLine: (degree: string, minutes: number, place: string, certainty: string) => string;
  period: (from: string, to: string) => string;
  from: (place: string) => string;
  at: (what: string, when: string) => string;
}

const records = dictionary({ zh, en });
const forms = dictionary({ zh: formsZh, en: formsEn });

/** The document promises what is there; a record that breaks the promise must not break the list. */
const text = (v: unknown): string => (typeof v === 'string' || typeof v === 'number' ? String(v) : '');

/** A stable word of the server in the reader's language; the word itself if it is new. */
const word = (names: Words, key: unknown): string => (Object.hasOwn(names, text(key)) ? names[text(key)] : undefined) ?? text(key);

/** A line with the word for a field before it, if the record has that field. */
const known = (names: Words, value: unknown, line: string): string => (value === undefined ? line : `${word(names, value)} · ${line}`);

const symptoms = (fact: Health, lang: Lang): string =>
  (Array.isArray(fact.symptoms) ? fact.symptoms : []).map((s) => word(forms().symptom, s)).join(lang === 'zh' ? '、' : ', ');

/** What speaks for having met, without naming the other; nothing where only minutes were judged. */
function together(said: FactOf<'contact'>['together'], lang: Lang): string {
  if (!said?.apart) return '';
  return `${lang === 'zh' ? '。' : '. '}${records().evidence.togetherLine(said.apart.arrival, said.apart.leaving, said.percent)}`;
}

/** A fact as its holder is told it; the division of {@link divisionOf} follows it by name. */
export function ownLine(fact: Fact, lang: Lang): string {
  const e = records().evidence;
  const at = (v: unknown): string => formatMoment(lang, text(v));
  switch (fact.kind) {
    case 'test':
      return e.testLine(word(e.method, fact.method), word(e.result, fact.result), at(fact.sampled_at));
    case 'case':
      return e.caseLine(word(e.class, fact.class), at(fact.confirmed_at));
    case 'contact':
      return `${e.contactLine(word(e.degree, fact.degree), word(records().place, fact.place_kind), Number(fact.minutes ?? 0), at(fact.last_contact))} (${word(e.certainty, fact.certainty)})${together(fact.together, lang)}`;
    case 'stay':
      return e.stayLine(at(fact.from), at(fact.to));
    case 'arrival':
      return known(e.purpose, fact.purpose, e.arrivalLine(at(fact.arrived_at)));
    case 'release':
      return known(e.paper, fact.paper, e.releaseLine(at(fact.released_at)));
    case 'dispute':
      return e.disputeLine;
    case 'appeal':
      return e.appealLine;
    case 'appeal_decision':
      return word(e.outcome, fact.outcome);
    case 'region_risk':
      return word(e.level, fact.level);
    case 'declaration':
    case 'check_in':
      return ownHealth(fact, lang);
    default:
      // A kind that this page does not know yet.
      return text((fact satisfies never as Fact).kind);
  }
}

function ownHealth(fact: Health, lang: Lang): string {
  const e = records().evidence;
  const said = symptoms(fact, lang);
  const parts = [
    typeof fact.temperature === 'number' ? e.temperature(fact.temperature.toFixed(1)) : '',
    said === '' ? e.noSymptoms : e.symptoms(said),
    fact.kind === 'declaration' && fact.contact_with_case ? e.contactYes : '',
  ];
  return parts.filter(Boolean).join(lang === 'zh' ? ';' : '; ');
}

/** The division that a fact is about, by its code; empty if it is about none. */
export function divisionOf(fact: Fact): string {
  if (fact.kind === 'stay' || fact.kind === 'region_risk') return text(fact.division);
  return fact.kind === 'arrival' ? text(fact.from) : '';
}

/** A fact as staff are told it. */
export function staffLine(fact: Fact, lang: Lang, f: StaffWords): string {
  const e = records().evidence;
  const at = (v: unknown): string => formatMoment(lang, text(v));
  switch (fact.kind) {
    case 'test':
      return f.at(`${word(e.method, fact.method)} ${word(e.result, fact.result)}`, at(fact.sampled_at));
    case 'case':
      return `${f.at(word(e.class, fact.class), at(fact.confirmed_at))} · ${text(fact.case)}`;
    case 'contact':
      return `${f.contactLine(word(e.degree, fact.degree), Number(fact.minutes ?? 0), word(records().place, fact.place_kind), word(e.certainty, fact.certainty))} · ${text(fact.case)}`;
    case 'stay':
      return `${text(fact.division)}: ${f.period(at(fact.from), at(fact.to))}`;
    case 'region_risk':
      return `${text(fact.division)}: ${word(e.level, fact.level)}`;
    case 'declaration':
    case 'check_in':
      return staffHealth(fact, lang, f);
    case 'arrival':
      return known(e.purpose, fact.purpose, f.at(f.from(text(fact.from)), at(fact.arrived_at)));
    case 'release':
      return known(e.paper, fact.paper, at(fact.released_at));
    case 'dispute':
      return text(fact.disputes);
    case 'appeal':
      return text(fact.contests);
    case 'appeal_decision':
      return `${word(e.outcome, fact.outcome)} · ${text(fact.appeal)}`;
    default:
      // A kind that this page does not know yet.
      return text((fact satisfies never as Fact).kind);
  }
}

function staffHealth(fact: Health, lang: Lang, f: StaffWords): string {
  const said = symptoms(fact, lang);
  const parts = [said === '' ? f.noSymptoms : f.symptoms(said)];
  if (typeof fact.temperature === 'number') parts.push(f.temperature(fact.temperature.toFixed(1)));
  if (fact.kind === 'declaration') {
    if (fact.contact_with_case) parts.push(f.contact);
    for (const s of Array.isArray(fact.stays) ? fact.stays : []) {
      parts.push(`${text(s.division)} ${f.period(formatDay(lang, text(s.from)), formatDay(lang, text(s.to)))}`);
    }
  }
  return parts.join(lang === 'zh' ? '，' : ', ');
}
