/** What a piece of evidence says, in one line. Whatever a field holds, it is only ever text. */
import type { Lang } from '../shared/i18n';
import type { Fact, ReleaseOf } from '../shared/openapi';
import { formatDay, formatMoment } from '../shared/time';
import { forms, records, t, word } from './text';

/** The document promises what is there; a record that breaks the promise must not break the list. */
const text = (v: unknown): string => (typeof v === 'string' ? v : '');

export function factLine(fact: Fact, lang: Lang): string {
  const f = t().fact;
  const r = records();
  const moment = (at: unknown) => formatMoment(lang, text(at));
  switch (fact.kind) {
    case 'test':
      return f.at(`${word(r.evidence.method, text(fact.method))} ${word(r.evidence.result, text(fact.result))}`, moment(fact.sampled_at));
    case 'case':
      return `${f.at(word(r.evidence.class, text(fact.class)), moment(fact.confirmed_at))} · ${text(fact.case)}`;
    case 'contact':
      return `${f.contactLine(
        word(r.evidence.degree, text(fact.degree)),
        Number(fact.minutes ?? 0),
        word(r.place, text(fact.place_kind)),
        word(r.evidence.certainty, text(fact.certainty)),
      )} · ${text(fact.case)}`;
    case 'stay':
      return `${text(fact.division)}: ${f.period(moment(fact.from), moment(fact.to))}`;
    case 'region_risk':
      return `${text(fact.division)}: ${word(r.evidence.level, text(fact.level))}`;
    case 'declaration':
    case 'check_in':
      return health(fact, lang);
    case 'arrival':
      return known(r.evidence.purpose, fact.purpose, f.at(f.from(text(fact.from)), moment(fact.arrived_at)));
    case 'release':
      return known(r.evidence.paper, fact.paper, moment(fact.released_at));
    case 'dispute':
      return text(fact.disputes);
    case 'appeal':
      return text(fact.contests);
    case 'appeal_decision':
      return `${word(r.evidence.outcome, text(fact.outcome))} · ${text(fact.appeal)}`;
    default:
      // A kind that this page does not know yet.
      return text((fact satisfies never as Fact).kind);
  }
}

/** A line with the word for a field before it, if the record has that field. */
const known = (words: Record<string, string>, value: unknown, line: string): string =>
  value === undefined ? line : `${word(words, text(value))} · ${line}`;

function health(fact: Extract<Fact, { kind: 'declaration' | 'check_in' }>, lang: Lang): string {
  const f = t().fact;
  const and = lang === 'zh' ? '，' : ', ';
  const symptoms = Array.isArray(fact.symptoms) ? fact.symptoms.map((s) => word(forms().symptom, text(s))) : [];
  const parts = [symptoms.length > 0 ? f.symptoms(symptoms.join(lang === 'zh' ? '、' : ', ')) : f.noSymptoms];
  if (typeof fact.temperature === 'number') parts.push(f.temperature(fact.temperature.toFixed(1)));
  if (fact.kind === 'declaration') {
    if (fact.contact_with_case) parts.push(f.contact);
    for (const s of Array.isArray(fact.stays) ? fact.stays : []) {
      parts.push(`${text(s.division)} ${f.period(formatDay(lang, text(s.from)), formatDay(lang, text(s.to)))}`);
    }
  }
  return parts.join(and);
}

/** The case or trace that a release of this piece would refer to. */
export function releaseOf(fact: Fact): ReleaseOf | null {
  if (fact.kind === 'case' && typeof fact.case === 'string') return { case: fact.case };
  if (fact.kind === 'contact' && typeof fact.trace === 'string') return { trace: fact.trace };
  return null;
}
