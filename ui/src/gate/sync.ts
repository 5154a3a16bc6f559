/**
 * Keeps the gate and the server together: sends waiting scans in batches, fetches keys, counts and
 * rules, renews the session. Everything may fail at any time; nothing is lost by it.
 */
import { backoffDelay } from '../shared/api';
import { parseColour, type Colour } from '../shared/colour';
import type { PaperAnswer, PaperQuestion } from '../shared/openapi';
import type { GateDb } from './db';
import { sessionEnds, signIn, type Device } from './device';
import type { Rules } from './judge';
import { readKeySet, type GateKeySet } from './keys';
import { body, isFinal, type Counts, type ScanQueue, type ScanRow } from './queue';
import type { Failure, GateInfo, GateServer } from './server';
import { readStatusList, type PaperList } from './status-list';

/** What the gate knows of the server's world; kept on disk. */
export interface Known extends Rules {
  label: string;
  place: GateInfo['place'];
  counts: Counts;
  /** The day of the counts, `2022-03-08`. */
  day: string;
}

const KNOWN = 'known';
const PAPERS = 'papers';
/** Keys, counts and rules are fetched again after this time. */
const REFRESH_MS = 60_000;

export interface SyncState {
  known: Known | null;
  /** Milliseconds by the server's clock since when it has not answered; `null`: it did. */
  offlineSince: number | null;
  /** The server has refused this gate (revoked, or not its key): enrol again. */
  refused: string | null;
  /** How codes on paper stood when the server was last heard. */
  papers: PaperList | null;
}

export interface SyncParts {
  db: GateDb;
  queue: ScanQueue;
  server: GateServer;
  device: Device;
  /** Milliseconds by the server's clock. */
  now: () => number;
  dayOf: (at: number) => string;
  random: () => number;
  /** What went wrong with a request. */
  failure: (e: unknown) => Failure;
  changed: (state: SyncState) => void;
}

export class Sync {
  readonly #parts: SyncParts;
  #state: SyncState = { known: null, offlineSince: null, refused: null, papers: null };
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: Promise<void> | undefined;
  #again = false;
  #fetchedAt = -Infinity;
  #stopped = false;

  constructor(parts: SyncParts) {
    this.#parts = parts;
  }

