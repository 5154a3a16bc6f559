import { describe, expect, it } from 'vitest';
import { ago } from './ago';
import { path, peak, points, ticks } from './chart';
import { compare } from './compare';
import { confinedShare, openAtFirst, toggled, tree, visible, type Node } from './divisions';
import { count, percent, shareOf, signed } from './numbers';
import { offsetOf, placeOf } from './place';
import { powerFor } from './power';
import { segments } from './samples';
import type { AttachedWhatIf, DivisionChange, WhatIfResult } from './types';

describe('numbers', () => {
  it('are cut, never rounded up to a limit, and never nothing where there is something', () => {
    expect(percent('en', 0.999)).toBe('0.99\u00a0%');
    expect(percent('en', 1)).toBe('1\u00a0%');
    expect(percent('en', 9.999)).toBe('9.99\u00a0%');
    expect(percent('en', 94.174)).toBe('94.1\u00a0%');
    expect(percent('en', 0.29)).toBe('0.29\u00a0%');
    expect(percent('zh', 0.0004)).toBe('< 0.01%');
    expect(percent('en', 0)).toBe('0\u00a0%');
    expect(percent('zh', 100)).toBe('100%');
  });
  it('carry a sign and separators', () => {
    expect([signed('en', 1200), signed('en', -3), signed('en', 0)]).toEqual(['+1,200', '−3', '±0']);
    expect(count('zh', 1_234_567)).toBe('1,234,567');
    expect(shareOf(0, 0)).toBe(0);
    expect(shareOf(1, 8)).toBe(12.5);
  });
});

const row = (division: string, confined: number, people = 100, free = 0): DivisionChange => ({
  division,
  people,
  before: { green: people, yellow: 0, red: 0 },
  after: { green: people - confined, yellow: confined, red: 0 },
  newly_confined: confined,
  newly_free: free,
});
const codes = (nodes: readonly Node[]) => nodes.map((n) => n.row.division).join(' ');

describe('divisions', () => {
  // As they may come: in no order; a township under a city without counties; another country.
  const rows = [row('CN-330106', 5), row('JP', 0), row('CN-33', 6), row('CN', 7), row('CN-3301', 6), row('CN-441900003', 1), row('CN-4419', 1), row('CN-330110', 1, 10), row('US-NY', 0)];
  const all = new Set(rows.map((r) => r.division));
  it('hang under the nearest one above that is there', () => {
    const nodes = tree(rows);
    expect(nodes.map((n) => n.row.division).sort()).toEqual(['CN', 'JP', 'US-NY']);
    expect(codes(visible(nodes, all, 'division', false, false))).toBe('CN CN-33 CN-3301 CN-330106 CN-330110 CN-4419 CN-441900003 JP US-NY');
    const depth = (code: string) => visible(nodes, all, 'division', false, false).find((n) => n.row.division === code)?.depth;
    expect([depth('CN'), depth('CN-330110'), depth('CN-441900003'), depth('US-NY')]).toEqual([0, 3, 2, 0]);
  });
  it('are sorted among their siblings, and are seen only below what is open', () => {
    const nodes = tree(rows);
    const open = new Set(['CN', 'CN-33', 'CN-3301']);
    expect(codes(visible(nodes, open, 'newly_confined', true, true))).toBe('CN CN-33 CN-3301 CN-330106 CN-330110 CN-4419');
    expect(codes(visible(nodes, open, 'share', true, true))).toBe('CN CN-33 CN-3301 CN-330110 CN-330106 CN-4419');
    expect(codes(visible(nodes, new Set(), 'newly_confined', true, false))).toBe('CN JP US-NY');
    expect(confinedShare(row('CN', 0, 0))).toBe(0);
  });
  it('open at first on the way to the worst', () => {
    expect([...openAtFirst(tree(rows), 'CN-330106')].sort()).toEqual(['CN', 'CN-33', 'CN-3301']);
    expect([...openAtFirst(tree(rows), null)]).toEqual([]);
    expect([...openAtFirst(tree([row('CN', 1), row('CN-33', 1)]), null)]).toEqual(['CN']);
    expect([...toggled(toggled(new Set(['CN']), 'JP'), 'CN')]).toEqual(['JP']);
  });
});

