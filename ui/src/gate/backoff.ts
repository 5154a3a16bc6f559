/** How long to wait after the n-th failure in a row. */
const FIRST_MS = 2_000;
const MOST_MS = 60_000;

/**
 * Doubles from two seconds to a minute, with up to half of it taken off at random so that the gates
 * of a town do not all come back in the same second. `retryAfter` (seconds), if the server named
 * one, is the least.
 *
 * @param random between 0 and 1
 */
export function waitAfter(failures: number, random: number, retryAfter: number | null = null): number {
  const full = Math.min(MOST_MS, FIRST_MS * 2 ** Math.max(0, Math.min(failures, 10) - 1));
  return Math.max(full * (1 - random / 2), (retryAfter ?? 0) * 1000);
}
