import { describe, expect, it } from 'vitest';
import { Repeats } from './repeats';
import { bestReading, codeIn, GAP, QUIET, Wedge, type Stroke, type WedgeAnswer } from './wedge';

const US_SHIFT: Record<string, string> = { $: 'Digit4', '%': 'Digit5', '*': 'Digit8', '+': 'Equal', ':': 'Semicolon' };
const US_PLAIN: Record<string, string> = { ' ': 'Space', '-': 'Minus', '.': 'Period', '/': 'Slash', ']': 'BracketRight', '#': 'Digit3' };

/** What a scanner set to the American layout presses for a character. */
function stroke(c: string): Stroke {
  if (/\d/.test(c)) return { key: c, code: `Digit${c}`, shiftKey: false };
  if (/[A-Z]/.test(c)) return { key: c, code: `Key${c}`, shiftKey: true };
  const shifted = US_SHIFT[c];
  return { key: c, code: shifted ?? US_PLAIN[c] ?? '', shiftKey: shifted !== undefined };
}

const ENTER: Stroke = { key: 'Enter', code: 'Enter', shiftKey: false };
const TEXT = 'JG1:AB $%*+-./:09Z';

function type(wedge: Wedge, strokes: Stroke[], gap = 5, from = 1000) {
  return strokes.map((s, i) => wedge.press(s, from + i * gap));
}

/** A burst as a machine with this layout reports it. */
const burst = (translate: (s: Stroke) => Partial<Stroke> = () => ({})) => [
  ...[...TEXT].map((c) => ({ ...stroke(c), ...translate(stroke(c)) })),
  ENTER,
];

describe('a hand scanner that types', () => {
  it('is read at the Enter, and its keys reach nothing else', () => {
    const answers = type(new Wedge(), burst());
    expect(answers.at(-1)).toEqual({ swallow: true, text: TEXT });
    expect(answers.filter((a) => a.text !== undefined)).toHaveLength(1);
    expect(answers.slice(1).every((a) => a.swallow)).toBe(true);
  });

  it('is read on a German layout', () => {
    const german: Record<string, string> = { Semicolon: 'Ö', Minus: 'ß', Slash: '-', KeyZ: 'Y', Equal: '`', Digit8: '(' };
    const answers = type(new Wedge(), burst((s) => (s.shiftKey || s.code in german ? { key: german[s.code] ?? s.key } : {})));
    expect(answers.at(-1)?.text).toBe(TEXT);
  });

  it('is read on a French layout', () => {
    const accents = 'à&é"\'(-è_ç';
    const answers = type(
      new Wedge(),
      burst((s) => {
        const digit = /^Digit(\d)$/.exec(s.code)?.[1];
        if (digit !== undefined) return { key: s.shiftKey ? digit : accents.charAt(Number(digit)) };
        return s.code === 'KeyA' ? { key: 'Q' } : s.code === 'Semicolon' ? { key: 'M' } : {};
      }),
    );
    expect(answers.at(-1)?.text).toBe(TEXT);
  });

  it('is read through a Chinese input method', () => {
    expect(type(new Wedge(), burst(() => ({ key: 'Process' }))).at(-1)?.text).toBe(TEXT);
  });

  it('is read by its characters when scanner and machine share another layout', () => {
    const answers = type(new Wedge(), burst((s) => ({ code: s.code === 'Semicolon' ? 'Period' : s.code })));
    expect(answers.at(-1)?.text).toBe(TEXT);
  });

  it('is read with Caps Lock on', () => {
    expect(type(new Wedge(), burst((s) => ({ key: s.key.toLowerCase() }))).at(-1)?.text).toBe(TEXT);
  });

  it('may press Shift as a key of its own and end with a tab', () => {
    const strokes = burst().flatMap((s) => (s.shiftKey ? [{ key: 'Shift', code: 'ShiftLeft', shiftKey: true }, s] : [s]));
    strokes[strokes.length - 1] = { key: 'Tab', code: 'Tab', shiftKey: false };
    expect(type(new Wedge(), strokes).at(-1)?.text).toBe(TEXT);
  });

  it('swallows the line feed after the carriage return, and not a later Enter', () => {
    const wedge = new Wedge();
    type(wedge, burst());
    const end = 1000 + TEXT.length * 5;
    expect(wedge.press(ENTER, end + 3)).toEqual({ swallow: true });
    expect(wedge.press(ENTER, end + 700)).toEqual({ swallow: false });
  });

  it('reads two codes one after the other', () => {
    const wedge = new Wedge();
    expect(type(wedge, burst()).at(-1)?.text).toBe(TEXT);
    expect(type(wedge, burst(), 5, 1200).at(-1)?.text).toBe(TEXT);
    expect(type(wedge, burst(), 5, 1400).at(-1)?.text).toBe(TEXT);
  });

  it('leaves typing, short bursts, held arrows and shortcuts alone', () => {
    expect(type(new Wedge(), burst(), 600).every((a) => !a.swallow && a.text === undefined)).toBe(true);
    const field = new Wedge();
    const typed = [...'Testa Muster'].map((c, i) => field.press(stroke(c), i * 180, 'field'));
    expect(typed.every((a) => !a.swallow)).toBe(true);
    expect(field.press(ENTER, 12 * 180, 'field')).toEqual({ swallow: false });
    expect(type(new Wedge(), [...'ABC'].map(stroke).concat(ENTER)).at(-1)).toEqual({ swallow: false });
    expect(new Wedge().press({ key: 'v', code: 'KeyV', shiftKey: false, ctrlKey: true }, 0)).toEqual({ swallow: false });
    expect(new Wedge().press({ key: 'j', code: 'KeyJ', shiftKey: false, ctrlKey: true }, 0)).toEqual({ swallow: false });
    expect(new Wedge().press(ENTER, 0)).toEqual({ swallow: false });
    const arrow = { key: 'ArrowDown', code: 'ArrowDown', shiftKey: false };
    expect(type(new Wedge(), Array<Stroke>(40).fill(arrow)).every((a) => !a.swallow && a.wait === undefined)).toBe(true);
    const space = stroke(' ');
    expect(type(new Wedge(), [space, space], 300).every((a) => !a.swallow)).toBe(true);
  });

  it('drops what somebody typed before the burst', () => {
    const wedge = new Wedge();
    wedge.press(stroke('X'), 0);
    expect(type(wedge, burst()).at(-1)?.text).toBe(TEXT);
  });

  it('passes on other codes as they came', () => {
    expect(bestReading(['https://example.org', 'HTTPS;//EXAMPLE.ORG'], () => false)).toBe(null);
    const other = [...'HTTPS://EXAMPLE.ORG'].map(stroke).concat(ENTER);
    expect(type(new Wedge(), other).at(-1)).toEqual({ swallow: true, text: 'HTTPS://EXAMPLE.ORG' });
  });
});

