import { describe, expect, it } from 'vitest';
import { Repeats } from './repeats';
import { bestReading, Wedge, type Stroke } from './wedge';

const US_SHIFT: Record<string, string> = { $: 'Digit4', '%': 'Digit5', '*': 'Digit8', '+': 'Equal', ':': 'Semicolon' };
const US_PLAIN: Record<string, string> = { ' ': 'Space', '-': 'Minus', '.': 'Period', '/': 'Slash' };

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
    expect(wedge.press(ENTER, end + 500)).toEqual({ swallow: false });
  });

  it('reads two codes one after the other', () => {
    const wedge = new Wedge();
    expect(type(wedge, burst()).at(-1)?.text).toBe(TEXT);
    expect(type(wedge, burst(), 5, 1200).at(-1)?.text).toBe(TEXT);
  });

  it('leaves slow typing, short bursts and shortcuts alone', () => {
    expect(type(new Wedge(), burst(), 150).every((a) => !a.swallow && a.text === undefined)).toBe(true);
    expect(type(new Wedge(), [...'ABC'].map(stroke).concat(ENTER)).at(-1)).toEqual({ swallow: false });
    expect(new Wedge().press({ key: 'v', code: 'KeyV', shiftKey: false, ctrlKey: true }, 0)).toEqual({ swallow: false });
    expect(new Wedge().press(ENTER, 0)).toEqual({ swallow: false });
  });

  it('drops what somebody typed before the burst', () => {
    const wedge = new Wedge();
    wedge.press(stroke('X'), 0);
    expect(type(wedge, burst()).at(-1)?.text).toBe(TEXT);
  });

  it('passes on other codes as they came', () => {
    expect(bestReading('https://example.org', 'HTTPS;//EXAMPLE.ORG')).toBe('https://example.org');
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
