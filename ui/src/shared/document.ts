/**
 * Checks that catch typing mistakes in a document's number before it is sent. The server checks
 * again; a number that passes here may still be refused there.
 */

/** Full-width letters and digits become plain, spaces and hyphens go, letters become capitals. */
export function compactNumber(text: string): string {
  return text.normalize('NFKC').replace(/[\s-]/g, '').toUpperCase();
}

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

/** What is wrong with the two lines of a passport (TD3, 44 characters each); `null` if nothing. */
export function passportMrzProblem(text: string): NumberProblem | null {
  const all = text.normalize('NFKC').replace(/\s/g, '').toUpperCase();
  if (all === '') return 'empty';
  if (all.length !== 88) return 'length';
  if (!/^P[A-Z<][A-Z<]{3}[A-Z<]{39}[A-Z0-9<]{9}\d[A-Z<]{3}\d{6}\d[MFX<]\d{6}\d[A-Z0-9<]{14}[\d<]\d$/.test(all)) {
    return 'characters';
  }
  const l = all.slice(44);
  const digit = (c: string | undefined): number => (c === '<' ? 0 : Number(c));
  const good =
    mrzCheck(l.slice(0, 9)) === digit(l[9]) &&
    mrzCheck(l.slice(13, 19)) === digit(l[19]) &&
    mrzCheck(l.slice(21, 27)) === digit(l[27]) &&
    mrzCheck(l.slice(28, 42)) === digit(l[42]) &&
    mrzCheck(l.slice(0, 10) + l.slice(13, 20) + l.slice(21, 43)) === digit(l[43]);
  return good ? null : 'check_digit';
}

/** What is wrong with any other number: 4 to 32 letters and digits. */
export function otherNumberProblem(text: string): NumberProblem | null {
  const n = compactNumber(text);
  if (n === '') return 'empty';
  if (!/^[A-Z0-9]+$/.test(n)) return 'characters';
  return n.length >= 4 && n.length <= 32 ? null : 'length';
}

/** A phone number in E.164 form as the server would read it; `null` if it is none. */
export function normalPhone(text: string): string | null {
  const c = text.normalize('NFKC').replace(/[\s\-().]/g, '');
  const digits = c.startsWith('+') ? c.slice(1) : c.startsWith('00') ? c.slice(2) : /^1\d{10}$/.test(c) ? `86${c}` : '';
  const ok = /^[1-9]\d{6,14}$/.test(digits) && (!digits.startsWith('86') || digits.length === 13);
  return ok ? `+${digits}` : null;
}

/** 1 to 80 characters with at least one letter and nothing that a spreadsheet or page could run. */
export function nameOk(text: string): boolean {
  const n = text.trim().replace(/\s+/g, ' ');
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  return [...n].length >= 1 && [...n].length <= 80 && /\p{L}/u.test(n) && !/[<>"&{}[\]=+@\\/\u0000-\u001f]/.test(n);
}
