/**
 * What keyboards, spreadsheets, web pages and printers make of a few letters, undone. The server does
 * the same (`crates/domain/src/text.rs`, `person.rs`, `document.rs`); both are held to
 * `data/typed-cases.json`.
 */

/** Marks of direction, signs without width, the byte order mark and other format characters. */
const INVISIBLE =
  // eslint-disable-next-line no-misleading-character-class -- each stands for itself
  /[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{1d173}-\u{1d17a}\u{e0000}-\u{e007f}]/gu;
/** Needed inside words of some scripts, and nothing at the ends of any. */
const JOINERS = /[\u200c\u200d]/gu;
const DASHES = /[-\u058a\u05be\u2010-\u2015\u2043\u207b\u208b\u2212\u2e3a\u2e3b\u301c\u3030\u30fc\ufe31\ufe32\ufe58\ufe63\uff0d\uff70]/gu;
const BRACKETS = /[()[\]\uff08\uff09\uff3b\uff3d\u3014\u3015\u3010\u3011\ufe59\ufe5a]/gu;
/** Dots between the parts of a name, as keyboards have them. */
const MIDDLE_DOTS = /[\u00b7\u2022\u2027\u2219\u22c5\u30fb\uff65\u16eb]/gu;
/** Where rows of ten digits begin: Arabic, Persian, Indian, Thai and other keyboards. */
const ZEROS = [0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50, 0xed0, 0x1040];

/** Letters, digits and signs in the width of Chinese characters become plain ones, and so do digits of other scripts. */
export function narrow(text: string): string {
  return [...text]
    .map((c) => {
      const code = c.codePointAt(0) as number;
      if (code >= 0xff01 && code <= 0xff5e) return String.fromCodePoint(code - 0xfee0);
      if (code === 0x3000) return ' ';
      const zero = ZEROS.find((z) => code >= z && code < z + 10);
      return zero === undefined ? c : String(code - zero);
    })
    .join('');
}

/** A document's number in capital letters and digits, if it has nothing else; else what is left of it. */
export function compactNumber(text: string): string {
  return narrow(text.replace(INVISIBLE, '').replace(JOINERS, '').replace(DASHES, '').replace(BRACKETS, ''))
    .replace(/[\s()[\]-]/gu, '')
    .replace(/[a-z]/g, (c) => c.toUpperCase());
}

/** A name as it is kept; `null` if the text is none. */
export function tidyName(text: string): string | null {
  const seen = text
    .replace(INVISIBLE, '')
    .replace(MIDDLE_DOTS, '\u00b7')
    .replace(/[\uff01-\uff5e]/gu, narrow);
  // A control character in the middle is no space: it is refused below.
  const name = seen
    .split(/\s+/u)
    .map((word) => word.replace(/^[\u200c\u200d]+|[\u200c\u200d]+$/gu, ''))
    .filter((word) => word !== '')
    .join(' ');
  const n = [...name].length;
  const fits = n >= 1 && n <= 80 && /\p{Alphabetic}/u.test(name);
  return fits && !/[<>"&{}[\]=+\\\p{Cc}]/u.test(name) && !/^[@/-]/.test(name) ? name : null;
}

/**
 * A phone number in digits, behind `+` if its country's code is part of it; `null` if it is none. Which
 * number it is in a country is for the server to say.
 */
export function typedPhone(text: string): string | null {
  const plain = narrow(text.replace(INVISIBLE, '').replace(JOINERS, '').replace(DASHES, '')).trim().replace(/^tel:/i, '');
  const abroad = plain.startsWith('+') || plain.startsWith('00');
  const whole = (abroad ? plain.replace(/\(\s*0\s*\)/, '') : plain).replace(/[\s().[\]/-]/gu, '').replace(/^00/, '+');
  return /^\+?\d{5,20}$/.test(whole) ? whole : null;
}
