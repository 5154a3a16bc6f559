import { describe, expect, it } from 'vitest';
import { addDays, formatClock, formatDate, formatDay, formatMoment, formatShortDay, localDay, ServerClock } from '../time';

const T = Date.parse('2022-03-01T00:00:00Z');

describe('server clock', () => {
  it('is the device clock until it learns, then the server clock', () => {
    let device = T;
    let steady = 0;
    const clock = new ServerClock(() => device, () => steady);
    expect(clock.now()).toBe(T);
    expect(clock.known).toBe(false);
    // Asked at 0 ms, answered at 200 ms: the server's second was told half way.
    device += 200;
    steady += 200;
    clock.learn('2022-03-01T02:00:00Z', T, T + 200);
    expect(clock.known).toBe(true);
    expect(clock.now()).toBe(T + 7_200_000 + 500 + 100);
    device += 1_000;
    steady += 1_000;
    expect(clock.now()).toBe(T + 7_200_000 + 1_600);
  });

  it('does not go back when the device clock is turned back', () => {
    let device = T;
    let steady = 0;
    const clock = new ServerClock(() => device, () => steady);
    clock.learn('2022-03-01T00:00:00Z', T, T);
    const before = clock.now();
    device -= 3_600_000;
    steady += 60_000;
    expect(clock.now()).toBe(before + 60_000);
  });

  it('says by how much the device is off, when it is worth a word', () => {
    const ahead = (minutes: number) => {
      const clock = new ServerClock(() => T, () => 0);
      clock.learn(new Date(T - minutes * 60_000).toISOString(), T, T);
      return clock.minutesAhead;
    };
    expect([0, 2, -2, 3, -180, 1439, 1441].map(ahead)).toEqual([null, null, null, 3, -180, 1439, null]);
    expect(new ServerClock(() => T, () => 0).minutesAhead).toBe(null);
  });

  it('does not stand still when the steady counter sleeps', () => {
    let device = T;
    const clock = new ServerClock(() => device, () => 0);
    clock.learn('2022-03-01T00:00:00Z', T, T);
    const before = clock.now();
    device += 90_000;
    expect(clock.now()).toBe(before + 90_000);
  });

  it('keeps its offset for a start without network, and ignores nonsense', () => {
    const kept = new Map<string, string>();
    const storage = { getItem: (k: string) => kept.get(k) ?? null, setItem: (k: string, v: string) => void kept.set(k, v) };
    const clock = new ServerClock(() => T, () => 0);
    clock.learn('not a time', T, T);
    expect(clock.known).toBe(false);
    clock.learn('2022-03-01T00:10:00Z', T, T);
    clock.save(storage);
    const next = new ServerClock(() => T, () => 0);
    next.restore(storage);
    expect(next.offset).toBe(600_500);
    kept.set([...kept.keys()][0] ?? '', 'rubbish');
    const third = new ServerClock(() => T, () => 0);
    third.restore(storage);
    expect(third.offset).toBe(0);
  });
});

describe('dates', () => {
  it('are those of the policy zone, whatever the device says', () => {
    const at = '2022-03-07T16:00:00Z';
    expect(localDay(at)).toBe('2022-03-08');
    expect(formatDay('en', at)).toBe('8 March');
    expect(formatDay('zh', at)).toBe('3月8日');
    expect(formatShortDay('en', at)).toBe('8 Mar');
    expect(formatShortDay('zh', at)).toBe('3月8日');
    expect(formatDate('zh', at)).toBe('2022年3月8日');
    expect(formatMoment('en', at)).toBe('8 March, 00:00');
    expect(formatMoment('zh', at)).toBe('3月8日 00:00');
    expect(formatClock('en', '2022-03-07T16:00:09Z')).toBe('00:00:09');
    expect(formatMoment('en', 'rubbish')).toContain('—');
  });

  it('count days over months and years', () => {
    expect(addDays('2022-03-01', -1)).toBe('2022-02-28');
    expect(addDays('2021-12-31', 1)).toBe('2022-01-01');
  });
});
