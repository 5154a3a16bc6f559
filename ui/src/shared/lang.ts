/** Choosing a language, without any framework (tests use it directly). */
export type Lang = 'zh' | 'en';
export const LANGS: readonly Lang[] = ['zh', 'en'];
const KEY = 'jg.lang';

/** A language tag (`zh-Hant-TW`, `en_US`) as one of ours. */
export function parseLang(tag: string | null | undefined): Lang | null {
  const primary = (tag ?? '').toLowerCase().split(/[-_]/)[0];
  return LANGS.find((l) => l === primary) ?? null;
}

/** The stored choice, else the first language of the browser that we speak; for whoever speaks others English, and Chinese if nothing is known. */
export function chooseLang(stored: string | null, browser: readonly string[]): Lang {
  for (const tag of [stored, ...browser]) {
    const lang = parseLang(tag);
    if (lang) return lang;
  }
  return browser.some((tag) => tag !== '') ? 'en' : 'zh';
}

export function readStoredLang(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

export function storeLang(lang: Lang): void {
  try {
    localStorage.setItem(KEY, lang);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}
