/** The two ways to ask for a one-time code; also used to ask for another one. */
import { api } from '../shared/api';
import { lang } from '../shared/i18n';
import { draft, type Challenge } from './draft.svelte';

/** The body of `POST /v1/registrations` for what was typed. */
export function registrationBody(): Record<string, unknown> {
  const r = draft.registration;
  const passport = r.docType === 'passport';
  const document =
    passport && r.byMrz
      ? { type: r.docType, mrz: r.mrz }
      : passport || r.docType === 'other'
        ? { type: r.docType, number: r.number, country: r.country }
        : { type: r.docType, number: r.number };
  return {
    name: r.name,
    document,
    nationality: r.nationality,
    phone: r.phone,
    home_division: r.home,
    language: lang(),
  };
}

/** Asks for a code for the registration or sign-in in the draft. */
export async function askForCode(): Promise<void> {
  draft.challenge =
    draft.step === 'register'
      ? await api.post<Challenge>('/v1/registrations', registrationBody())
      : await api.post<Challenge>('/v1/sessions', { phone: draft.phone, language: lang() });
  draft.save();
}
