import { describe, expect, it } from 'vitest';
import { Burst, SILENCE } from './reader';

/** Types so many characters with so many milliseconds between them; says when the last one came. */
function type(b: Burst, n: number, gap: number, from = 0): number {
  for (let i = 1; i <= n; i++) b.typed(i, from + i * gap);
  return from + n * gap;
}

describe('a burst', () => {
  it('of a reader ends by silence, whatever keys are between its lines', () => {
    for (const gap of [1, 20, 120]) {
      const b = new Burst();
      const end = type(b, 44, gap);
      expect(b.key('Enter', end + gap)).toBe('line');
      expect(b.key('Tab', end + gap)).toBe('line');
      expect(b.finished(end + SILENCE - 1)).toBe(false);
      expect(b.finished(end + SILENCE)).toBe(true);
    }
  });

  it('that is pasted is one of a reader', () => {
    const b = new Burst();
    b.typed(90, 5);
    expect(b.quick()).toBe(true);
  });

  it('of somebody who types ends by Enter only, and Tab moves on', () => {
    const b = new Burst();
    const end = type(b, 18, 250);
    expect(b.quick()).toBe(false);
    expect(b.finished(end + 10_000)).toBe(false);
    expect(b.key('Tab', end + 100)).toBe('itself');
    expect(b.key('Enter', end + 100)).toBe('read');
    expect(b.key('a', end + 100)).toBe('itself');
  });

  it('is no trap: Tab moves on once the reader is silent', () => {
    const b = new Burst();
    const end = type(b, 90, 2);
    expect(b.key('Tab', end + SILENCE + 1)).toBe('itself');
    expect(b.key('Enter', end + SILENCE + 1)).toBe('read');
  });

  it('begins anew when the field was emptied', () => {
    const b = new Burst();
    type(b, 44, 2);
    b.clear();
    expect(b.quick()).toBe(false);
    expect(b.key('Enter', 100)).toBe('read');
  });
});
