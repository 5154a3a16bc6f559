/**
 * Checks that catch typing mistakes in a document's number before it is sent. The server checks
 * again; a number that passes here may still be refused there.
 */

import { compactNumber, narrow, tidyName, typedPhone } from './typed';

export { compactNumber };

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/** The check character of GB 11643-1999 (ISO 7064 MOD 11-2) over the first 17 digits. */
export function residentIdCheck(digits: string): string {
  const sum = WEIGHTS.reduce((s, w, i) => s + w * Number(digits[i]), 0);
  return '10X98765432'[sum % 11] ?? '';
}

export type NumberProblem = 'empty' | 'length' | 'characters' | 'check_digit' | 'birth_date';

/** What is wrong with a resident ID number (18 characters, or 15 on the oldest cards); `null` if nothing. */
export function residentIdProblem(text: string, now: number): NumberProblem | null {
  const n = compactNumber(text);
  if (n === '') return 'empty';
  if (n.length !== 18 && n.length !== 15) return 'length';
  if (!(n.length === 18 ? /^\d{17}[\dX]$/ : /^\d{15}$/).test(n)) return 'characters';
  const full = n.length === 18 ? n : `${n.slice(0, 6)}19${n.slice(6)}`;
  if (n.length === 18 && residentIdCheck(n) !== n[17]) return 'check_digit';
  const day = `${full.slice(6, 10)}-${full.slice(10, 12)}-${full.slice(12, 14)}`;
  const born = new Date(`${day}T00:00:00Z`);
  const real = !Number.isNaN(born.getTime()) && born.toISOString().startsWith(day);
  return real && born.getTime() <= now && day >= '1850' ? null : 'birth_date';
}

/** A check digit of ICAO 9303 part 3 (weights 7, 3, 1; A is 10, `<` is 0). */
export function mrzCheck(field: string): number {
  return (
    [...field].reduce((sum, c, i) => {
      const v = c === '<' ? 0 : /\d/.test(c) ? Number(c) : c.charCodeAt(0) - 55;
      return sum + v * [7, 3, 1][i % 3]!;
    }, 0) % 10
  );
}

/** Where the check digits of a zone stand: a field, and the place of its digit, in the zone without line ends. */
type Checked = readonly (readonly [parts: readonly (readonly [number, number])[], digit: number])[];

/** The three sizes of ICAO 9303 by their length: how they look, and what their check digits are of. */
const ZONES: Record<number, { form: RegExp; checked: Checked }> = {
  // TD3: passports, two lines of 44.
  88: {
    form: /^P[A-Z<][A-Z<]{3}[A-Z<]{39}[A-Z0-9<]{9}\d[A-Z<]{3}\d{6}\d[MFX<]\d{6}\d[A-Z0-9<]{14}[\d<]\d$/,
    checked: [
      [[[44, 53]], 53],
      [[[57, 63]], 63],
      [[[65, 71]], 71],
      [[[72, 86]], 86],
      [[[44, 54], [57, 64], [65, 87]], 87],
    ],
  },
  // TD2: two lines of 36. A long number goes on in the optional data; only the server follows it there.
  72: {
    form: /^[ACIP][A-Z<][A-Z<]{3}[A-Z<]{31}[A-Z0-9<]{9}[\d<][A-Z<]{3}[\d<]{6}\d[MFX<][\d<]{6}\d[A-Z0-9<]{7}\d$/,
    checked: [
      [[[49, 55]], 55],
      [[[57, 63]], 63],
      [[[36, 46], [49, 56], [57, 71]], 71],
    ],
  },
  // TD1: cards, three lines of 30.
  90: {
    form: /^[ACIP][A-Z<][A-Z<]{3}[A-Z0-9<]{9}[\d<][A-Z0-9<]{15}[\d<]{6}\d[MFX<][\d<]{6}\d[A-Z<]{3}[A-Z0-9<]{11}\d[A-Z<]{30}$/,
    checked: [
      [[[30, 36]], 36],
      [[[38, 44]], 44],
      [[[5, 30], [30, 37], [38, 45], [48, 59]], 59],
    ],
  },
};

/** What is wrong with the machine-readable lines of a passport or card; `null` if nothing. */
export function mrzProblem(text: string): NumberProblem | null {
  const all = narrow(text)
    .replace(/[\s\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu, '')
    .toUpperCase();
  if (all === '') return 'empty';
  const zone = ZONES[all.length];
  if (!zone) return 'length';
  if (!zone.form.test(all)) return 'characters';
  const digit = (c: string | undefined): number => (c === '<' ? 0 : Number(c));
  const fits = zone.checked.every(([parts, at]) => mrzCheck(parts.map(([from, to]) => all.slice(from, to)).join('')) === digit(all[at]));
  return fits ? null : 'check_digit';
}

/** What is wrong with any other number: 3 to 32 letters and digits. */
export function otherNumberProblem(text: string): NumberProblem | null {
  const n = compactNumber(text);
  if (n === '') return 'empty';
  if (!/^[A-Z0-9]+$/.test(n)) return 'characters';
  return n.length >= 3 && n.length <= 32 ? null : 'length';
}

/** Could it be a phone number? Whether it is one, in which country, the server says. */
export const phoneOk = (text: string): boolean => typedPhone(text) !== null;

/** Is it a name: letters, and nothing that a spreadsheet or page could run? */
export const nameOk = (text: string): boolean => tidyName(text) !== null;
