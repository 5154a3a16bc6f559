/** The two ways to ask for a one-time code; also used to ask for another one. */
import { api, ApiError } from '../shared/api';
import { lang } from '../shared/i18n';
import type { ChallengeSent, RegistrationInput, SignInInput, WorkProof } from '../shared/openapi';
import { draft } from './draft.svelte';

/** The body of `POST /v1/registrations` for what was typed. */
export function registrationBody(): RegistrationInput {
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

/** Asks for a code for the registration or sign-in in the draft. */
export async function askForCode(): Promise<void> {
  draft.challenge =
    draft.step === 'register'
      ? await ask('/v1/registrations', registrationBody())
      : await ask('/v1/sessions', { phone: draft.phone, language: lang() });
  draft.save();
}
