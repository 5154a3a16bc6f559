/** Whom a form is about, as typed. */
import { compactNumber, otherNumberProblem, phoneOk, residentIdProblem } from '../shared/document';
import type { DocumentInput, DocumentType } from '../shared/openapi';
import { forms, t } from './text';
import type { Whom } from './types';

export interface WhomDraft {
  /** By tube: nobody is named, and the sample's reference says whose it will be. */
  by: 'document' | 'phone' | 'holder' | 'tube';
  type: DocumentType;
  number: string;
  country: string;
  phone: string;
  /** Handed over from a list. */
  holder: string;
}

export const emptyWhom = (): WhomDraft => ({
  by: 'document',
  type: 'resident_id',
  number: '',
  country: '',
  phone: '',
  holder: '',
});

/** Document types whose issuing country must be named; the others are China's. */
export const needsCountry = (type: DocumentType): boolean => type === 'passport' || type === 'other';

/** As the API wants it. */
export function whomBody(w: WhomDraft): Whom {
  if (w.by === 'holder') return { holder: w.holder };
  if (w.by === 'phone') return { phone: w.phone };
  if (w.by === 'tube') return {};
  return { document: documentBody(w) };
}

export function documentBody(w: WhomDraft): DocumentInput {
  const document = { type: w.type, number: compactNumber(w.number) };
  return needsCountry(w.type) ? { ...document, country: w.country } : document;
}

/** What is wrong with it, by field; typing mistakes are caught before anything is looked up. */
export function whomProblems(w: WhomDraft, now: number): Record<string, string> {
  if (w.by === 'holder' || w.by === 'tube') return {};
  if (w.by === 'phone') return !phoneOk(w.phone) ? { phone: t().whom.phoneBad } : {};
  const problem = w.type === 'resident_id' ? residentIdProblem(w.number, now) : otherNumberProblem(w.number);
  const out: Record<string, string> = {};
  if (problem !== null) out['document.number'] = forms().problems[problem];
  if (needsCountry(w.type) && w.country === '') out['document.country'] = t().whom.needed;
  return out;
}
