/** Somebody at the counter, as read from a document or typed. */
import { nameOk, phoneOk } from '../../shared/document';
import type { CounterInput, DocumentReading } from '../../shared/openapi';
import { t } from '../text';
import { documentBody, emptyWhom, whomProblems, type WhomDraft } from '../whom';

export interface PersonDraft {
  whom: WhomDraft;
  name: string;
  nationality: string;
  born: string;
  phone: string;
  home: string;
  language: 'zh' | 'en';
}

export const emptyPerson = (home: string): PersonDraft => ({
  whom: emptyWhom(),
  name: '',
  nationality: '',
  born: '',
  phone: '',
  home,
  language: 'zh',
});

/** The document of a reading, as forms hold it. */
export function whomOf(reading: DocumentReading): WhomDraft {
  const d = reading.document;
  return d ? { ...emptyWhom(), type: d.type, number: d.number, country: d.country } : emptyWhom();
}

/** What a reading says of a person. */
export function personOf(reading: DocumentReading, home: string): PersonDraft {
  const nationality = reading.nationality ?? '';
  return {
    ...emptyPerson(home),
    whom: whomOf(reading),
    name: reading.name ?? '',
    nationality,
    born: reading.birth_date ?? '',
    language: nationality === 'CN' ? 'zh' : 'en',
  };
}

/** As the API wants it. What the number says of the day of birth the server takes from there. */
export function personBody(p: PersonDraft, carer: WhomDraft | null): CounterInput {
  return {
    name: p.name,
    document: documentBody(p.whom),
    nationality: p.nationality,
    home_division: p.home,
    language: p.language,
    born: p.born.trim(),
    ...(p.phone.trim() === '' ? {} : { phone: p.phone }),
    ...(carer ? { carer: documentBody(carer) } : {}),
  };
}

/** What is wrong with it, by field. */
export function personProblems(p: PersonDraft, now: number): Record<string, string | false> {
  return {
    ...whomProblems(p.whom, now),
    name: !nameOk(p.name) && t().counter.nameBad,
    nationality: p.nationality === '' && t().whom.choose,
    born: p.born.trim() !== '' && !/^\d{4}-\d\d-\d\d$/.test(p.born.trim()) && t().counter.bornBad,
    phone: p.phone.trim() !== '' && !phoneOk(p.phone) && t().whom.phoneBad,
    home_division: p.home === '' && t().whom.choose,
  };
}
