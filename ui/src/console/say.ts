/** Moments and numbers in the language in force. */
import { lang } from '../shared/i18n';
import { formatMoment } from '../shared/time';
import { count, percent, signed } from './change/numbers';

export const time = (at: string): string => formatMoment(lang(), at);
export const n = (x: number): string => count(lang(), x);
export const pct = (p: number): string => percent(lang(), p);
export const plus = (x: number): string => signed(lang(), x);