/** As recorded: what scanners send after a code. */
const SUFFIXES: Record<string, Stroke[]> = {
  CR: [ENTER],
  'CR LF': [ENTER, { key: 'j', code: 'KeyJ', shiftKey: false, ctrlKey: true }],
  'LF as Ctrl+J': [
    { key: 'Control', code: 'ControlLeft', shiftKey: false, ctrlKey: true },
    { key: 'j', code: 'KeyJ', shiftKey: false, ctrlKey: true },
  ],
  'LF with Shift held': [{ key: 'J', code: 'KeyJ', shiftKey: true, ctrlKey: true }],
  'CR as Ctrl+M': [{ key: 'm', code: 'KeyM', shiftKey: false, ctrlKey: true }],
  'Ctrl+J of another layout': [{ key: 'j', code: 'KeyC', shiftKey: false, ctrlKey: true }],
  'Enter of the numpad': [{ key: 'Enter', code: 'NumpadEnter', shiftKey: false }],
  Tab: [{ key: 'Tab', code: 'Tab', shiftKey: false }],
};
const CODE = [...TEXT].map(stroke);

describe('the end of a code', () => {
  it.each(Object.entries(SUFFIXES))('%s is read, and kept from the browser', (_, suffix) => {
    const wedge = new Wedge();
    const answers = type(wedge, [...CODE, ...suffix]).slice(CODE.length);
    expect(answers.map((a) => a.text).filter((t) => t !== undefined)).toEqual([TEXT]);
    const keys = suffix.map((s, i) => (s.key === 'Control' ? true : answers[i]?.swallow));
    expect(keys.every(Boolean)).toBe(true);
  });

  /** Runs the page's timer until the wedge waits no more. */
  function silence(wedge: Wedge, from: number): { at: number; answer: WedgeAnswer } {
    let at = from;
    let answer: WedgeAnswer = { swallow: false, wait: QUIET };
    while (answer.wait !== undefined) {
      at += answer.wait;
      answer = wedge.rest(at);
    }
    return { at, answer };
  }

  it('may be silence: short after a whole code, longer after a part', () => {
    for (const [whole, text] of [[true, TEXT], [false, TEXT]] as const) {
      const wedge = new Wedge((code) => whole && code === TEXT);
      type(wedge, CODE);
      const end = 1000 + (CODE.length - 1) * 5;
      const { at, answer } = silence(wedge, end);
      expect([answer.text, at - end]).toEqual([text, whole ? QUIET : GAP]);
      // A suffix that comes after all is no key press of somebody's.
      expect(wedge.press(ENTER, at + 300)).toEqual({ swallow: true });
    }
  });

  it('is not taken for one while a slow scanner stalls', () => {
    const wedge = new Wedge((code) => code === TEXT);
    let at = 0;
    const answers = CODE.map((s, i) => {
      // 120 ms a key, a stall now and then; the page's timer asks in between.
      at += i % 5 === 4 ? 420 : 120;
      expect(wedge.rest(at - 1).text).toBe(undefined);
      return wedge.press(s, at);
    });
    expect(answers.slice(1).every((a) => a.swallow)).toBe(true);
    expect(silence(wedge, at).answer.text).toBe(TEXT);
    expect(wedge.press(ENTER, at + 420)).toEqual({ swallow: true });
  });

  it('is a suffix at 120 ms a key too', () => {
    expect(type(new Wedge(), burst(), 120).at(-1)?.text).toBe(TEXT);
    expect(type(new Wedge(), burst(), 450).at(-1)?.text).toBe(TEXT);
  });
});

