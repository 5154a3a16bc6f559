import { describe, expect, it } from 'vitest';
import type { Colour } from '../colour';
import { bars, currentIndex, MOST_BARS, nowAt, type Bar, type Segment } from '../timeline';

const day = (n: number): string => new Date(Date.UTC(2022, 2, n)).toISOString();
const part = (from: number, to: number | null, colour: Colour): Segment => ({ from: day(from), to: to === null ? null : day(to), colour, reasons: [] });
const life = [part(1, 2, 'green'), part(2, 16, 'red'), part(16, null, 'green')];
const now = Date.parse(day(9));

/** Are all days inside the picture, and none on top of another? */
function apart(all: Bar[]): boolean {
  const from = all.flatMap((b) => (b.label ? [b.label.anchor === 'start' ? b.label.x : b.label.x - 24] : []));
  return from.every((x, i) => x >= (i === 0 ? 0 : (from[i - 1] ?? 0) + 24) && x <= 76);
}

describe('the timeline', () => {
  it('fills the picture without gaps', () => {
    const all = bars(life);
    expect(all.map((b) => b.colour)).toEqual(['green', 'red', 'green']);
    let x = 0;
    for (const b of all) {
      expect(b.x).toBeCloseTo(x);
      expect(b.width).toBeGreaterThanOrEqual(6);
      x += b.width;
    }
    expect(x).toBeCloseTo(100);
  });

  it('marks the present inside its bar', () => {
    expect(currentIndex(life, now)).toBe(1);
    const red = bars(life)[1];
    const mark = nowAt(life, now) ?? -1;
    expect(mark).toBeGreaterThan(red?.x ?? 100);
    expect(mark).toBeLessThan((red?.x ?? 0) + (red?.width ?? 0));
    expect(nowAt(life, Date.parse(day(1)) - 1)).toBeNull();
  });

  it('gives one open segment the whole picture', () => {
    expect(bars([part(1, null, 'green')])).toEqual([{ colour: 'green', x: 0, width: 100, label: { day: day(1), x: 0, anchor: 'start' } }]);
    expect(bars([])).toEqual([]);
  });

  it('shows the last ones of many, without negative widths or labels on top of each other', () => {
    const many = Array.from({ length: 40 }, (_, i) => part(i + 1, i === 39 ? null : i + 2, i % 2 ? 'yellow' : 'green'));
    const all = bars(many);
    expect(all).toHaveLength(MOST_BARS);
    expect(all.every((b) => b.width > 0)).toBe(true);
    expect(apart(all)).toBe(true);
  });

  it('writes the last day inside the picture, also of a bar at its very end', () => {
    const last = (all: Bar[]) => all.at(-1)?.label;
    expect(last(bars(life))).toEqual({ day: day(16), x: 100, anchor: 'end' });
    expect(last(bars([part(1, 2, 'green'), part(2, 40, 'red'), part(40, 41, 'green')]))).toEqual({ day: day(40), x: 100, anchor: 'end' });
    // No room for it beside the day before.
    expect(last(bars([part(1, 6, 'green'), part(6, 7, 'red'), part(7, null, 'green')]))).toBeNull();
    for (let days = 1; days < 40; days++) {
      expect(apart(bars([part(1, 1 + days, 'green'), part(1 + days, 41, 'yellow'), part(41, null, 'green')]))).toBe(true);
    }
  });
});
