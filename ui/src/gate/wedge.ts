/**
 * A hand scanner that types ("keyboard wedge"): a burst of keys, ended by Enter, Tab, a line feed
 * (which arrives as Ctrl+J) or a carriage return (Ctrl+M), or by nothing but silence.
 *
 * A scanner presses the keys of the layout it is set to, mostly the American one, and the browser
 * translates them by the layout of this machine: on a German one `:` arrives as `Ö`, on a French one
 * digits as accents, and a Chinese input method hides the characters altogether. Others hold Alt and
 * type each character's number on the numpad; on Android many put text into the field that has the
 * focus, with keys that say nothing. So each burst is read in all these ways, and the reading that
 * is a code wins.
 */

/** As much of a `KeyboardEvent` as is needed. */
export interface Stroke {
  key: string;
  code: string;
  shiftKey: boolean;
  ctrlKey?: boolean;
  altKey?: boolean;
  metaKey?: boolean;
}

/** Where the focus is: on the page, in the hidden field that catches text, or in one to type into. */
export type Where = 'page' | 'catch' | 'field';

export interface WedgeAnswer {
  /** Part of a burst: the page must not act on this key (a space would press a button). */
  swallow: boolean;
  /** What was scanned, when the burst has ended: a code, or another text. */
  text?: string;
  /** A burst has ended in which nothing can be read: the scanner is set to something else. */
  unread?: true;
  /** Milliseconds after which to ask [`rest`] whether the burst has ended. */
  wait?: number;
}

/** Milliseconds between two keys of one burst: slow Bluetooth scanners need 120, and stall. */
export const GAP = 500;
/** A whole code and this long nothing: no suffix is coming. */
export const QUIET = 80;
/** Keys that follow each other this quickly are no typing. */
const FAST = 100;
/** Shorter bursts are somebody's typing. */
const LEAST = 8;
/** A suffix may come this long after a code that was whole. */
const AFTER_END = 600;
/** Longer than any code; what follows is dropped. */
const MOST = 2048;

const CODE = /JG[A-Z]?1:[0-9A-Z $%*+\-./:]*/;
const SHIFTED_DIGITS = ')!@#$%^&*(';
const KEYS: Record<string, [string, string]> = {
  Space: [' ', ' '],
  Minus: ['-', '_'],
  Equal: ['=', '+'],
  Slash: ['/', '?'],
  Period: ['.', '>'],
  Comma: [',', '<'],
  Semicolon: [';', ':'],
  BracketLeft: ['[', '{'],
  BracketRight: [']', '}'],
  Backslash: ['\\', '|'],
  Quote: ["'", '"'],
  Backquote: ['`', '~'],
  NumpadAdd: ['+', '+'],
  NumpadSubtract: ['-', '-'],
  NumpadMultiply: ['*', '*'],
  NumpadDivide: ['/', '/'],
  NumpadDecimal: ['.', '.'],
};
/** Stands for a key that gave no character. */
const UNREAD = '\u{fffd}';

/** The character of a physical key on an American keyboard, in capitals. */
function byPosition(stroke: Stroke): string {
  const digit = /^(Digit|Numpad)(\d)$/.exec(stroke.code);
  if (digit) {
    const n = digit[2] ?? '';
    return digit[1] === 'Digit' && stroke.shiftKey ? (SHIFTED_DIGITS[Number(n)] ?? UNREAD) : n;
  }
  const letter = /^Key([A-Z])$/.exec(stroke.code);
  if (letter) return letter[1] ?? UNREAD;
  return KEYS[stroke.code]?.[stroke.shiftKey ? 1 : 0] ?? UNREAD;
}

const byCharacter = ({ key }: Stroke): string => ([...key].length === 1 ? key : UNREAD);

/**
 * The code in a text that a scanner put something before (`]Q1`, or what it is set to) or after.
 * Codes have capital letters only, so Caps Lock is harmless. `whole`: nothing follows it.
 */
function find(text: string): { code: string; whole: boolean } | null {
  const found = CODE.exec(text.toUpperCase());
  if (!found) return null;
  const [code] = found;
  return { code, whole: text.slice(found.index + code.length).trim() === '' };
}

/** The code in a text, or the text if there is none. */
export const codeIn = (text: string): string => find(text)?.code ?? text;

/** Of several readings of a burst the code, if one of them is. */
export function bestReading(readings: readonly string[], complete: (code: string) => boolean): string | null {
  const codes = readings.map(find).filter((c) => c !== null);
  const best = codes.find((c) => complete(c.code)) ?? codes.find((c) => c.whole) ?? codes[0];
  return best?.code ?? null;
}

/** Does it look like a code of which the layout made something else? */
const garbled = (text: string): boolean => text.includes(UNREAD) || (text.length > 80 && /^.{0,8}JG/i.test(text));

const MODIFIER = /^(Shift|Alt|AltGraph|Control|Meta|CapsLock|NumLock|Fn|Hyper|Super)/;
/** Text that comes by the field: the key says nothing, not even where it is. */
const SILENT = /^(Unidentified|Process|Dead)?$/;

const plainCtrl = (s: Stroke): boolean => s.ctrlKey === true && s.altKey !== true;
const ctrlEnd = (s: Stroke): boolean => plainCtrl(s) && (/^[jm\r\n]$/i.test(s.key) || /^Key[JM]$/.test(s.code));
const ends = (s: Stroke): boolean => s.key === 'Enter' || s.key === 'Tab' || ctrlEnd(s);

export class Wedge {
  readonly #complete: (code: string) => boolean;
  #characters = '';
  #positions = '';
  /** Characters by their numbers on the numpad, and the number that is being typed. */
  #numbered = '';
  #number = '';
  /** What the hidden field holds. */
  #field = '';
  /** Keys that said nothing; their text comes by the field, or not at all. */
  #unknown = 0;
  #first = 0;
  #last = -Infinity;
  #ended = -Infinity;

