import { describe, expect, it } from 'vitest';
import { forget, freshness, keep, parseAnswer, readKept, renewDelay, renewed, type CodeAnswer } from './kept';

const T = Date.parse('2022-03-01T00:00:00Z');
const at = (s: number): string => new Date(T + s * 1000).toISOString();

function answer(more: Partial<CodeAnswer> = {}, nextChange: string | null = null): CodeAnswer {
  return {
    code: 'JG1:MADE UP',
    issued_at: at(0),
    renew_at: at(40),
    expires_at: at(60),
    server_time: at(0),
    name_masked: '测*',
    assessment: {
      colour: 'green',
      reasons: [],
      warnings: [],
      at: at(0),
      next_change: nextChange,
      policy: { id: 'p', version: 1, digest: '00' },
    },
    policy: { id: 'p', version: 1, digest: '00', title: { en: 'P', zh: 'P' }, fresh_seconds: 60 },
    check_in: { expected: false, done_today: false },
    shown: 'AbCdEfGhIj',
    ...more,
  };
}

describe('freshness', () => {
  it('counts down to the expiry and not a moment longer', () => {
    expect(freshness(answer(), T)).toEqual({ state: 'current', left: 60 });
    expect(freshness(answer(), T + 59_001)).toEqual({ state: 'current', left: 1 });
    expect(freshness(answer(), T + 60_000)).toEqual({ state: 'expired' });
    expect(freshness(answer(), T + 86_400_000)).toEqual({ state: 'expired' });
    expect(freshness(null, T)).toEqual({ state: 'none' });
  });

  it('ends when the assessment changes by itself, even before the expiry', () => {
    expect(freshness(answer({}, at(20)), T + 19_000)).toEqual({ state: 'current', left: 1 });
    expect(freshness(answer({}, at(20)), T + 20_000)).toEqual({ state: 'expired' });
    expect(freshness(answer({}, at(3600)), T)).toEqual({ state: 'current', left: 60 });
  });

  it('trusts no code from the future', () => {
    expect(freshness(answer(), T - 60_000).state).toBe('current');
    expect(freshness(answer(), T - 121_000)).toEqual({ state: 'clock_wrong' });
  });

  it('is never current for a time that is no number', () => {
    expect(freshness(answer(), Number.NaN).state).toBe('expired');
    expect(freshness(answer({ expires_at: 'rubbish' }), T).state).toBe('expired');
  });
});

describe('the next code', () => {
  const next = (more: object = {}) => ({ code: 'JG1:NEXT', server_time: at(50), fresh: 60, renew: 40, shown: 'AbCdEfGhIj', ...more });

  it('stands beside what is shown, for its own time', () => {
    const after = renewed(answer(), next());
    expect(after).toMatchObject({ code: 'JG1:NEXT', name_masked: '测*', issued_at: at(50), renew_at: at(90), expires_at: at(110) });
    expect(after?.assessment).toMatchObject({ colour: 'green', at: at(50) });
    expect(parseAnswer(after)).not.toBeNull();
    expect(freshness(after, T + 109_000)).toEqual({ state: 'current', left: 1 });
    expect(freshness(after, T + 110_000)).toEqual({ state: 'expired' });
  });

  it('is never shown beside a colour that holds no longer', () => {
    expect(renewed(answer(), next({ shown: 'another' }))).toBeNull();
    expect(renewed(answer({ shown: undefined as never }), next({ shown: undefined }))).toBeNull();
    // A code that outlives the assessment ends with it all the same.
    expect(freshness(renewed(answer({}, at(70)), next()), T + 70_000)).toEqual({ state: 'expired' });
  });

  it('is none if anything about it is wrong', () => {
    for (const bad of [{ code: 'HC1:X' }, { code: 7 }, { server_time: 'rubbish' }, { fresh: 0 }, { fresh: 86_401 }, { renew: 61 }, { renew: '40' }]) {
      expect(renewed(answer(), next(bad)), JSON.stringify(bad)).toBeNull();
    }
    expect(renewed(answer(), null)).toBeNull();
  });
});

describe('what is kept', () => {
  function storage() {
    const map = new Map<string, string>();
    return {
      map,
      getItem: (k: string) => map.get(k) ?? null,
      setItem: (k: string, v: string) => void map.set(k, v),
      removeItem: (k: string) => void map.delete(k),
    };
  }

  it('comes back, and goes away', () => {
    const s = storage();
    keep(s, answer());
    expect(readKept(s)).toEqual(answer());
    forget(s);
    expect(readKept(s)).toBeNull();
    expect(s.map.size).toBe(0);
  });

  it('is nothing if it is damaged: no colour is ever guessed', () => {
    const s = storage();
    for (const bad of ['', '{', 'null', '[]', '{"code":"JG1:X"}']) {
      s.setItem('jg.code', bad);
      expect(readKept(s), bad).toBeNull();
    }
    const a = answer();
    expect(parseAnswer({ ...a, assessment: { ...a.assessment, colour: 'blue' } })).toBeNull();
    expect(parseAnswer({ ...a, expires_at: 'rubbish' })).toBeNull();
    expect(parseAnswer({ ...a, code: 'HC1:X' })).toBeNull();
    expect(parseAnswer({ ...a, assessment: null })).toBeNull();
  });

  it('survives a storage that refuses', () => {
    const refuse = (): never => {
      throw new Error('no');
    };
    expect(() => keep({ setItem: refuse }, answer())).not.toThrow();
    expect(readKept({ getItem: refuse })).toBeNull();
  });
});

describe('renewal', () => {
  it('falls between renew_at and half of what is left, at random', () => {
    expect(renewDelay(answer(), T, () => 0)).toBe(40_000);
    expect(renewDelay(answer(), T, () => 1)).toBe(50_000);
  });

  it('comes at the change of the assessment if that is sooner', () => {
    expect(renewDelay(answer({}, at(10)), T, () => 0)).toBe(10_000);
  });

  it('is never sooner than three seconds', () => {
    expect(renewDelay(answer(), T + 3_600_000, () => 0)).toBe(3_000);
    expect(renewDelay(answer({ renew_at: at(-100), expires_at: at(-50) }), T, () => 0)).toBe(3_000);
  });
});
