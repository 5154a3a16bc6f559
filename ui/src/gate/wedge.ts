/**
 * A hand scanner that types ("keyboard wedge"): a burst of quick keystrokes ended by Enter or Tab.
 *
 * A scanner presses the keys of the layout it is set to, mostly the American one, and the browser
 * translates them by the layout of this machine: on a German one `:` arrives as `Ö`, on a French one
 * digits as accents, and a Chinese input method hides the characters altogether. So each burst is
 * read twice, by the characters that arrived and by the physical keys, and the reading that looks
 * like a code wins.
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

export interface WedgeAnswer {
  /** Part of a burst: the page must not act on this key (a space would press a button). */
  swallow: boolean;
  /** A whole code, when the burst has ended. */
  text?: string;
}

/** Milliseconds between two keys of one burst; slow Bluetooth scanners stay well below. */
const GAP = 100;
/** Shorter bursts are somebody's typing. */
const LEAST = 8;
/** The second half of a CR LF after a code. */
const AFTER_END = 100;
/** Longer than any code; what follows is dropped. */
const MOST = 2048;

const BASE45 = /^[0-9A-Z $%*+\-./:]*$/;
const SHIFTED_DIGITS = ')!@#$%^&*(';
const KEYS: Record<string, [string, string]> = {
  Space: [' ', ' '],
  Minus: ['-', '_'],
  Equal: ['=', '+'],
  Slash: ['/', '?'],
  Period: ['.', '>'],
  Comma: [',', '<'],
  Semicolon: [';', ':'],
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

/** Of two readings, the one that looks like a code. Capital letters only, so Caps Lock is harmless. */
export function bestReading(byCharacter: string, byKey: string): string {
  const character = byCharacter.toUpperCase();
  const plausible = (t: string) => /^JGV?1:/.test(t) && BASE45.test(t);
  if (plausible(character)) return character;
  return plausible(byKey) ? byKey : byCharacter;
}

export class Wedge {
  #characters = '';
  #positions = '';
  #last = -Infinity;
  #ended = -Infinity;

  /** Takes a key press at a moment (milliseconds of any steady clock). */
  press(stroke: Stroke, at: number): WedgeAnswer {
    const quick = at - this.#last <= GAP;
    this.#last = at;
    if (stroke.key === 'Enter' || stroke.key === 'Tab') return this.#end(quick, at);
    if (/^(Shift|Alt|AltGraph|Control|Meta|CapsLock|NumLock)/.test(stroke.key)) {
      return { swallow: false };
    }
    if ((stroke.ctrlKey === true && stroke.altKey !== true) || stroke.metaKey === true) {
      this.#clear();
      return { swallow: false };
    }
    if (!quick) this.#clear();
    if (this.#positions.length < MOST) {
      this.#characters += [...stroke.key].length === 1 ? stroke.key : UNREAD;
      this.#positions += byPosition(stroke);
    }
    return { swallow: this.#positions.length > 1 };
  }

  /** Is a burst going on? Key releases during one must not act either. */
  busy(at: number): boolean {
    return (this.#positions.length > 1 && at - this.#last <= GAP) || at - this.#ended <= AFTER_END;
  }

  #end(quick: boolean, at: number): WedgeAnswer {
    const whole = quick && this.#positions.length >= LEAST;
    const text = whole ? bestReading(this.#characters, this.#positions) : undefined;
    this.#clear();
    if (text === undefined) return { swallow: at - this.#ended <= AFTER_END };
    this.#ended = at;
    return { swallow: true, text };
  }

  #clear(): void {
    this.#characters = '';
    this.#positions = '';
  }
}