  /** `complete` says whether a code is one from its beginning to its end. */
  constructor(complete: (code: string) => boolean = () => false) {
    this.#complete = complete;
  }

  /** Takes a key press at a moment (milliseconds of any steady clock). */
  press(stroke: Stroke, at: number, where: Where = 'page'): WedgeAnswer {
    const gap = at - this.#last;
    if (gap > GAP) this.#clear();
    if (ends(stroke)) return this.#suffix(stroke, at, where);
    const digit = stroke.altKey === true && !stroke.ctrlKey ? /^Numpad(\d)$/.exec(stroke.code)?.[1] : undefined;
    if (digit !== undefined) return this.#digit(digit, at);
    if (MODIFIER.test(stroke.key)) return { swallow: false };
    if (plainCtrl(stroke) || stroke.metaKey === true) return this.#shortcut();
    if (SILENT.test(stroke.key) && stroke.code === '') return this.#silent(at);
    const [character, position] = [byCharacter(stroke), byPosition(stroke)];
    // Arrows and the like are nobody's text.
    if (character === UNREAD && position === UNREAD) return { swallow: false };
    this.#goesOn(at);
    if (this.#positions.length < MOST) {
      this.#characters += character;
      this.#positions += position;
    }
    return { swallow: this.#swallows(gap, where), wait: QUIET };
  }

  /** Takes a key's release: of Alt, it ends a character's number. */
  release(stroke: Stroke, at: number): WedgeAnswer {
    if (stroke.key !== 'Alt' || this.#number === '') return { swallow: this.busy(at) };
    const n = Number(this.#number);
    this.#number = '';
    this.#goesOn(at);
    if (n === 13 || n === 10 || n === 9) return this.#end(at, 'page');
    this.#numbered += n >= 32 && n < 127 ? String.fromCharCode(n) : UNREAD;
    return { swallow: true, wait: QUIET };
  }

  /** Takes what the hidden field holds now. */
  typed(value: string, at: number): WedgeAnswer {
    if (value === '') return { swallow: false };
    if (at - this.#last > GAP) this.#clear();
    this.#goesOn(at);
    this.#field = value.slice(0, MOST);
    return /[\r\n\t]$/.test(value) ? this.#end(at, 'page') : { swallow: false, wait: QUIET };
  }

  /** Has the burst ended by silence? To be asked when an answer said to wait. */
  rest(at: number, where: Where = 'page'): WedgeAnswer {
    const silent = at - this.#last;
    if (this.#length === 0) return { swallow: false };
    if (silent < QUIET) return { swallow: false, wait: QUIET - silent };
    const code = this.#code();
    if ((code !== null && this.#complete(code)) || silent >= GAP) return this.#end(at, where);
    return { swallow: false, wait: GAP - silent };
  }

  /** Is a burst going on? Key releases during one must not act either. */
  busy(at: number): boolean {
    return (this.#positions.length > 1 && at - this.#last <= FAST) || at - this.#ended <= FAST;
  }

  /** How many characters the burst has so far. */
  get #length(): number {
    return Math.max(this.#positions.length, this.#numbered.length, this.#field.length, this.#unknown);
  }

  #code(): string | null {
    return bestReading([this.#numbered, this.#field, this.#characters, this.#positions], this.#complete);
  }

  #goesOn(at: number): void {
    if (this.#length === 0 && this.#number === '') this.#first = at;
    this.#last = at;
  }

  #silent(at: number): WedgeAnswer {
    this.#goesOn(at);
    this.#unknown++;
    return { swallow: false, wait: QUIET };
  }

  #digit(digit: string, at: number): WedgeAnswer {
    this.#goesOn(at);
    this.#number = (this.#number + digit).slice(-4);
    return { swallow: true, wait: GAP };
  }

  /** A shortcut of somebody's, or a control character within a burst. */
  #shortcut(): WedgeAnswer {
    if (this.#length >= LEAST) return { swallow: true, wait: GAP };
    this.#clear();
    return { swallow: false };
  }

  /** A field gets what somebody types; anywhere else only a lone key acts. */
  #swallows(gap: number, where: Where): boolean {
    if (where === 'catch') return true;
    if (where === 'field') return this.#positions.length > 1 && gap <= FAST;
    return this.#positions.length > 1 && this.#positions.trim() !== '';
  }

  #suffix(stroke: Stroke, at: number, where: Where): WedgeAnswer {
    if (this.#length >= LEAST) {
      this.#last = at;
      const answer = this.#end(at, where);
      return { ...answer, swallow: answer.swallow || ctrlEnd(stroke) };
    }
    this.#clear();
    return { swallow: at - this.#ended <= AFTER_END };
  }

  #end(at: number, where: Where): WedgeAnswer {
    const answer = this.#judge(where);
    this.#clear();
    if (answer.swallow) this.#ended = at;
    return answer;
  }

  /** What a burst that has ended was. */
  #judge(where: Where): WedgeAnswer {
    const code = this.#code();
    if (code !== null) return { swallow: true, text: code };
    const keys = this.#length;
    const fast = keys >= LEAST && this.#last - this.#first <= keys * FAST;
    const text = this.#numbered || this.#field || this.#characters;
    if (keys < LEAST || (where === 'field' && (!fast || text === ''))) return { swallow: false };
    return fast && text !== '' && !garbled(text) ? { swallow: true, text } : { swallow: true, unread: true };
  }

  #clear(): void {
    this.#characters = '';
    this.#positions = '';
    this.#numbered = '';
    this.#number = '';
    this.#field = '';
    this.#unknown = 0;
  }
}
