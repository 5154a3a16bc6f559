import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compactNumber, tidyName, typedPhone } from '../typed';

const file = new URL('../../../../data/typed-cases.json', import.meta.url);
const cases = JSON.parse(readFileSync(file, 'utf8')) as Record<'numbers' | 'names' | 'phones', [string, string | null][]>;

describe('what people type is what the server makes of it', () => {
  it.each(cases.numbers)('number %j', (typed, kept) => {
    const got = compactNumber(typed);
    expect(/^[A-Z0-9]+$/.test(got) ? got : null).toBe(kept);
  });
  it.each(cases.names)('name %j', (typed, kept) => {
    expect(tidyName(typed)).toBe(kept);
  });
  it.each(cases.phones)('phone %j', (typed, kept) => {
    expect(typedPhone(typed)).toBe(kept);
  });
});