  /** Loads what was kept, then begins to work. */
  async start(): Promise<void> {
    const known = await this.#parts.db.get<Known>(KNOWN);
    const papers = await this.#parts.db.get<PaperList>(PAPERS);
    if (known) this.#set({ known, papers: papers ?? null });
    void this.kick();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** Works now: there is a scan to send, or the network is back. */
  kick(): Promise<void> {
    if (this.#running) {
      this.#again = true;
      return this.#running;
    }
    clearTimeout(this.#timer);
    this.#running = this.#work().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #work(): Promise<void> {
    let wait = REFRESH_MS;
    let left: number;
    try {
      do {
        this.#again = false;
        left = await this.#once();
      } while (this.#again);
      this.#failures = left > 0 ? this.#failures + 1 : 0;
      if (left > 0) wait = this.#pause(null);
      this.#set({ offlineSince: null, refused: null });
    } catch (e) {
      const failure = this.#parts.failure(e);
      this.#failures += 1;
      wait = this.#pause(failure.retryAfter);
      if (failure.kind === 'away' && failure.code.startsWith('mandate.')) {
        // What waits is kept: the mandate may be renewed.
        this.#set({ offlineSince: null, refused: failure.code });
      } else if (failure.kind === 'away') {
        this.#set({ offlineSince: this.#state.offlineSince ?? this.#parts.now() });
      } else {
        this.#set({ refused: failure.code });
      }
    }
    if (!this.#stopped) this.#timer = setTimeout(() => void this.kick(), wait);
  }

  /** Until the next try: as the pages do it, but never at once, since nobody at a door asks for it. */
  #pause(retryAfter: number | null): number {
    return Math.max(1_000, backoffDelay(this.#failures, retryAfter, this.#parts.random));
  }

  /** How many scans the server has not taken, though it answered. */
  async #once(): Promise<number> {
    const { db, server, device, now } = this.#parts;
    if (await sessionEnds(db, now())) await signIn(db, server, device);
    const left = await this.#signedIn(() => this.#upload());
    if (now() - this.#fetchedAt >= REFRESH_MS || now() < this.#fetchedAt) {
      await this.#signedIn(() => this.#fetch());
      await this.#fetchPapers();
    }
    return left;
  }

  /** Does something that needs a session; begins a new one if the server has forgotten ours. */
  async #signedIn<T>(work: () => Promise<T>): Promise<T> {
    const { db, server, device, failure } = this.#parts;
    try {
      return await work();
    } catch (e) {
      if (failure(e).kind !== 'signed_out') throw e;
      await signIn(db, server, device);
      return await work();
    }
  }

  /**
   * Sends each scan that waits once: one that the server does not take holds up no others and is not
   * asked for in a circle, but left for the next time. How many were left.
   */
  async #upload(): Promise<number> {
    let left = 0;
    for (const rows of await this.#parts.queue.batches()) left += rows.length - (await this.#send(rows));
    return left;
  }

  /** Sends scans; halves a batch that the server finds wrong until only the wrong ones are left. */
  async #send(rows: ScanRow[]): Promise<number> {
    const { server, queue, failure, now, dayOf } = this.#parts;
    try {
      const answer = await server.scans(rows.map(body));
      await queue.settle(rows, answer.results);
      if (this.#state.known) {
        await this.#keep({ ...this.#state.known, counts: answer.counts, day: dayOf(now()) });
      }
      return answer.results.filter((r) => isFinal(r) && rows.some((row) => row.id === r.id)).length;
    } catch (e) {
      const f = failure(e);
      if (f.kind !== 'wrong') throw e;
      const [first] = rows;
      if (rows.length === 1 && first) {
        await queue.reject(first, f.code);
        return 1;
      }
      const half = rows.length >> 1;
      return (await this.#send(rows.slice(0, half))) + (await this.#send(rows.slice(half)));
    }
  }

  async #fetch(): Promise<void> {
    const { server, now, dayOf } = this.#parts;
    const info = await server.info();
    const keys = readKeySet(info.keys) ?? this.#state.known?.keys;
    if (!keys) throw new Error('the server sent no key set');
    await this.#keep({ ...known(info, keys, now()), day: dayOf(now()) });
    this.#fetchedAt = now();
  }

  /** The list of papers, when there is a newer one. What cannot be had or read leaves the one that is here. */
  async #fetchPapers(): Promise<void> {
    const { server, db, now } = this.#parts;
    const { papers, known } = this.#state;
    if (!known || (papers && now() >= papers.at && now() - papers.at < papers.ttl)) return;
    try {
      const next = await readStatusList(await server.papers(), known.keys);
      if (papers && next.at < papers.at) return;
      await db.set(PAPERS, next);
      this.#set({ papers: next });
    } catch {
      // The next round asks again; its age is on the screen.
    }
  }

  /** How a paper stands now; `null`: the server does not say. */
  async askPaper(question: PaperQuestion): Promise<PaperAnswer | null> {
    try {
      return await this.#signedIn(() => this.#parts.server.paper(question));
    } catch {
      // Is it away? The next round finds out; the list says what is known meanwhile.
      void this.kick();
      return null;
    }
  }

  async #keep(next: Known): Promise<void> {
    await this.#parts.db.set(KNOWN, next);
    this.#set({ known: next });
  }

  #set(part: Partial<SyncState>): void {
    this.#state = { ...this.#state, ...part };
    this.#parts.changed(this.#state);
  }
}

function known(info: GateInfo, keys: GateKeySet, now: number): Omit<Known, 'day'> {
  return {
    keys,
    keysAt: now,
    admit: info.policy.admit.map(parseColour).filter((c): c is Colour => c !== null),
    graceSeconds: info.offline_grace_seconds,
    label: info.label,
    place: info.place,
    counts: info.counts,
  };
}
