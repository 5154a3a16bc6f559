/** Divisions by `GET /v1/divisions`: each list is asked for once while the page is open. */
import { api } from './api';
import type { Lang } from './lang';
import type { DivisionRef } from './types';

const lists = new Map<string, Promise<DivisionRef[]>>();

/** Divisions directly below `parent`; without it the provinces. */
export function children(parent: string): Promise<DivisionRef[]> {
  let list = lists.get(parent);
  if (!list) {
    const query = parent === '' ? '' : (`?parent=${encodeURIComponent(parent)}` as const);
    list = api.get(`/v1/divisions${query}`, { cache: 'default' }).then((a) => a.children);
    // A list that could not be had is asked for again next time.
    list.catch(() => lists.delete(parent));
    lists.set(parent, list);
  }
  return list;
}

/** A division's own name. Its English text names those above it too, smallest first. */
export const nameOf = (d: DivisionRef, lang: Lang): string =>
  lang === 'en' ? (d.name_en?.split(', ')[0] ?? d.name) : d.name;

/**
 * The codes from the province down to a code: `CN-330106` is `CN-33`, `CN-3301`, `CN-330106`. A
 * township of a city without counties (`CN-441900003`) hangs under the city.
 */
export function chain(code: string): string[] {
  const digits = /^CN-((?:\d\d){1,3}|\d{9})$/.exec(code)?.[1] ?? '';
  return [2, 4, 6, 9]
    .filter((n) => digits.length >= n && !(n === 6 && digits.length > 6 && digits.slice(4, 6) === '00'))
    .map((n) => `CN-${digits.slice(0, n)}`);
}

/** What is known of a division by the list that it is in; a country has its name only. */
async function find(code: string, lang: Lang): Promise<DivisionRef | undefined> {
  if (/^[A-Z]{2}$/.test(code)) return { code, name: new Intl.DisplayNames([lang], { type: 'region' }).of(code) ?? code };
  const parent = chain(code).at(-2) ?? '';
  return (await children(parent)).find((d) => d.code === code);
}

/** A division's name with those above it; a country's name; the code itself if nothing is known. */
export async function fullName(code: string, lang: Lang): Promise<string> {
  const found = await find(code, lang);
  if (!found) return code;
  return lang === 'en' ? (found.name_en ?? found.name) : (found.full_name ?? found.name);
}

/** A division's own name, for where those above it are seen anyway. */
export async function ownName(code: string, lang: Lang): Promise<string> {
  const found = await find(code, lang);
  return found ? nameOf(found, lang) : code;
}
