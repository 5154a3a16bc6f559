/**
 * Whose code is shown: the reader's own, or that of somebody they care for. Kept for this tab only,
 * so that a page opened anew begins with the reader's own.
 */
import { setPerson } from '../shared/api';

export interface Person {
  id: string;
  name: string;
}

const KEY = 'jg.acting';

function kept(): Person | null {
  try {
    const p = JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as Partial<Person> | null;
    return typeof p?.id === 'string' && typeof p.name === 'string' ? { id: p.id, name: p.name } : null;
  } catch {
    return null;
  }
}

class Acting {
  /** `null`: the reader themselves. */
  person = $state<Person | null>(null);

  constructor() {
    if (typeof sessionStorage === 'undefined') return;
    this.as(kept());
  }

  as(person: Person | null): void {
    this.person = person;
    setPerson(person?.id ?? null);
    try {
      if (person) sessionStorage.setItem(KEY, JSON.stringify(person));
      else sessionStorage.removeItem(KEY);
    } catch {
      // Then it lasts as long as the page.
    }
  }
}

export const acting = new Acting();
