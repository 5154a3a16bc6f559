import { beforeEach, describe, expect, it } from 'vitest';
import { Lock, pinOf, waitAfter } from './lock.svelte';

/** What a device keeps. */
class Kept {
  readonly values = new Map<string, unknown>();
  get = async <T>(name: string) => this.values.get(name) as T | undefined;
  set = async (name: string, value: unknown) => void this.values.set(name, value);
}

let kept: Kept;
let now = 1_000_000;
const lock = async (): Promise<Lock> => {
  const made = new Lock(kept, () => now);
  await made.load();
  return made;
};
beforeEach(() => {
  kept = new Kept();
});

describe('a gate that nobody stands at', () => {
  it('is locked, opened by its digits only, and still locked when it is opened anew', async () => {
    const first = await lock();
    expect([first.locked, first.chosen]).toEqual([false, false]);
    await first.lockWith('4711');
    const again = await lock();
    expect(again.locked).toBe(true);
    expect(await again.open('4712')).toBe(false);
    expect(again.locked).toBe(true);
    expect(await again.open('4711')).toBe(true);
    expect([again.locked, again.chosen]).toEqual([false, true]);
    await again.lock();
    expect((await lock()).locked).toBe(true);
    expect(JSON.stringify([...kept.values])).not.toContain('4711');
  });

  it('takes no more tries for a while after five wrong ones, however often it is opened anew', async () => {
    await (await lock()).lockWith('4711');
    for (let i = 0; i < 5; i++) expect(await (await lock()).open('0000')).toBe(false);
    const late = await lock();
    expect(late.until).toBe(now + waitAfter(5));
    expect(await late.open('4711')).toBe(false);
    now = late.until;
    expect(await late.open('4711')).toBe(true);
    expect(late.until).toBe(0);
  });

  it('waits longer each time, up to a quarter of an hour', () => {
    expect([1, 4, 5, 6, 7, 60].map(waitAfter)).toEqual([0, 0, 15_000, 30_000, 60_000, 900_000]);
  });

  it.each([
    ['4711', '4711'],
    ['１２３４５', '12345'],
    ['123', null],
    ['123456789', null],
    ['12a4', null],
  ])('digits “%s”', (text, pin) => {
    expect(pinOf(text)).toBe(pin);
  });
});
