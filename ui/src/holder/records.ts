import { dictionary } from '../shared/i18n';
import { en } from '../shared/texts/records.en';
import { zh } from '../shared/texts/records.zh';

/** Texts of the lists and of the venue scanner. */
export const r = dictionary({ zh, en });

/** A stable word of the server in the reader's language; the word itself if it is new. */
export const word = (names: Readonly<Record<string, string>>, key: string): string =>
  Object.hasOwn(names, key) ? (names[key] ?? key) : key;
