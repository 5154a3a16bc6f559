/**
 * The hand scanner as the page sees it: keys and text come in, codes go out. Keys of a burst reach
 * nothing else on the page, nor the browser (Ctrl+J would open its downloads).
 */
import { isWhole } from './codes';
import { Wedge, type Where, type WedgeAnswer } from './wedge';

const ANDROID = /\bAndroid\b/;
const TYPED_INTO = 'input:not([type=radio]):not([type=checkbox]), select, textarea';

export class Scanner {
  readonly #wedge = new Wedge(isWhole);
  readonly #read: (text: string) => void;
  #catcher: HTMLTextAreaElement | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Keys came in, but no code can be read: the scanner is set to something else. */
  unread = $state(false);
  /** This device's scanner puts its text into the field that has the focus. */
  byText = $state(false);

  constructor(read: (text: string) => void) {
    this.#read = read;
  }

  /** The hidden field that catches text: it has the focus whenever nothing else has. */
  catching(field: HTMLTextAreaElement): () => void {
    const before = this.#catcher;
    this.#catcher = field;
    this.#settle();
    return () => {
      if (this.#catcher === field) this.#catcher = before;
      this.#settle();
    };
  }

  keydown(e: KeyboardEvent): void {
    // A key that is held down repeats; a scanner's does not.
    if (e.repeat) return;
    const where = this.#where(e.target);
    if (where === 'page' && e.code === '' && e.key === 'Unidentified') this.#catcher?.focus({ preventScroll: true });
    this.#take(this.#wedge.press(e, e.timeStamp, where), e);
  }

  keyup(e: KeyboardEvent): void {
    this.#take(this.#wedge.release(e, e.timeStamp), e);
  }

  /** Text was put into the hidden field. */
  typed(e: Event): void {
    if (e.target !== this.#catcher || !this.#catcher) return;
    this.byText = true;
    this.#take(this.#wedge.typed(this.#catcher.value, e.timeStamp));
  }

  /**
   * A tap took the focus to something that nobody types into. Only where scanners type by text: the
   * focus of somebody who uses a keyboard or a screen reader stays where it is.
   */
  tapped(e: MouseEvent): void {
    if (e.detail > 0 && (this.byText || ANDROID.test(navigator.userAgent))) this.#settle();
  }

  /** Somebody's focus is gone: text that a scanner types must not fall into nothing. */
  unfocused(): void {
    setTimeout(() => {
      if (document.activeElement === null || document.activeElement === document.body) this.#settle();
    });
  }

  #settle(): void {
    const on = document.activeElement;
    if (on?.matches(TYPED_INTO) !== true) this.#catcher?.focus({ preventScroll: true });
  }

  #where(target: EventTarget | null): Where {
    if (target === this.#catcher) return 'catch';
    return target instanceof Element && target.matches(TYPED_INTO) ? 'field' : 'page';
  }

  #take(answer: WedgeAnswer, e?: KeyboardEvent): void {
    if (answer.swallow && e) {
      e.preventDefault();
      e.stopPropagation();
    }
    if (answer.wait !== undefined) this.#later(answer.wait);
    if (answer.text === undefined && answer.unread === undefined) return;
    clearTimeout(this.#timer);
    this.#empty();
    this.unread = answer.unread === true;
    if (answer.text !== undefined) this.#read(answer.text);
  }

  #later(wait: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const answer = this.#wedge.rest(performance.now(), this.#where(document.activeElement));
      this.#take(answer);
      if (answer.wait === undefined && this.#catcher) this.#catcher.value = '';
    }, wait);
  }

  /** What was scanned must not stay in a field, to be scanned once more or sent by a form. */
  #empty(): void {
    const on = document.activeElement;
    if (this.#catcher) this.#catcher.value = '';
    if (!(on instanceof HTMLInputElement) || this.#where(on) !== 'field') return;
    on.value = '';
    on.dispatchEvent(new Event('input', { bubbles: true }));
  }
}
