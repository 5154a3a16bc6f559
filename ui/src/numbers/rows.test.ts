import { describe, expect, it } from 'vitest';
import type { DayNumbers, WeekNumbers } from '../shared/openapi';
import { busyDoors, heights, lastWeek, notGreen, overDays, perInfected, together } from './rows';

const week = (over: Partial<WeekNumbers>): WeekNumbers => ({
  from: '2022-03-14T00:00:00Z',
  to: '2022-03-21T00:00:00Z',
  accuracy: 30,
  confined: 600,
  contacts: 400,
  infected: 60,
  wrong: [],
  doors: [],
  ...over,
});

const day = (at: string, yellow: number | null, over: Partial<DayNumbers> = {}): DayNumbers => ({
  at,
  epsilon: 0.07,
  colours: { accuracy: 5, divisions: [{ division: 'CN-33', name: '浙江省', name_en: 'Zhejiang', green: 100, yellow, red: null }] },
  week: null,
  log: { from: 0, to: 2, unknown: 0, looks: [], withdrawals: [], purges: [] },
  ...over,
});

describe('what is told', () => {
  it('is few only if both colours are', () => {
    expect(notGreen({ yellow: null, red: null })).toBe(null);
    expect(notGreen({ yellow: 7, red: null })).toBe(7);
    expect(notGreen(undefined)).toBe(null);
  });

  it('comes oldest first in the chart', () => {
    const days = [day('2022-03-22T00:00:10Z', 9), day('2022-03-21T00:00:10Z', null)];
    expect(overDays(days, 'CN-33').map((d) => d.people)).toEqual([null, 9]);
    expect(overDays(days, 'CN-11').map((d) => d.people)).toEqual([null, null]);
    expect(heights([null, 5, 10], 80)).toEqual([0, 40, 80]);
    expect(heights([], 80)).toEqual([]);
  });

  it('gives a ratio only where noise does not make it', () => {
    expect(perInfected(week({}))).toBe(10);
    for (const few of [{ infected: 30 }, { infected: null }, { confined: null }]) expect(perInfected(week(few))).toBe(null);
  });

  it('is of the newest week, and of places where something was', () => {
    const door = (place: 'shop' | 'bus', refused: number | null) => ({ place, refused, overridden: null });
    const newest = week({ doors: [door('shop', null), door('bus', 40)] });
    expect(lastWeek([day('b', 1), day('a', 1, { week: newest })])).toBe(newest);
    expect(lastWeek([])).toBe(null);
    expect(busyDoors(newest).map((d) => d.place)).toEqual(['bus']);
  });

  it('adds up what the log says', () => {
    const look = (agency: string, looks: number) => ({ agency, name: agency, purpose: 'quarantine' as const, looks });
    const log = (looks: ReturnType<typeof look>[], from: number) => ({ from, to: from + 2, unknown: 1, looks, withdrawals: [], purges: [] });
    const all = together([day('b', 1, { log: log([look('x', 1), look('y', 9)], 2) }), day('a', 1, { log: log([look('x', 3)], 0) })]);
    expect(all.looks.map((l) => [l.agency, l.looks])).toEqual([['y', 9], ['x', 4]]);
    expect([all.from, all.to, all.unknown, all.since]).toEqual([0, 4, 2, 'a']);
  });
});
