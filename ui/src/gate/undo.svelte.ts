/**
 * Whoever was let in against a code, or without one, can be taken back for ten seconds: a wrong tap in
 * the rain. Only then is it sent; a page that is closed meanwhile sends it when it is opened again.
 */
import type { Override, Result, ScanQueue, ScanRow } from './queue';

/** Milliseconds for which an override can be taken back. */
export const UNDO_MS = 10_000;

export interface Undoable {
  reason: Override;
  /** What the code came to before; `null`: there was none, and no scan is left when it is undone. */
  before: Result | null;
  /** The scan that waits; `null`: it could not be kept. */
  row: Promise<ScanRow | null>;
  /** Ends the ten seconds. */
  timer?: ReturnType<typeof setTimeout>;
}

export class Undoables {
  readonly #queue: Pick<ScanQueue, 'change' | 'undo'>;
  readonly #changed: () => void;
  readonly #failed: () => void;
  /** Those that can still be taken back, newest first. */
  list = $state.raw<Undoable[]>([]);

  /** `changed`: a scan may be sent, or is gone; `failed`: the device's disk did not take it. */
  constructor(queue: Pick<ScanQueue, 'change' | 'undo'>, changed: () => void, failed: () => void) {
    this.#queue = queue;
    this.#changed = changed;
    this.#failed = failed;
  }

  add(it: Undoable): Undoable {
    this.list = [it, ...this.list];
    it.timer = setTimeout(() => void this.confirm(it), UNDO_MS);
    return it;
  }

  /** It was right: it may be sent. */
  async confirm(it: Undoable): Promise<void> {
    await this.#end(it, (row) => this.#queue.change({ ...row, held: false }));
  }

  /** It was wrong: the code counts as it was, and nobody was let in without one. */
  async undo(it: Undoable): Promise<void> {
    await this.#end(it, (row) =>
      it.before === null ? this.#queue.undo(row) : this.#queue.change({ ...row, override: null, local: it.before, held: false }),
    );
  }

  async #end(it: Undoable, act: (row: ScanRow) => Promise<void>): Promise<void> {
    // The second of two taps, or a tap in the moment in which the time ran out.
    if (!this.list.includes(it)) return;
    this.list = this.list.filter((other) => other !== it);
    clearTimeout(it.timer);
    const row = await it.row;
    if (row) await act(row).catch(() => this.#failed());
    this.#changed();
  }
}