describe('the chart', () => {
  it('has round marks up to the greatest value', () => {
    expect(ticks(0)).toEqual([0, 1]);
    expect(ticks(3)).toEqual([0, 1, 2, 3]);
    expect(ticks(134)).toEqual([0, 50, 100, 150]);
    for (const max of [1, 7, 99, 100, 101, 12_345, 9_999_999]) {
      const t = ticks(max);
      expect(t.at(-1)).toBeGreaterThanOrEqual(max);
      expect(t.length).toBeLessThan(8);
    }
  });
  it('draws 0 at the bottom and the greatest mark at the top', () => {
    const box = { left: 10, right: 110, top: 5, bottom: 105 };
    expect(points([0, 50, 100], 100, box)).toEqual([{ x: 10, y: 105 }, { x: 60, y: 55 }, { x: 110, y: 5 }]);
    expect(points([1], 0, box)).toEqual([{ x: 10, y: 105 }]);
    expect(path(points([0, 100], 100, box))).toBe('M10.0 105.0L110.0 5.0');
    expect(path([])).toBe('');
    expect(peak([1, 9, 9, 2])).toEqual({ value: 9, at: 1 });
    expect(peak([])).toEqual({ value: 0, at: 0 });
  });
});

describe('a place in a text', () => {
  it('is counted in characters as people count them', () => {
    const text = 'a = 1\n𠮷𠮷 = "x"\nend';
    expect(offsetOf(text, 1, 1)).toBe(0);
    expect(text.slice(offsetOf(text, 2, 3))).toBe(' = "x"\nend');
    expect(placeOf(text, 1, 5)).toEqual({ from: 4, to: 5 });
    expect(placeOf(text, 3, 1)).toEqual({ from: text.length - 3, to: text.length });
  });
  it('is never outside', () => {
    expect(offsetOf('ab', 9, 1)).toBe(2);
    expect(offsetOf('ab\ncd', 1, 99)).toBe(2);
    expect(offsetOf('', 1, 1)).toBe(0);
  });
});

describe('how long ago', () => {
  const now = Date.UTC(2022, 2, 1, 12);
  it('is said in the largest unit', () => {
    expect(ago('en', '2022-03-01T09:00:00Z', now)).toBe('3 hours ago');
    expect(ago('en', '2022-03-02T11:59:00Z', now)).toBe('in 23 hours');
    expect(ago('en', '2022-02-20T12:00:00Z', now)).toBe('9 days ago');
    expect(ago('en', '2022-03-01T11:59:30Z', now)).toBe('this minute');
    expect(ago('en', 'never', now)).toBe('—');
  });
});

describe('a proposal', () => {
  const result = (confined: number, places: number[]): WhatIfResult => ({
    at: '2022-03-01T00:00:00Z',
    people: 10,
    with_evidence: 1,
    policy_before: { id: 'x', version: 1, digest: '' },
    policy_after: { id: 'x', version: 2, digest: '' },
    before: { green: 10, yellow: 0, red: 0 },
    after: { green: 10 - confined, yellow: confined, red: 0 },
    newly_confined: confined,
    newly_free: 0,
    more_severe: confined,
    less_severe: 0,
    newly_confined_without_lab_case: 1,
    divisions: [],
    rules: [],
    places: places.map((after, i) => ({ day: `2022-03-0${i + 1}`, before: 0, after })),
    samples: [],
  });
  const attached = (confined: number, places: number[]): AttachedWhatIf => ({ result: result(confined, places), needs_second_officer: false, confined_people: confined, share: null, made_at: '2022-03-01T00:00:00Z', differences: [] });
  it('is compared with what it would do at its decision', () => {
    const rows = compare(attached(4, [1, 3, 2]), attached(6, []));
    expect(rows.find((r) => r.measure === 'confined')).toEqual({ measure: 'confined', first: 4, later: 6 });
    expect(rows.find((r) => r.measure === 'green')).toEqual({ measure: 'green', first: 6, later: 4 });
    expect(rows.find((r) => r.measure === 'places')).toEqual({ measure: 'places', first: 3, later: 0 });
  });
  it('takes the power of its kind', () => {
    expect([powerFor({ kind: 'policy' }), powerFor({ kind: 'region' })]).toEqual(['publish_policy', 'set_region']);
  });
});

describe('a sample', () => {
  it('names its rules by their titles', () => {
    const rules = [{ rule: 'a', title: { en: 'A', zh: '甲' }, before: 0, after: 1 }];
    const [s] = segments([{ from: '2022-03-01T00:00:00Z', to: null, colour: 'red', rules: ['a', 'new'] }], rules);
    expect(s?.reasons.map((r) => r.title['en'])).toEqual(['A', 'new']);
    expect(s?.reasons.every((r) => Object.keys(r.ends).length === 0)).toBe(true);
  });
});
