/** May this page be put on the home screen, and has somebody said no? */

/** What Chromium sends before it would offer it by itself; not in the type library. */
interface InstallEvent extends Event {
  prompt(): Promise<unknown>;
}

const KEY = 'jg.install';

/** On an iPhone only Safari's menu can do it, and nobody finds it there. */
export const isIosBrowser = (agent: string, standalone: boolean): boolean => !standalone && /\b(iPhone|iPad)\b/.test(agent) && /\bSafari\//.test(agent) && !/\b(CriOS|FxiOS|MicroMessenger)\b/.test(agent);

class Installer {
  #event = $state.raw<InstallEvent | null>(null);
  #refused = $state(false);

  constructor() {
    if (typeof addEventListener === 'undefined') return;
    this.#refused = kept();
    addEventListener('beforeinstallprompt', (e) => {
      e.preventDefault();
      this.#event = e as InstallEvent;
    });
    addEventListener('appinstalled', () => (this.#event = null));
  }

  /** `ask`: the browser can be asked; `ios`: it can only be said how. */
  get offer(): 'ask' | 'ios' | null {
    if (this.#refused || typeof navigator === 'undefined') return null;
    if (this.#event) return 'ask';
    return isIosBrowser(navigator.userAgent, matchMedia('(display-mode: standalone)').matches) ? 'ios' : null;
  }

  async install(): Promise<void> {
    const event = this.#event;
    this.#event = null;
    await event?.prompt().catch(() => undefined);
  }

  refuse(): void {
    this.#refused = true;
    try {
      localStorage.setItem(KEY, 'no');
    } catch {
      // Asked again the next time.
    }
  }
}

function kept(): boolean {
  try {
    return localStorage.getItem(KEY) !== null;
  } catch {
    return false;
  }
}

/** Made with the page (`main.ts`), long before anything shows it. */
export const installer = new Installer();
