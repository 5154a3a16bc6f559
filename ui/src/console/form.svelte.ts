/** One form: is it busy, what went wrong, and with which field. */
import { ApiError } from '../shared/api';
import { explain } from '../shared/common';
import { t } from './text';

export class Form {
  busy = $state(false);
  error = $state.raw<unknown>(null);
  /** Fields that this page itself found wrong. */
  own = $state.raw<Record<string, string>>({});

  /** Does one thing; a second click while it is under way does nothing. Says whether it worked. */
  async run(work: () => Promise<void>, check: Record<string, string | false | null> = {}): Promise<boolean> {
    if (this.busy) return false;
    const wrong = Object.entries(check).filter((e): e is [string, string] => typeof e[1] === 'string' && e[1] !== '');
    this.own = Object.fromEntries(wrong);
    this.error = null;
    if (wrong.length > 0) return false;
    this.busy = true;
    try {
      await work();
      return true;
    } catch (e) {
      this.error = e;
      return false;
    } finally {
      this.busy = false;
    }
  }

  /** What is wrong with a field, if anything. */
  field(...names: string[]): string {
    for (const name of names) {
      const own = this.own[name];
      if (own) return own;
      const wrong = this.error instanceof ApiError ? this.error.errors.find((e) => e.field === name) : undefined;
      if (wrong) return errorByCode(wrong.code) ?? wrong.detail;
    }
    return '';
  }

  /** What went wrong as a whole; empty if nothing did. */
  get message(): string {
    return this.error === null ? '' : explain(this.error, t().errors as Record<string, string>);
  }
}

export function errorByCode(code: string): string | undefined {
  const texts = t().errors as Record<string, string>;
  return Object.hasOwn(texts, code) ? texts[code] : undefined;
}
