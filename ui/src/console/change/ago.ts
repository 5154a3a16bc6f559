/** How long ago, or how long yet, in the largest unit that says something. */
import type { Lang } from '../../shared/i18n';

const UNITS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

export function ago(lang: Lang, at: string, now: number): string {
  const seconds = (Date.parse(at) - now) / 1000;
  if (!Number.isFinite(seconds)) return '—';
  const f = new Intl.RelativeTimeFormat(lang, { numeric: 'auto' });
  const [unit, size] = UNITS.find(([, n]) => Math.abs(seconds) >= n) ?? ['minute', 60];
  return f.format(Math.trunc(seconds / size), unit);
}
