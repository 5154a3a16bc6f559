/** Signed checkpoints (c2sp.org/tlog-checkpoint, signed-note) and the signatures of witnesses (tlog-cosignature). */
import { verifier, type Bytes } from '../../shared/ed25519';
import { sha256 } from './tree';

export interface Checkpoint {
  origin: string;
  size: number;
  root: Bytes;
}
/** A key as it is published: `name+id+base64(kind, key)`. */
export interface Key {
  name: string;
  id: string;
  kind: number;
  bytes: Bytes;
}

const NOTE = 1;
const COSIGNATURE = 4;
const utf8 = (text: string): Bytes => new TextEncoder().encode(text);
const hex = (bytes: Bytes): string => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');

export function base64(text: string): Bytes | null {
  try {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    // Only the one spelling.
    return btoa(String.fromCharCode(...bytes)) === text ? bytes : null;
  } catch {
    return null;
  }
}

/** Reads a key; its id is made again. */
export async function readKey(text: string): Promise<Key | null> {
  const [, name, id, rest] = /^([^+\s]+)\+([0-9a-f]{8})\+(.+)$/.exec(text) ?? [];
  const bytes = base64(rest ?? '');
  if (!name || !id || bytes?.length !== 33) return null;
  const made = hex((await sha256(utf8(`${name}\n`), bytes)).slice(0, 4));
  return made === id ? { name, id, kind: bytes[0]!, bytes: bytes.slice(1) } : null;
}

/** The text of a note, and what follows the id in each of a key's lines. */
function signaturesOf(note: string, key: Key): [string, Bytes[]] | null {
  const end = note.lastIndexOf('\n\n');
  if (end < 0 || !note.endsWith('\n')) return null;
  const own: Bytes[] = [];
  for (const line of note.slice(end + 2, -1).split('\n')) {
    const [, name, text] = /^\u2014 (\S+) (\S+)$/.exec(line) ?? [];
    const bytes = base64(text ?? '');
    if (!name || !bytes || bytes.length < 5) return null;
    if (name === key.name && hex(bytes.slice(0, 4)) === key.id) own.push(bytes.slice(4));
  }
  return [note.slice(0, end + 1), own];
}

/** The checkpoint of the log whose key this is; `null` if it is none, or not signed by it. */
export async function openCheckpoint(note: string, key: Key): Promise<Checkpoint | null> {
  const [text, signatures] = signaturesOf(note, key) ?? ['', []];
  const verify = await verifier();
  const good = await Promise.all(signatures.map((s) => s.length === 64 && verify(key.bytes, utf8(text), s)));
  const [origin, size, root] = text.split('\n');
  const hash = base64(root ?? '');
  if (key.kind !== NOTE || good.length === 0 || good.includes(false)) return null;
  if (origin !== key.name || !/^(0|[1-9]\d{0,14})$/.test(size ?? '') || hash?.length !== 32) return null;
  return { origin, size: Number(size), root: hash };
}

/** When this witness signed, in milliseconds; `null` if it did not, `false` if something only claims to be its signature. */
export async function cosigned(note: string, witness: Key): Promise<number | null | false> {
  const found = signaturesOf(note, witness);
  if (!found || witness.kind !== COSIGNATURE) return false;
  const [text, signatures] = found;
  const verify = await verifier();
  let newest: number | null = null;
  for (const s of signatures) {
    if (s.length !== 72) return false;
    const view = new DataView(s.buffer, s.byteOffset, 8);
    const seconds = Number(view.getBigUint64(0));
    if (!(await verify(witness.bytes, utf8(`cosignature/v1\ntime ${seconds}\n${text}`), s.slice(8)))) return false;
    newest = Math.max(newest ?? 0, seconds * 1000);
  }
  return newest;
}
