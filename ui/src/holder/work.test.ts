import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { hasher, solve } from './work';

function zeroBits(text: string): number {
  const hash = createHash('sha256').update(text).digest('hex');
  const bits = [...hash].map((c) => parseInt(c, 16).toString(2).padStart(4, '0')).join('');
  return bits.indexOf('1');
}

describe('the calculation before a code', () => {
  it('hashes as SHA-256 does, whatever the length', () => {
    for (const length of [0, 1, 40, 53, 54, 55, 60, 62, 63, 64, 71, 118, 119, 127, 128, 200]) {
      const text = 'p'.repeat(length);
      const bits = hasher(text);
      for (let n = 0; n < 200; n += 7) expect(bits(n * 977)).toBe(zeroBits(`${text}:${n * 977}`));
    }
  });
  it('finds a number that solves the puzzle', async () => {
    const puzzle = { puzzle: '1669780800.10.0123456789abcdef01234567.0123456789abcdef0123456789abcdef', bits: 10 };
    const proof = await solve(puzzle);
    expect(zeroBits(`${proof.puzzle}:${proof.nonce}`)).toBeGreaterThanOrEqual(10);
  });
});
