import type { Dict } from '../i18n';
import type { zh } from './common.zh';

export const en: Dict<typeof zh> = {
  appName: 'Jadegate',
  otherLanguage: '中文',
  switchLanguage: 'Switch to Chinese',
  green: { word: 'Green', meaning: 'Move freely' },
  yellow: { word: 'Yellow', meaning: 'Stay home' },
  red: { word: 'Red', meaning: 'Quarantine' },
  meaningDays: { yellow: (n) => `Stay home ${n} days`, red: (n) => `Quarantine ${n} days` },
  unknown: { word: 'Unknown', meaning: 'The colour cannot be read' },
  loading: 'Loading…',
  retry: 'Try again',
  back: 'Back',
  close: 'Close',
  waitSeconds: (n) => `Please wait ${n < 120 ? `${n} seconds` : `${Math.ceil(n / 60)} minutes`}, then try again.`,
  missing: (powers) => `What is missing is the power to: ${powers}.`,
  or: '; or: ',
  errors: {
    'mandate.none': 'No authority has given this health code a mandate, so it makes no codes and records nothing about anybody. Nobody may turn you away for want of a code.',
    'mandate.not_begun': 'The mandate of this health code has not begun. Before that it makes no codes and records nothing about anybody.',
    'mandate.ended': 'The mandate of this health code has ended: it makes no codes and records nothing any more. Nobody may turn you away for want of a code. Unless it is renewed, everything about you is deleted thirty days after its end.',
    network: 'No network, or the server does not answer just now. Check the network, then try again.',
    timeout: 'The server did not answer in time. What you entered is still here; try again in a moment.',
    bad_answer: 'The answer could not be read. Try again in a moment.',
    busy: 'Very many people are using the service. Please wait; this page tries again by itself.',
    session: 'Your sign-in has ended. Please sign in again.',
    forbidden: 'You are not allowed to do this.',
    not_found: 'Not found.',
    too_large: 'That is too large.',
    other: 'Something went wrong. Try again in a moment.',
  },
};
