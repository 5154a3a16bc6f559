import { dictionary } from '../shared/i18n';
import { en } from './texts/en';
import { zh } from './texts/zh';

export const t = dictionary({ zh, en });

/** How long ago it was. */
export function age(at: number, now: number): string {
  const s = t().status;
  const minutes = Math.max(0, Math.floor((now - at) / 60_000));
  if (minutes < 2) return s.now;
  if (minutes < 120) return s.minutes(minutes);
  return minutes < 2880 ? s.hours(Math.floor(minutes / 60)) : s.days(Math.floor(minutes / 1440));
}

export interface ProblemText {
  title: string;
  todo: string;
}

/** What a problem means and what to do; the server may name one that this page does not know. */
export function problemText(code: string): ProblemText {
  const texts: Record<string, ProblemText> = t().problems;
  return (Object.hasOwn(texts, code) ? texts[code] : undefined) ?? texts['gate.unreadable'] ?? { title: '', todo: '' };
}