describe('what scanners put before and after', () => {
  it.each([']Q1', ']q1', '#', 'GATE7:', '\u00e4', 'Jg'])('a prefix %s is left out', (prefix) => {
    expect(codeIn(prefix + TEXT)).toBe(TEXT);
    expect(type(new Wedge(), [...prefix].map(stroke).concat(burst())).at(-1)?.text).toBe(TEXT);
  });

  it('is left out on a layout that makes another sign of it', () => {
    const german = (s: Stroke): Stroke => ({ ...s, key: { BracketRight: '+', Semicolon: 'Ö', Slash: '-', Equal: '`' }[s.code] ?? s.key });
    expect(type(new Wedge(), [...']Q1'].map(stroke).concat(burst()).map(german)).at(-1)?.text).toBe(TEXT);
  });

  it('a suffix of its own is left out', () => {
    expect(codeIn(`${TEXT}#`)).toBe(TEXT);
    expect(codeIn('https://example.org')).toBe('https://example.org');
  });
});

describe('a scanner that holds Alt and types numbers', () => {
  const alt = { key: 'Alt', code: 'AltLeft', shiftKey: false, altKey: true };
  const digit = (d: string, locked: boolean): Stroke => ({ key: locked ? d : 'Clear', code: `Numpad${d}`, shiftKey: false, altKey: true });

  /** As recorded on Windows: Alt down, the number, Alt up. */
  function numbers(wedge: Wedge, numbers: string[], locked = true): WedgeAnswer[] {
    let at = 0;
    return numbers.flatMap((n) => [
      wedge.press(alt, (at += 4)),
      ...[...n].map((d) => wedge.press(digit(d, locked), (at += 4))),
      wedge.release({ ...alt, altKey: false }, (at += 4)),
    ]);
  }

  it('is read, with and without a leading zero, whatever the lock', () => {
    for (const [form, locked] of [[(n: number) => `0${n}`, true], [String, false]] as const) {
      const wedge = new Wedge();
      const answers = numbers(wedge, [...TEXT].map((c) => form(c.charCodeAt(0))).concat('013'), locked);
      expect(answers.at(-1)).toEqual({ swallow: true, text: TEXT });
    }
  });

  it('may end with a plain Enter', () => {
    const wedge = new Wedge();
    numbers(wedge, [...TEXT].map((c) => String(c.charCodeAt(0))));
    expect(wedge.press(ENTER, 500).text).toBe(TEXT);
  });
});

describe('a scanner that puts text into the field (Android)', () => {
  const silent: Stroke = { key: 'Unidentified', code: '', shiftKey: false };

  it('is read from what the field holds, character by character', () => {
    const wedge = new Wedge((code) => code === TEXT);
    for (let i = 1; i <= TEXT.length; i++) {
      expect(wedge.press(silent, i * 20, 'catch').swallow).toBe(false);
      expect(wedge.typed(TEXT.slice(0, i), i * 20 + 1).text).toBe(undefined);
    }
    expect(wedge.rest(TEXT.length * 20 + QUIET + 1).text).toBe(TEXT);
  });

  it('is read at once when the text ends with a new line or an Enter follows', () => {
    expect(new Wedge().typed(`${TEXT}\n`, 0).text).toBe(TEXT);
    const wedge = new Wedge();
    wedge.typed(TEXT, 0);
    expect(wedge.press({ key: 'Enter', code: '', shiftKey: false }, 20, 'catch').text).toBe(TEXT);
  });

  it('says so when its keys say nothing and no field gets the text', () => {
    const wedge = new Wedge();
    for (let i = 0; i < 40; i++) wedge.press(silent, i * 20);
    expect(wedge.press(ENTER, 810)).toEqual({ swallow: true, unread: true });
    // The keyboard on a phone's screen is as silent, and somebody types with it.
    for (let i = 0; i < 40; i++) wedge.press(silent, 5000 + i * 20, 'field');
    expect(wedge.press(ENTER, 5810, 'field')).toEqual({ swallow: false });
  });
});

describe('keys that make no code', () => {
  it('are told when a code was garbled, not when it is another', () => {
    const greek = [...`${TEXT}${'A'.repeat(90)}`].map((c) => ({ ...stroke(c), key: c === ':' ? '\u00a8' : c, code: '' }));
    expect(type(new Wedge(), [...greek, ENTER]).at(-1)).toEqual({ swallow: true, unread: true });
  });
});

describe('repeats', () => {
  it('counts a code once for as long as it stays in sight, and ten seconds more', () => {
    const r = new Repeats();
    expect([0, 100, 9_999, 19_998, 29_998].map((t) => r.isRepeat('a', t))).toEqual([false, true, true, true, false]);
    expect(r.isRepeat('b', 29_999)).toBe(false);
  });
  it('survives a clock that goes back', () => {
    const r = new Repeats();
    r.isRepeat('a', 50_000);
    expect(r.isRepeat('a', 10)).toBe(false);
  });
});
