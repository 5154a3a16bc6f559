/**
 * The gate at work: a code comes in, a verdict goes on the screen, the scan goes into the queue.
 * All that the components show is state of this class.
 */
import { lang } from '../shared/i18n';
import { clock, localDay } from '../shared/time';
import { GateClock, type Trust } from './clock';
import { looksLikeCode } from './codes';
import { trimmed } from './cose';
import { GateDb } from './db';
import { storedDevice, type Device } from './device';
import { failure, server } from './http';
import { judge, type Rules } from './judge';
import { Lock } from './lock.svelte';
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
import { Settings } from './settings.svelte';
import { play, type Tune } from './sound';
import { Sync, type SyncState } from './sync';
import { Undoables, type Undoable } from './undo.svelte';
import { spokenOf } from './verdict';
import { say } from './voice';

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
  /** It was made by the emergency button alone. */
  direct: boolean;
  /** Somebody was let in, and that can be undone for a while. */
  undoable?: Undoable;
  /** A code on paper: what the verdict rests on. */
  paper?: PaperVerdict | undefined;
}

/** How long a verdict stays: short when there is nothing to do but walk on. */
const STAYS = { admitted: 2_000, refused: 15_000, override: 2_500, direct: 6_000, repeat: 5_000, paper: 5_000 };

