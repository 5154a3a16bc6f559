/** What the guards of this device have chosen; kept on it, and there again after it was switched off. */
import type { Direction } from './queue';

export interface Choices {
  direction: Direction;
  /** Tones of a verdict. */
  sound: boolean;
  /** The verdict is also said aloud. */
  voice: boolean;
  vibration: boolean;
  /** Show the camera's picture mirrored; `null`: if it is one that looks at whoever holds the device. */
  mirror: boolean | null;
  /** How many people may be inside; `null`: there is no limit. */
  limit: number | null;
}

export const DEFAULTS: Choices = { direction: 'in', sound: true, voice: false, vibration: true, mirror: null, limit: null };

/** The highest limit that can be set. */
export const MOST_INSIDE = 99_999;

const KEY = 'jg.gate.settings';
type Kept = Pick<Storage, 'getItem' | 'setItem'>;

/** A limit as somebody typed it: `null` for none, `undefined` for what is no limit. */
export function limitOf(text: string): number | null | undefined {
  const digits = text.normalize('NFKC').trim();
  if (digits === '') return null;
  const n = /^\d{1,6}$/.test(digits) ? Number(digits) : NaN;
  return n >= 1 && n <= MOST_INSIDE ? n : undefined;
}

/** What was kept, each value by itself: one that makes no sense is as at the beginning. */
export function readChoices(text: string | null): Choices {
  let raw: Partial<Record<keyof Choices, unknown>> = {};
  try {
    const parsed: unknown = JSON.parse(text ?? '{}');
    if (typeof parsed === 'object' && parsed !== null) raw = parsed;
  } catch {
    // As at the beginning.
  }
  const flag = (key: 'sound' | 'voice' | 'vibration') => (typeof raw[key] === 'boolean' ? raw[key] : DEFAULTS[key]);
  return {
    direction: raw.direction === 'out' ? 'out' : 'in',
    sound: flag('sound'),
    voice: flag('voice'),
    vibration: flag('vibration'),
    mirror: typeof raw.mirror === 'boolean' ? raw.mirror : null,
    limit: typeof raw.limit === 'number' ? (limitOf(String(raw.limit)) ?? null) : null,
  };
}

export class Settings {
  readonly #storage: Kept;
  #choices = $state.raw<Choices>(DEFAULTS);

  constructor(storage: Kept) {
    this.#storage = storage;
    try {
      this.#choices = readChoices(storage.getItem(KEY));
    } catch {
      // A browser that keeps nothing begins each time as at first.
    }
  }

  get now(): Choices {
    return this.#choices;
  }

  set(part: Partial<Choices>): void {
    this.#choices = { ...this.#choices, ...part };
    try {
      this.#storage.setItem(KEY, JSON.stringify(this.#choices));
    } catch {
      // It holds until the page is closed.
    }
  }
}
