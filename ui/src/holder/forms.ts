import { dictionary } from '../shared/i18n';
import type { Symptom } from '../shared/openapi';
import { en } from '../shared/texts/forms.en';
import { zh } from '../shared/texts/forms.zh';

/** Texts of the forms. */
export const f = dictionary({ zh, en });

export const SYMPTOMS = ['fever', 'cough', 'sore_throat', 'short_breath', 'loss_of_smell', 'diarrhoea', 'fatigue'] as const satisfies readonly Symptom[];

/** A symptom in words; one that this page does not know yet as the server calls it. */
export function symptomName(word: string): string {
  const names: Record<string, string> = f().symptom;
  return names[word] ?? word;
}

/** A temperature as typed: `null` for none, `undefined` if it is no temperature. */
export function parseTemperature(text: string): number | null | undefined {
  const t = text.normalize('NFKC').trim().replace(',', '.').replace(/\s*(°?C|℃|度)$/i, '');
  if (t === '') return null;
  if (!/^\d{2}(\.\d+)?$/.test(t)) return undefined;
  const tenths = Math.round(Number(t) * 10);
  return tenths >= 340 && tenths <= 430 ? tenths / 10 : undefined;
}

/** Texts for the stable codes of the server, for `explain`. */
export const byCode = (): Record<string, string> => f().byCode;

/** Moves the focus to the first wrong field, once it is drawn. */
export function focusFirst(errors: { id: string }[]): void {
  const first = errors[0];
  if (first) setTimeout(() => document.getElementById(first.id)?.focus());
}
