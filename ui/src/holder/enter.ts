/** The two ways to ask for a one-time code; also used to ask for another one. */
import { api, ApiError } from '../shared/api';
import { lang } from '../shared/i18n';
import type { ChallengeSent, PersonInput, RegistrationInput, SignInInput, WorkProof } from '../shared/openapi';
import { draft } from './draft.svelte';

/** The document in the draft. */
function typedDocument(): RegistrationInput['document'] {
  const r = draft.registration;
  const foreign = r.docType === 'passport' || r.docType === 'other';
  return foreign && r.byMrz
    ? { type: r.docType, mrz: r.mrz }
    : foreign
      ? { type: r.docType, number: r.number, country: r.country }
      : { type: r.docType, number: r.number };
}

/** The body of `POST /v1/me/people` for what was typed. */
function personBody(): PersonInput {
  const r = draft.registration;
  return { name: r.name, document: typedDocument(), nationality: r.nationality, home_division: r.home, born: r.born, language: lang() };
}

/** The body of `POST /v1/registrations` for what was typed. */
export function registrationBody(): RegistrationInput {
  const r = draft.registration;
  const document = typedDocument();
  return {
    name: r.name,
    document,
    nationality: r.nationality,
    phone: r.phone,
    phone_country: r.phoneCountry,
    home_division: r.home,
    language: lang(),
  };
}

/** One request; if the server asks for a calculation first, it is made and the request sent again. */
async function ask(path: '/v1/registrations' | '/v1/sessions', body: RegistrationInput | SignInInput): Promise<ChallengeSent> {
  for (let proof: WorkProof | null = null, left = 2; ; left--) {
    try {
      return await api.post(path, proof ? { ...body, proof } : body);
    } catch (e) {
      const puzzle = e instanceof ApiError && e.code === 'otp.work_needed' ? e.problem.puzzle : null;
      if (!puzzle || left === 0) throw e;
      proof = await (await import('./work')).solve(puzzle);
    }
  }
}

function asked(): Promise<ChallengeSent> {
  if (draft.step === 'register') return ask('/v1/registrations', registrationBody());
  if (draft.step === 'person') return api.post('/v1/me/people', personBody());
  if (draft.step === 'phone') return api.post('/v1/me/phone', { phone: draft.phone });
  if (draft.step === 'join') return api.post('/v1/me/records', { document: typedDocument() });
  return ask('/v1/sessions', { phone: draft.phone, phone_country: draft.phoneCountry, language: lang() });
}

/** Asks for a code for what is in the draft. */
export async function askForCode(): Promise<void> {
  draft.challenge = await asked();
  draft.save();
}

/** Answers with the code and, where it is asked for, the end of a document. */
export async function answerWith(challenge: string, code: string, document_end: string): Promise<void> {
  if (draft.step === 'person') await api.post('/v1/me/people/confirm', { challenge, code, document_end });
  else if (draft.step === 'phone') await api.post('/v1/me/phone/confirm', { challenge, code, document_end });
  else if (draft.step === 'join') await api.post('/v1/me/records/confirm', { challenge, code, document_end });
  else await api.post(`/v1/challenges/${encodeURIComponent(challenge)}/answer`, { code, document_end });
}
