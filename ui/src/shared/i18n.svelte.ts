/**
 * Texts in Chinese and English. A page's dictionary is a plain object in `texts/`; the Chinese one
 * gives the type, so a key that is missing or superfluous in English does not compile. Values with
 * parts are functions.
 *
 *     // texts/gate.zh.ts        export const zh = { hello: '你好', n: (n: number) => `${n} 人` };
 *     // texts/gate.en.ts        export const en: Dict<typeof zh> = { hello: 'Hello', n: (n) => `${n} people` };
 *     // gate/text.ts            export const t = dictionary({ zh, en });
 *     // in a component          {t().hello}
 */
import { chooseLang, readStoredLang, storeLang, type Lang } from './lang';
import type { Texts } from './types';

export type { Lang } from './lang';

/** The same keys with the same shapes, but any text. */
export type Dict<T> = {
  [K in keyof T]: T[K] extends string
    ? string
    : T[K] extends (...args: infer A) => string
      ? (...args: A) => string
      : T[K] extends object
        ? Dict<T[K]>
        : never;
};

const state = $state<{ lang: Lang }>({
  lang:
    typeof navigator === 'undefined'
      ? 'zh'
      : chooseLang(readStoredLang(), navigator.languages ?? [navigator.language]),
});

const tag: Record<Lang, string> = { zh: 'zh-Hans', en: 'en' };

function markDocument(): void {
  if (typeof document !== 'undefined') document.documentElement.lang = tag[state.lang];
}
markDocument();

/** The language in force; reactive inside components. */
export const lang = (): Lang => state.lang;

/** Switches the language and remembers it on this device. */
export function setLang(next: Lang): void {
  state.lang = next;
  storeLang(next);
  markDocument();
}

/** A reader for one page's texts in the language in force. */
export function dictionary<T>(texts: { zh: T; en: Dict<T> }): () => T {
  // `Dict<T>` is `T` with every literal widened, so the two can stand for each other.
  return () => (state.lang === 'zh' ? texts.zh : (texts.en as unknown as T));
}

/** A text that the server sent in several languages. */
export function pick(texts: Texts | null | undefined): string {
  if (!texts) return '';
  return texts[state.lang] ?? texts['en'] ?? texts['zh'] ?? Object.values(texts)[0] ?? '';
}
