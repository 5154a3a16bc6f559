/** Numbers as this page writes them. */
import type { Lang } from '../../shared/i18n';

const locale = (lang: Lang): string => (lang === 'zh' ? 'zh-CN' : 'en-GB');

export const count = (lang: Lang, n: number): string => n.toLocaleString(locale(lang));

/**
 * A part of a hundred, cut and never rounded up: 0.999 must not look like 1 where 1 is the limit.
 * Something that is not nothing is never written as 0.
 */
export function percent(lang: Lang, p: number): string {
  const digits = p < 10 ? 2 : 1;
  const cut = Math.floor(p * 10 ** digits + 1e-9) / 10 ** digits;
  // The sign stays with its number.
  const space = lang === 'zh' ? '' : '\u00a0';
  if (p > 0 && cut === 0) return `< 0.01${space}%`;
  return `${cut.toLocaleString(locale(lang), { maximumFractionDigits: digits })}${space}%`;
}

/** How many of how many, in percent; nothing of nothing is nothing. */
export const shareOf = (n: number, of: number): number => (of === 0 ? 0 : (n / of) * 100);

/** A change with its sign. */
export const signed = (lang: Lang, n: number): string =>
  n === 0 ? '±0' : `${n > 0 ? '+' : '−'}${count(lang, Math.abs(n))}`;
