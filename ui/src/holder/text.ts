import { colourMeaning } from '../shared/common';
import type { Colour } from '../shared/colour';
import { dictionary, lang } from '../shared/i18n';
import type { Reason } from '../shared/types';
import { colourEnds, lastDay } from './now';
import { en } from '../shared/texts/holder.en';
import { zh } from '../shared/texts/holder.zh';

/** Texts of the first page. */
export const t = dictionary({ zh, en });

/** What the colour asks of somebody, and until when: the day, not how many days it was once to last. */
export function meaningNow(colour: Colour | null, reasons: readonly Pick<Reason, 'colour' | 'until' | 'needs'>[]): string {
  if (colour !== 'yellow' && colour !== 'red') return colourMeaning(colour);
  const end = colourEnds(colour, reasons);
  const words = t().until[colour];
  if (end === null) return words.open;
  const { text, whole } = lastDay(lang(), end);
  return whole ? words.day(text) : words.moment(text);
}