/** Milliseconds for which a refusal is shown before the camera puts another verdict in its place: nobody slips by unseen. */
const REFUSAL_SEEN = 700;

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
  /** When what is on the screen came there, by a steady clock. */
  #shownAt = 0;
  /** Codes that are being judged. */
  #judging = 0;
  /** The camera was switched on, and is to be on again when the page comes back from its settings. */
  cameraOn = false;
  /** Somebody is choosing a reason: what the camera sees meanwhile must not take the verdict away. */
  #deciding = false;

  readonly settings = new Settings(localStorage);
  readonly undoables: Undoables;
  readonly lock: Lock;
  device = $state.raw<Device | undefined>();
  sync = $state.raw<SyncState>({ known: null, offlineSince: null, refused: null, papers: null });
  waiting = $state.raw<ScanRow[]>([]);
  surprises = $state.raw<Surprise[]>([]);
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
    this.undoables = new Undoables(
      this.#queue,
      () => void this.#refresh().then(() => this.kick()),
      () => this.#lost(),
    );
    clock.restore(localStorage);
    this.#time = new GateClock(clock, localStorage, sessionStorage);
    this.lock = new Lock(db, () => this.now());
  }

  static async open(): Promise<Desk> {
    const desk = new Desk(await GateDb.open());
    await desk.lock.load();
    const device = await storedDevice(desk.db);
    if (device) await desk.begin(device);
    return desk;
  }

  /** Takes up work as this device. */
  async begin(device: Device): Promise<void> {
    this.#sync?.stop();
    this.device = device;
    // Enrolled anew, it has no digits any more.
    await this.lock.load();
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

  get direction(): Direction {
    return this.settings.now.direction;
  }

  set direction(direction: Direction) {
    this.settings.set({ direction });
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

  /**
   * The camera sees these, many times a second. It looks on while a verdict is shown: another code
   * takes its place. Something that is no health code does not (the advertisement on a bag).
   */
  see(texts: readonly string[]): void {
    if (this.#deciding || this.#judging > 0 || this.#mustStay()) return;
    const ours = texts.filter(looksLikeCode);
    const seen = ours.length > 0 ? ours : this.shown === null ? texts.slice(0, 1) : [];
    // Held before the camera it is the same showing. With two in the picture each has its turn.
    const fresh = seen.map(trimmed).find((text) => text !== this.shown?.code && !this.#isRepeat(text));
    if (fresh !== undefined) void this.#check(fresh, 'camera', false);
  }

  /** A code was read by a trigger or typed: a question again, which gets the same answer without being counted twice. */
  async read(raw: string, by: Exclude<ReadBy, 'camera'>): Promise<void> {
    const text = trimmed(raw);
    await this.#check(text, by, this.#isRepeat(text));
  }

  #isRepeat(text: string): boolean {
    return this.#repeats.isRepeat(key(this.direction, text), performance.now());
  }

  #mustStay(): boolean {
    return this.shown?.result.outcome === 'refused' && performance.now() - this.#shownAt < REFUSAL_SEEN;
  }

  async #check(text: string, by: ReadBy, repeat: boolean): Promise<void> {
    this.#judging++;
    try {
      await this.#judge(text, by, repeat);
    } finally {
      this.#judging--;
    }
  }

  async #judge(text: string, by: ReadBy, repeat: boolean): Promise<void> {
    await this.#askTime();
    const at = this.now();
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
    if (shown?.result.outcome === 'refused' && shown.direction === 'in') this.#overrule(shown, reason);
    else this.#letInWithoutCode(reason);
    await this.undoables.list[0]?.row;
    await this.#refresh();
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
    const row = this.#add({ code: null, at, direction: 'in', override, read_by: 'none', local: result, held: true });
    const undoable = this.undoables.add({ reason: override, before: null, row });
    this.#show({ result, direction: 'in', override, at, code: null, by: 'none', repeat: false, direct: true, undoable });
  }

  #overrule(shown: Shown, override: Override): void {
    const result: Result = { ...shown.result, outcome: 'override' };
    const held = this.#row;
    // It is no longer sent when the verdict goes, but when it can no longer be undone.
    this.#row = Promise.resolve(null);
    const undoable: Undoable = { reason: override, before: null, row: Promise.resolve(null) };
    undoable.row = held.then((row) => {
      if (!row?.held) return this.#addOverride(shown, override, result);
      undoable.before = shown.result;
      const next = { ...row, override, local: result };
      return this.#queue.change(next).then(() => next, () => this.#lost());
    });
    this.undoables.add(undoable);
    this.#show({ ...shown, result, override, undoable });
  }

  /** Shown a second time, or none of our codes: the override is a scan of its own. */
  #addOverride(shown: Shown, override: Override, local: Result): Promise<ScanRow | null> {
    const code = shown.code !== null && looksLikeCode(shown.code) ? shown.code : null;
    const { at, by: read_by, direction } = shown;
    return this.#add({ code, at, direction, override, read_by, local, held: true, known_at: shown.paper?.knownAt ?? undefined });
  }

  /** Whoever was let in was not meant. */
  async undo(it: Undoable): Promise<void> {
    if (this.shown?.undoable === it) this.#hide();
    await this.undoables.undo(it);
  }

  /** Back to reading. */
  next(): void {
    this.#closeRow();
    this.#hide();
  }

  /** The verdict waits while somebody chooses a reason. */
  hold(): void {
    this.#deciding = true;
    clearTimeout(this.#timer);
  }

  /** Nobody chooses any more; the verdict is shown as if it had come now. */
  unhold(): void {
    this.#deciding = false;
    if (this.shown) this.#stay(this.shown);
  }

  async dismiss(s: Surprise): Promise<void> {
    await this.#queue.dismiss(s);
    await this.#refresh();
  }

  #keep(scan: Omit<ScanRow, 'id'>): void {
    this.#row = this.#add(scan);
  }

  #add(scan: Omit<ScanRow, 'id'>): Promise<ScanRow | null> {
    return this.#queue.add(scan).then(
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
    this.#deciding = false;
    this.#shownAt = performance.now();
    this.shown = shown;
    this.last = shown;
    this.#stay(shown);
    play(tuneOf(shown.result), this.settings.now);
    if (this.settings.now.voice) say(spokenOf(shown.result, shown.direction), lang());
  }

  #stay(shown: Shown): void {
    clearTimeout(this.#timer);
    const { outcome } = shown.result;
    const least = shown.direct ? STAYS.direct : shown.repeat ? STAYS.repeat : shown.paper ? STAYS.paper : 0;
    const stays = Math.max(least, shown.direct ? 0 : STAYS[outcome ?? 'refused']);
    this.#timer = setTimeout(() => this.next(), stays);
  }

  #hide(): void {
    clearTimeout(this.#timer);
    this.#deciding = false;
    // The camera looks again now: what is still held before it has been answered.
    if (this.shown?.code != null) this.#repeats.isRepeat(key(this.shown.direction, this.shown.code), performance.now());
    this.shown = null;
  }
}

function tuneOf(result: Result): Tune {
  if (result.outcome === 'admitted' || result.outcome === 'override') return result.outcome;
  return result.problem === null || result.problem === 'code.bad_signature' ? 'refused' : 'unclear';
}
