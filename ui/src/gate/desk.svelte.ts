/**
 * The gate at work: a code comes in, a verdict goes on the screen, the scan goes into the queue.
 * All that the components show is state of this class.
 */
import { clock, localDay } from '../shared/time';
import { GateClock, type Trust } from './clock';
import { looksLikeCode } from './codes';
import { trimmed } from './cose';
import { GateDb } from './db';
import { storedDevice, type Device } from './device';
import { failure, server } from './http';
import { judge, type Rules } from './judge';
import { byAnswer, byList, isMadeUp, type PaperVerdict } from './paper';
import { looksLikePaper } from './paper-code';
import {
  ScanQueue,
  withWaiting,
  type Counts,
  type Direction,
  type Override,
  type ReadBy,
  type Result,
  type ScanRow,
  type Surprise,
} from './queue';
import { Repeats } from './repeats';
import { play, type Tune } from './sound';
import { Sync, type SyncState } from './sync';

/** A verdict on the screen. */
export interface Shown {
  result: Result;
  direction: Direction;
  override: Override | null;
  at: number;
  /** What was read; `null` without a code. Stays in memory only. */
  code: string | null;
  by: ReadBy;
  /** The same code was read just before: perhaps somebody else is showing it. */
  repeat: boolean;
  /** It was made by the emergency button alone, so it can be undone. */
  direct: boolean;
  /** A code on paper: what the verdict rests on. */
  paper?: PaperVerdict | undefined;
}

/** How long a verdict stays: short when there is nothing to do but walk on. */
const STAYS = { admitted: 2_000, refused: 15_000, override: 2_500, direct: 6_000, repeat: 5_000, paper: 5_000 };

/** Milliseconds that a page which was just opened waits for the server. */
const FIRST_ANSWER = 2_000;

/** What makes two readings the same showing. */
const key = (direction: Direction, code: string) => `${direction} ${code}`;

const NOBODY: Counts = { admitted: 0, refused: 0, overridden: 0, left: 0 };

export class Desk {
  readonly db: GateDb;
  readonly #queue: ScanQueue;
  readonly #repeats = new Repeats();
  readonly #time: GateClock;
  #sync: Sync | undefined;
  #row: Promise<ScanRow | null> = Promise.resolve(null);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #turn = 0;

  device = $state.raw<Device | undefined>();
  sync = $state.raw<SyncState>({ known: null, offlineSince: null, refused: null, papers: null });
  waiting = $state.raw<ScanRow[]>([]);
  surprises = $state.raw<Surprise[]>([]);
  direction = $state<Direction>('in');
  shown = $state.raw<Shown | null>(null);
  last = $state.raw<Shown | null>(null);
  /** Can this device's clock be believed? */
  trust = $state<Trust>('unsure');
  /** Minutes by which it is ahead of the server's, if that is worth a word. */
  ahead = $state<number | null>(null);
  /** The server is asked about a paper. */
  asking = $state(false);
  /** The last scan could not be written to this device's disk. */
  notKept = $state(false);

  private constructor(db: GateDb) {
    this.db = db;
    this.#queue = new ScanQueue(db);
    clock.restore(localStorage);
    this.#time = new GateClock(clock, localStorage, sessionStorage);
  }

  static async open(): Promise<Desk> {
    const desk = new Desk(await GateDb.open());
    const device = await storedDevice(desk.db);
    if (device) await desk.begin(device);
    return desk;
  }

