/** Divisions by `GET /v1/divisions`: each list is asked for once while the page is open. */
import { api } from './api';
import type { Lang } from './lang';
import type { DivisionRef } from './types';

const lists = new Map<string, Promise<DivisionRef[]>>();

/** Divisions directly below `parent`; without it the provinces. */
export function children(parent: string): Promise<DivisionRef[]> {
  let list = lists.get(parent);
  if (!list) {
    const query = parent === '' ? '' : `?parent=${encodeURIComponent(parent)}`;
    list = api.get<{ children: DivisionRef[] }>(`/v1/divisions${query}`).then((a) => a.children);
    // A list that could not be had is asked for again next time.
    list.catch(() => lists.delete(parent));
    lists.set(parent, list);
  }
  return list;
}

export const nameOf = (d: DivisionRef, lang: Lang): string => (lang === 'en' ? (d.name_en ?? d.name) : d.name);

/** The codes from the province down to a code: `CN-330106` is `CN-33`, `CN-3301`, `CN-330106`. */
export function chain(code: string): string[] {
  const m = /^CN-(\d{2})(\d{2})?(\d{2})?$/.exec(code);
  if (!m) return [];
  const out = [`CN-${m[1]}`];
  if (m[2]) out.push(`CN-${m[1]}${m[2]}`);
  if (m[3]) out.push(`CN-${m[1]}${m[2]}${m[3]}`);
  return out;
}

/** A division's name with those above it; a country's name; the code itself if nothing is known. */
export async function fullName(code: string, lang: Lang): Promise<string> {
  if (/^[A-Z]{2}$/.test(code)) return new Intl.DisplayNames([lang], { type: 'region' }).of(code) ?? code;
  const names: string[] = [];
  let parent = '';
  for (const c of chain(code)) {
    const found = (await children(parent)).find((d) => d.code === c);
    if (!found) break;
    names.push(nameOf(found, lang));
    parent = c;
  }
  if (names.length === 0) return code;
  return lang === 'en' ? names.reverse().join(', ') : names.join('');
}
