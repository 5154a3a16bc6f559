/**
 * Scans wait here, on disk, until the server has taken them. A scan is written before its verdict is
 * acted on, so a flat battery loses nothing; the server knows each by its id, so sending one twice
 * is one scan.
 */
import { makeScanId } from '../shared/ids';
import type { Direction, GateCounts, OverrideReason, ReadBy, ScanInput, ScanResult } from '../shared/openapi';
import { looksLikeCode } from './codes';
import type { GateDb } from './db';

export type { Direction, ReadBy };
export type Override = OverrideReason;
export const OVERRIDES = ['emergency', 'vulnerable', 'known_person', 'other'] as const satisfies readonly Override[];

/** What a scan came to: here, or in the server's answer. */
export type Result = Pick<ScanResult, 'outcome' | 'colour' | 'problem'>;

export interface ScanRow {
  id: string;
  /** `null`: somebody without any code. */
  code: string | null;
  /** Milliseconds since 1970 by the server's clock. */
  at: number;
  direction: Direction;
  override: Override | null;
  read_by: ReadBy;
  /** What was shown at the door. */
  local: Result;
  /** Somebody is still deciding; not sent before that is over. */
  held: boolean;
  /** Of a code on paper: milliseconds, the moment of the list or of the answer that decided. */
  known_at?: number | undefined;
}

/** The server saw a scan otherwise than the gate did. Holds no code. */
export interface Surprise {
  id: string;
  at: number;
  direction: Direction;
  local: Result;
  server: Result;
}

export type ServerResult = ScanResult;
export type { ScanInput };

/** Scans in one request; the server takes up to 500. */
export const BATCH = 100;

/** As sent: RFC 3339 in whole seconds. */
export function body(row: ScanRow): ScanInput {
  const at = moment(row.at);
  const scan = { id: row.id, code: row.code, at, direction: row.direction, override: row.override, read_by: row.read_by };
  return row.known_at === undefined ? scan : { ...scan, known_at: moment(row.known_at) };
}

const moment = (ms: number): string => new Date(Math.floor(ms / 1000) * 1000).toISOString().replace('.000Z', 'Z');

/** Did the server decide otherwise than the gate? */
export function differs(row: ScanRow, server: Result): boolean {
  const let_in = (r: Result) => r.outcome === 'admitted' || r.outcome === 'override';
  if (row.direction === 'out') return (row.local.problem === null) !== (server.problem === null);
  const colour = row.local.colour !== null && server.colour !== null && row.local.colour !== server.colour;
  return colour || let_in(row.local) !== let_in(server);
}

export class ScanQueue {
  readonly #db: GateDb;

  constructor(db: GateDb) {
    this.#db = db;
  }

  /** At the start of the page nobody is deciding any more. */
  async releaseAll(): Promise<void> {
    for (const row of await this.#db.all('scans')) {
      if (row.held) await this.#db.put('scans', { ...row, held: false });
    }
  }

  /**
   * Keeps a scan. A text that is none of our codes is not kept and not sent: a stranger's QR code
   * may hold anything, and there is nothing to record about it.
   */
  async add(scan: Omit<ScanRow, 'id'>): Promise<ScanRow | null> {
    if (scan.code !== null && !looksLikeCode(scan.code)) return null;
    const row = { ...scan, id: makeScanId() };
    await this.#db.put('scans', row);
    return row;
  }

  /** Changes a scan that is still held. */
  async change(row: ScanRow): Promise<void> {
    await this.#db.put('scans', row);
  }

  /** Takes back a scan that is still held (a button pressed by mistake). */
  async undo(row: ScanRow): Promise<void> {
    await this.#db.remove('scans', row.id);
  }

  /** Everything not yet taken by the server, oldest first. */
  async waiting(): Promise<ScanRow[]> {
    const rows = await this.#db.all('scans');
    return rows.sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
  }

  /** All scans that can be sent now, in batches. */
  async batches(size = BATCH): Promise<ScanRow[][]> {
    const rows = (await this.waiting()).filter((r) => !r.held);
    return Array.from({ length: Math.ceil(rows.length / size) }, (_, i) => rows.slice(i * size, (i + 1) * size));
  }

  /**
   * Takes in the server's answers. A scan leaves the queue when the server has recorded it, or says
   * that it never will (`scan.…`). One whose id stands for another scan waits on under a new one.
   */
  async settle(sent: readonly ScanRow[], results: readonly ServerResult[]): Promise<Surprise[]> {
    const surprises: Surprise[] = [];
    const done: string[] = [];
    const renamed: ScanRow[] = [];
    const byId = new Map(sent.map((row) => [row.id, row]));
    for (const result of results) {
      const row = byId.get(result.id);
      if (row && !result.recorded && result.problem === ID_TAKEN) {
        done.push(row.id);
        renamed.push({ ...row, id: makeScanId() });
      }
      if (!row || !isFinal(result)) continue;
      done.push(row.id);
      const server = { outcome: result.outcome, colour: result.colour, problem: result.problem };
      if (differs(row, server)) surprises.push(surprise(row, server));
    }
    await this.#db.settle(done, surprises, renamed);
    return surprises;
  }

  /** A scan that the server will never take (it says the scan itself is wrong) blocks no others. */
  async reject(row: ScanRow, problem: string): Promise<Surprise> {
    const s = surprise(row, { outcome: null, colour: null, problem });
    await this.#db.settle([row.id], [s]);
    return s;
  }

  surprises(): Promise<Surprise[]> {
    return this.#db.all('surprises');
  }

  async dismiss(s: Surprise): Promise<void> {
    await this.#db.remove('surprises', s.id);
  }
}

/** The server has another scan under this id: it is recorded under no other, and not this one. */
const ID_TAKEN = 'scan.id_taken';

/** Is there nothing more to wait for? */
export function isFinal(result: ServerResult): boolean {
  return result.recorded || (result.problem !== ID_TAKEN && (result.problem?.startsWith('scan.') ?? false));
}

function surprise(row: ScanRow, server: Result): Surprise {
  return { id: row.id, at: row.at, direction: row.direction, local: row.local, server };
}

export type Counts = GateCounts;

/** The server's counts with what it does not know yet. */
export function withWaiting(counts: Counts, waiting: readonly ScanRow[]): Counts {
  const sum = { ...counts };
  for (const { local, direction } of waiting) {
    if (direction === 'out' && local.outcome === 'admitted') sum.left++;
    else if (local.outcome === 'admitted') sum.admitted++;
    else if (local.outcome === 'override') sum.overridden++;
    else if (local.outcome === 'refused') sum.refused++;
  }
  return sum;
}

/** How many are inside, as far as scans can tell: right only where everybody is scanned in and out. */
export const insideNow = (c: Counts): number => Math.max(0, c.admitted + c.overridden - c.left);