  /** Takes up work as this device. */
  async begin(device: Device): Promise<void> {
    this.#sync?.stop();
    this.device = device;
    await this.#queue.releaseAll();
    this.#sync = new Sync({
      db: this.db,
      queue: this.#queue,
      server,
      device,
      now: () => this.now(),
      dayOf: localDay,
      random: Math.random,
      failure,
      changed: (state) => {
        this.sync = state;
        clock.save(localStorage);
        this.tick();
        void this.#refresh();
      },
    });
    await this.#sync.start();
    addEventListener('online', () => this.kick());
    await this.#refresh();
    // Asks the browser not to throw the queue away when the disk is full; it may say no.
    void navigator.storage?.persist?.().catch(() => false);
  }

  kick(): void {
    void this.#sync?.kick();
  }

  /** Milliseconds by the server's clock. */
  now(): number {
    return this.#time.now();
  }

  /** To be called now and then: is the clock still right? */
  tick(): void {
    this.#time.tick();
    this.trust = this.#time.trust;
    this.ahead = this.#time.ahead;
  }

  /** Somebody says that the time on the screen is right. */
  confirmTime(): void {
    this.#time.confirm();
    this.tick();
  }

  async #refresh(): Promise<void> {
    this.waiting = await this.#queue.waiting();
    this.surprises = await this.#queue.surprises();
  }

  /** Today's numbers, with what the server does not know yet. */
  get counts(): Counts {
    const known = this.sync.known;
    const today = localDay(this.now());
    const base = known && known.day === today ? known.counts : NOBODY;
    return withWaiting(base, this.waiting.filter((r) => localDay(r.at) === today));
  }

  /** A code was read. */
  async read(raw: string, by: ReadBy): Promise<void> {
    const text = trimmed(raw);
    await this.#askTime();
    const at = this.now();
    const repeat = this.#repeats.isRepeat(key(this.direction, text), performance.now());
    // Held before the camera it is the same showing; a scanner's trigger or a paste is a question
    // again, and gets the same answer without being counted twice.
    if (repeat && by === 'camera') return;
    const turn = ++this.#turn;
    const direction = this.direction;
    const rules = this.sync.known;
    const paper = rules && looksLikePaper(text) ? await this.#judgePaper(text, direction, rules) : undefined;
    const result: Result =
      paper?.result ??
      (rules ? await judge(text, direction, rules, this.#time) : { outcome: 'refused', colour: null, problem: 'gate.no_keys' });
    if (turn !== this.#turn) return;
    this.#closeRow();
    // When it was is not known: the code is to be shown again.
    if (result.problem === 'gate.clock') this.#repeats.forget(key(direction, text));
    else if (!repeat) {
      const held = result.outcome !== 'admitted';
      const known_at = paper?.knownAt ?? undefined;
      this.#keep({ code: text, at, direction, override: null, read_by: by, local: result, held, known_at });
    }
    this.#show({ result, direction, override: null, at, code: text, by, repeat, direct: false, paper });
    this.tick();
  }

  /** A code on paper: the server is asked while the person stands there; without it the list decides. */
  async #judgePaper(text: string, direction: Direction, rules: Rules): Promise<PaperVerdict> {
    const known = await byList(text, direction, rules, this.sync.papers, this.#time);
    if (isMadeUp(known) || this.sync.offlineSince !== null) return known;
    this.asking = true;
    const answer = await this.#sync?.askPaper({ code: text, direction });
    this.asking = false;
    return answer ? byAnswer(answer, direction, rules) : known;
  }

  /** Somebody is let in against the code, or without one. */
  async letIn(reason: Override): Promise<void> {
    const shown = this.shown;
    this.#turn++;
    if (shown?.result.outcome === 'refused' && shown.direction === 'in') await this.#overrule(shown, reason);
    else this.#letInWithoutCode(reason);
  }

  /** A page that was just opened waits a moment for the server to tell the time. */
  async #askTime(): Promise<void> {
    if (this.#time.sure || this.sync.offlineSince !== null) return;
    await Promise.race([this.#sync?.kick(), new Promise((done) => setTimeout(done, FIRST_ANSWER))]);
    this.tick();
  }

  #letInWithoutCode(override: Override): void {
    const at = this.now();
    const result: Result = { outcome: 'override', colour: null, problem: null };
    this.#closeRow();
    this.#keep({ code: null, at, direction: 'in', override, read_by: 'none', local: result, held: true });
    this.#show({ result, direction: 'in', override, at, code: null, by: 'none', repeat: false, direct: true });
  }

  async #overrule(shown: Shown, override: Override): Promise<void> {
    const result: Result = { ...shown.result, outcome: 'override' };
    this.#show({ ...shown, result, override });
    const row = await this.#row;
    if (row?.held) {
      const next = { ...row, override, local: result };
      this.#row = this.#queue.change(next).then(() => next, () => this.#lost());
    } else {
      // Shown a second time, or none of our codes: the override is a scan of its own.
      const code = shown.code !== null && looksLikeCode(shown.code) ? shown.code : null;
      const { at, by: read_by, direction } = shown;
      const known_at = shown.paper?.knownAt ?? undefined;
      this.#keep({ code, at, direction, override, read_by, local: result, held: true, known_at });
    }
    await this.#row;
    await this.#refresh();
  }

  /** The emergency button was pressed by mistake. */
  async undo(): Promise<void> {
    const row = await this.#row;
    this.#row = Promise.resolve(null);
    this.#hide();
    if (row?.held) await this.#queue.undo(row);
    await this.#refresh();
  }

  /** Back to reading. */
  next(): void {
    this.#closeRow();
    this.#hide();
  }

  /** The verdict waits while somebody chooses a reason. */
  hold(): void {
    clearTimeout(this.#timer);
  }

  async dismiss(s: Surprise): Promise<void> {
    await this.#queue.dismiss(s);
    await this.#refresh();
  }

  #keep(scan: Omit<ScanRow, 'id'>): void {
    this.#row = this.#queue.add(scan).then(
      async (row) => {
        this.notKept = false;
        await this.#refresh();
        if (row && !row.held) this.kick();
        return row;
      },
      () => this.#lost(),
    );
  }

  #lost(): null {
    this.notKept = true;
    return null;
  }

  /** Nobody decides about the last scan any more: it may be sent. */
  #closeRow(): void {
    const row = this.#row;
    this.#row = Promise.resolve(null);
    void row.then(async (r) => {
      if (!r?.held) return;
      await this.#queue.change({ ...r, held: false }).catch(() => this.#lost());
      this.kick();
    });
  }

  #show(shown: Shown): void {
    this.shown = shown;
    this.last = shown;
    clearTimeout(this.#timer);
    const { outcome } = shown.result;
    const least = shown.direct ? STAYS.direct : shown.repeat ? STAYS.repeat : shown.paper ? STAYS.paper : 0;
    const stays = Math.max(least, shown.direct ? 0 : STAYS[outcome ?? 'refused']);
    this.#timer = setTimeout(() => this.next(), stays);
    play(tuneOf(shown.result));
  }

  #hide(): void {
    clearTimeout(this.#timer);
    // The camera looks again now: what is still held before it has been answered.
    if (this.shown?.code != null) this.#repeats.isRepeat(key(this.shown.direction, this.shown.code), performance.now());
    this.shown = null;
  }
}

function tuneOf(result: Result): Tune {
  if (result.outcome === 'admitted' || result.outcome === 'override') return result.outcome;
  return result.problem === null || result.problem === 'code.bad_signature' ? 'refused' : 'unclear';
}
