import { dictionary } from '../shared/i18n';
import { en } from './texts/en';
import { zh } from './texts/zh';

export const t = dictionary({ zh, en });

export interface ProblemText {
  title: string;
  todo: string;
}

/** What a problem means and what to do; the server may name one that this page does not know. */
export function problemText(code: string): ProblemText {
  const texts: Record<string, ProblemText> = t().problems;
  return (Object.hasOwn(texts, code) ? texts[code] : undefined) ?? texts['gate.unreadable'] ?? { title: '', todo: '' };
}
