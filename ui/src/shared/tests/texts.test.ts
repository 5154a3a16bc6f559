import { describe, expect, it } from 'vitest';

type Texts = Record<string, unknown>;
// Every page's dictionaries, wherever they lie: `x.zh.ts` and `x.en.ts` beside each other, or `zh.ts` and `en.ts`.
const modules = import.meta.glob<Texts>(['../../**/*.{zh,en}.ts', '../../**/{zh,en}.ts'], { eager: true });

function flatten(value: unknown, path: string, out: Map<string, unknown>): Map<string, unknown> {
  if (typeof value === 'object' && value !== null) {
    for (const [k, v] of Object.entries(value)) flatten(v, `${path}.${k}`, out);
  } else out.set(path, value);
  return out;
}

/** Any text a value can give: functions are called with plausible arguments. */
const sample = (v: unknown): string => (typeof v === 'function' ? String((v as (...a: unknown[]) => unknown)(3, 5, 7, 9)) : String(v));

const names = [...new Set(Object.keys(modules).map((p) => p.replace(/(zh|en)\.ts$/, '')))];

describe('texts', () => {
  it('finds the dictionaries', () => {
    expect(names.length).toBeGreaterThanOrEqual(10);
  });

  for (const name of names) {
    const zh = flatten(modules[`${name}zh.ts`]?.['zh'], '', new Map());
    const en = flatten(modules[`${name}en.ts`]?.['en'], '', new Map());

    it(`${name}: the same keys in both languages`, () => {
      expect([...en.keys()].sort()).toEqual([...zh.keys()].sort());
      expect(zh.size).toBeGreaterThan(0);
    });

    it(`${name}: no text is empty or says "undefined"`, () => {
      for (const [dict, lang] of [[zh, 'zh'], [en, 'en']] as const) {
        for (const [key, value] of dict) {
          const text = sample(value);
          expect(text.trim(), `${lang}${key}`).not.toBe('');
          expect(text, `${lang}${key}`).not.toMatch(/undefined|NaN|\[object/);
        }
      }
    });

    it(`${name}: functions take the same number of parts`, () => {
      for (const [key, value] of zh) {
        const other = en.get(key);
        expect(typeof other, key).toBe(typeof value);
        if (typeof value === 'function') expect((other as { length: number }).length, key).toBe((value as { length: number }).length);
      }
    });

    it(`${name}: English has no Chinese in it`, () => {
      for (const [key, value] of en) {
        if (key === '.otherLanguage') continue;
        expect(sample(value), key).not.toMatch(/[\u4e00-\u9fff]/);
      }
    });
  }
});
