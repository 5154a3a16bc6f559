import { describe, expect, it } from 'vitest';
import { isIosBrowser } from './install.svelte';
import { colourEnds, lastDay, needsNow, oneTimeCode } from './now';
import { Steps } from './steps';

const red = (until: string | null, needs: string[] = []) => ({ colour: 'red' as const, until, needs });
const yellow = (until: string | null, needs: string[] = []) => ({ colour: 'yellow' as const, until, needs });

describe('until when', () => {
  it('is when the last reason for the colour ends', () => {
    expect(colourEnds('red', [red('2026-12-12T00:00:00+08:00'), red('2026-12-13T16:00:00Z'), yellow('2027-01-01T00:00:00Z')])).toBe('2026-12-13T16:00:00Z');
    expect(colourEnds('yellow', [red('2026-12-12T00:00:00Z'), yellow('2026-12-05T00:00:00Z')])).toBe('2026-12-05T00:00:00Z');
  });

  it('is not said where something has to happen first', () => {
    expect(colourEnds('red', [red('2026-12-12T00:00:00Z'), red(null, ['negative_test'])])).toBeNull();
    expect(colourEnds('red', [yellow('2026-12-12T00:00:00Z')])).toBeNull();
    expect(colourEnds('green', [])).toBeNull();
  });

  it('names the last whole day, or the moment', () => {
    expect(lastDay('en', '2026-12-12T00:00:00+08:00')).toEqual({ text: '11 December', whole: true });
    expect(lastDay('zh', '2026-12-31T16:00:00Z')).toEqual({ text: '12月31日', whole: true });
    expect(lastDay('en', '2026-12-12T14:30:00+08:00')).toEqual({ text: '12 December, 14:30', whole: false });
  });

  it('names each need once, and not those of milder reasons', () => {
    expect(needsNow('red', [red(null, ['negative_test', 'daily_check_in']), red(null, ['negative_test']), yellow(null, ['confirmation'])])).toEqual([
      'negative_test',
      'daily_check_in',
    ]);
  });
});

describe('the browser’s Back', () => {
  /** A browser's history. */
  const past = () => {
    const entries: unknown[] = [null];
    let at = 0;
    return {
      entries,
      get state() {
        return entries[at];
      },
      pushState: (state: unknown) => {
        entries.splice(++at, entries.length, state);
      },
      go: (by = 0) => {
        at += by;
      },
    };
  };

  it('has an entry for each step, and a button back takes it away', () => {
    const history = past();
    const steps = new Steps(history);
    steps.shows(0);
    steps.shows(1);
    steps.shows(2);
    expect(history.entries).toEqual([null, { step: 1 }, { step: 2 }]);
    steps.shows(1);
    expect(steps.at).toBe(1);
    // The browser's own Back has moved already.
    history.go(-1);
    steps.shows(0);
    expect(steps.at).toBe(0);
    // Opened anew at the second step.
    steps.shows(2);
    expect(history.entries).toHaveLength(3);
  });
});

it('an iPhone is told how to put it on the home screen, but not inside another app', () => {
  const safari = 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1';
  expect(isIosBrowser(safari, false)).toBe(true);
  expect(isIosBrowser(safari, true)).toBe(false);
  expect(isIosBrowser(`${safari} MicroMessenger/8.0`, false)).toBe(false);
  expect(isIosBrowser('Mozilla/5.0 (Linux; Android 14) Chrome/120 Mobile Safari/537.36', false)).toBe(false);
});

describe('a one-time code', () => {
  it.each([
    ['123456', '123456'],
    [' 123 456 ', '123456'],
    ['１２３４５６', '123456'],
    ['123-456-7890', '1234567890'],
    ['【玉关】验证码 123456，10 分钟内有效。', '123456'],
    ['Jadegate code: 1234567890. Valid for 10 minutes; never tell it to anybody.', '1234567890'],
    ['Your code is 654321 (valid until 14:03:27)', '654321'],
    ['Call +8613800000000', null],
    ['12345', null],
    ['1234567', null],
    ['', null],
  ])('in “%s”', (text, code) => {
    expect(oneTimeCode(text)).toBe(code);
  });
});
