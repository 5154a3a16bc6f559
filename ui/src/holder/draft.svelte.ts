/**
 * What somebody has typed on the way to a code. It is kept for this tab only (sessionStorage), so
 * that a reload or a slow message service loses nothing, and removed once they are signed in.
 */
import type { ChallengeSent, DocumentType } from '../shared/openapi';

export interface Registration {
  name: string;
  docType: DocumentType;
  number: string;
  country: string;
  byMrz: boolean;
  mrz: string;
  nationality: string;
  phone: string;
  /** Whose number it is, where it does not begin with + (ISO 3166-1 alpha-2). */
  phoneCountry: string;
  home: string;
  /** Day of birth, of somebody to be cared for. */
  born: string;
}

const KEY = 'jg.draft';

const empty = (): Registration => ({
  name: '',
  docType: 'resident_id',
  number: '',
  country: '',
  byMrz: false,
  mrz: '',
  nationality: 'CN',
  phone: '',
  phoneCountry: 'CN',
  home: '',
  born: '',
});

class Draft {
  /** `person`, `phone` and `join` are asked for by somebody signed in. */
  step = $state<'welcome' | 'register' | 'sign_in' | 'person' | 'phone' | 'join'>('welcome');
  registration = $state<Registration>(empty());
  phone = $state('');
  phoneCountry = $state('CN');
  challenge = $state<ChallengeSent | null>(null);

  constructor() {
    try {
      const kept = JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as Partial<Draft> | null;
      if (!kept) return;
      this.registration = { ...empty(), ...kept.registration };
      this.phone = kept.phone ?? '';
      this.phoneCountry = kept.phoneCountry ?? 'CN';
      this.step = kept.step ?? 'welcome';
      this.challenge = kept.challenge ?? null;
    } catch {
      // An unreadable draft is no draft.
    }
  }

  save(): void {
    try {
      const { step, registration, phone, phoneCountry, challenge } = this;
      sessionStorage.setItem(KEY, JSON.stringify({ step, registration, phone, phoneCountry, challenge }));
    } catch {
      // Then it lasts as long as the page.
    }
  }

  clear(): void {
    this.step = 'welcome';
    this.registration = empty();
    this.phone = '';
    this.phoneCountry = 'CN';
    this.challenge = null;
    try {
      sessionStorage.removeItem(KEY);
    } catch {
      // Nothing was kept then.
    }
  }
}

export const draft = new Draft();
