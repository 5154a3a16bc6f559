/**
 * The holder's own look at the public log, on their own device: each record about them and each look at
 * them is in it, the log seen last time is its beginning, and witnesses signed it. Whatever does not
 * hold is an alarm; what cannot be asked is none.
 */
import type { Bytes } from '../../shared/ed25519';
import type { LoggedRecord, LoggedRecords } from '../../shared/openapi';
import { base64, cosigned, openCheckpoint, readKey, type Checkpoint, type Key } from './note';
import { continues, Files, included, same, sha256, type ReadFile } from './tree';

/** Where the device remembers the log; it says nothing about the holder and outlives signing out. */
export const LOG_KEY = 'jg.log';
/** Milliseconds after which a witness's signature says nothing of today. */
const OLD = 86_400_000;

/** What the device remembers. */
export interface Kept {
  key: string;
  checkpoint: string;
  witnesses: string[];
  quorum: number;
}
/** What is asked of the server. */
export interface Served {
  records: LoggedRecords;
  checkpoint: string;
  witnesses: string[];
  quorum: number;
}
export type AlarmKind = 'other_key' | 'unsigned' | 'fork' | 'shrank' | 'not_logged' | 'not_included' | 'other_content' | 'witness_forged' | 'witnesses_gone';
export interface Alarm {
  kind: AlarmKind;
  /** Which of the records, by position; never what is in it. */
  leaf?: number;
}
export interface Verdict {
  alarms: Alarm[];
  /** Records that were found. */
  found: number;
  /** Records whose leaf lies beyond the published checkpoint: some seconds later they are in it. */
  waiting: number;
  size: number;
  /** How many leaves the device had seen before; `null` at the first time. */
  before: number | null;
  witnesses: { signed: number; of: number };
  keep: Kept;
}

const utf8 = (text: string): Bytes => new TextEncoder().encode(text);

export async function look(served: Served, kept: Kept | null, read: ReadFile, now: number): Promise<Verdict> {
  const alarms: Alarm[] = [];
  const { records } = served;
  // The key of the first time counts: whoever has another one has another log.
  const text = kept?.key ?? records.log_key;
  if (text !== records.log_key) alarms.push({ kind: 'other_key' });
  const key = await readKey(text);
  const checkpoint = key && (await openCheckpoint(served.checkpoint, key));
  const known = kept && key ? await openCheckpoint(kept.checkpoint, key) : null;
  const verdict: Verdict = {
    alarms,
    found: 0,
    waiting: 0,
    size: checkpoint?.size ?? 0,
    before: known?.size ?? null,
    witnesses: { signed: 0, of: 0 },
    keep: kept ?? { key: text, checkpoint: served.checkpoint, witnesses: served.witnesses, quorum: served.quorum },
  };
  if (!checkpoint) {
    alarms.push({ kind: 'unsigned' });
    return verdict;
  }
  const files = new Files(checkpoint.size, read);
  const fork = known && (await notOneLog(known, checkpoint, files, read));
  if (fork) alarms.push({ kind: fork });
  for (const record of records.records) await recordIn(record, files, checkpoint, verdict);
  await witnesses(served, kept, now, verdict);
  // A log that raised an alarm does not become the one that is remembered.
  if (alarms.length === 0) {
    const larger = known && known.size > checkpoint.size ? kept!.checkpoint : served.checkpoint;
    verdict.keep = { key: text, checkpoint: larger, witnesses: union(kept, served), quorum: Math.max(kept?.quorum ?? 0, served.quorum) };
  }
  return verdict;
}

/** Two signed checkpoints must be of one log, whichever is the larger: witnesses may lag behind what was shown before. */
async function notOneLog(known: Checkpoint, now: Checkpoint, files: Files, read: ReadFile): Promise<'fork' | 'shrank' | null> {
  const shrank = known.size > now.size;
  const [small, large] = shrank ? [now, known] : [known, now];
  try {
    const of = shrank ? new Files(known.size, read) : files;
    if (await continues(of, small.size, small.root, large.root)) return null;
  } catch (e) {
    // Without network nothing is said; a file that is gone means that the log no longer is that long.
    if (!(e instanceof Error && e.message === 'log.missing')) throw e;
  }
  return shrank ? 'shrank' : 'fork';
}

async function recordIn(record: LoggedRecord, files: Files, checkpoint: Checkpoint, verdict: Verdict): Promise<void> {
  const { alarms } = verdict;
  const salt = base64(record.salt);
  const commitment = base64(record.commitment);
  const what = utf8(record.what);
  const made = salt?.length === 16 && (await sha256(Uint8Array.of(what.length), what, salt, utf8(record.content)));
  if (!made || !commitment || !same(made, commitment)) {
    alarms.push({ kind: 'other_content', ...(record.leaves[0] === undefined ? {} : { leaf: record.leaves[0] }) });
    return;
  }
  if (record.leaves.length === 0) alarms.push({ kind: 'not_logged' });
  for (const index of record.leaves) {
    if (index >= checkpoint.size) {
      verdict.waiting++;
      continue;
    }
    const leaf = await files.leaf(index);
    const text = new TextDecoder().decode(leaf);
    if (!text.includes(`"commitment":"${record.commitment}"`)) alarms.push({ kind: 'other_content', leaf: index });
    else if (!(await included(files, leaf, index, checkpoint.root))) alarms.push({ kind: 'not_included', leaf: index });
    else verdict.found++;
  }
}

const union = (kept: Kept | null, served: Served): string[] => [...new Set([...(kept?.witnesses ?? []), ...served.witnesses])];

/** Those that this device saw first count: a server that leaves them out is noticed. */
async function witnesses(served: Served, kept: Kept | null, now: number, verdict: Verdict): Promise<void> {
  const names = kept && kept.witnesses.length > 0 ? kept.witnesses : served.witnesses;
  const keys = (await Promise.all(names.map(readKey))).filter((k): k is Key => k !== null);
  for (const key of keys) {
    const at = await cosigned(served.checkpoint, key);
    if (at === false) verdict.alarms.push({ kind: 'witness_forged' });
    else if (at !== null && Math.abs(now - at) <= OLD) verdict.witnesses.signed++;
  }
  verdict.witnesses.of = names.length;
  const needed = kept && kept.witnesses.length > 0 ? kept.quorum : 0;
  if (verdict.witnesses.signed < needed) verdict.alarms.push({ kind: 'witnesses_gone' });
}

export function readKept(storage: Pick<Storage, 'getItem'>): Kept | null {
  try {
    const v = JSON.parse(storage.getItem(LOG_KEY) ?? 'null') as Partial<Kept> | null;
    const texts = Array.isArray(v?.witnesses) && v.witnesses.every((w) => typeof w === 'string');
    return v && typeof v.key === 'string' && typeof v.checkpoint === 'string' && texts && typeof v.quorum === 'number' ? (v as Kept) : null;
  } catch {
    return null;
  }
}

/** For an auditor: two signed checkpoints convict a log by themselves. Nothing about the holder is in it. */
export function report(verdict: Verdict, served: string, kept: Kept | null, at: string): string {
  return JSON.stringify({ what: 'jadegate log alarm', at, alarms: verdict.alarms, log_key: verdict.keep.key, remembered: kept?.checkpoint ?? null, served }, null, 2);
}
