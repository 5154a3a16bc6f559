/**
 * The public log's tree (RFC 6962) out of its files (c2sp.org/tlog-tiles). What a file says is worth
 * only what it proves: everything here ends at a root that is signed.
 */
import type { Bytes } from '../../shared/ed25519';

/** Fetches a file below the log's address: `tile/0/000.p/7`; `null` if there is none. */
export type ReadFile = (path: string) => Promise<Bytes | null>;

export const HASH = 32;
const FULL = 256;

export async function sha256(...parts: Bytes[]): Promise<Bytes> {
  const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest('SHA-256', all));
}
export const leafHash = (leaf: Bytes): Promise<Bytes> => sha256(Uint8Array.of(0), leaf);
export const nodeHash = (left: Bytes, right: Bytes): Promise<Bytes> => sha256(Uint8Array.of(1), left, right);
export const same = (a: Bytes, b: Bytes): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);

/** `x001/x234/067` */
export function tilePath(level: number | 'entries', index: number, width: number): string {
  const digits = String(index % 1000).padStart(3, '0');
  let path = digits;
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) path = `x${String(rest % 1000).padStart(3, '0')}/${path}`;
  return `tile/${level}/${path}${width < FULL ? `.p/${width}` : ''}`;
}

/** The files of a log of this size. */
export class Files {
  readonly #kept = new Map<string, Promise<Bytes | null>>();
  readonly size: number;
  readonly #read: ReadFile;
  constructor(size: number, read: ReadFile) {
    this.size = size;
    this.#read = read;
  }

  #file(level: number | 'entries', index: number): Promise<Bytes | null> {
    const hashes = level === 'entries' ? this.size : Math.floor(this.size / FULL ** level);
    const width = Math.min(FULL, hashes - index * FULL);
    if (width <= 0) return Promise.resolve(null);
    const path = tilePath(level, index, width);
    const known = this.#kept.get(path) ?? this.#read(path);
    this.#kept.set(path, known);
    return known;
  }

  /** The hash over the `2 ** level` leaves from `index * 2 ** level` on. */
  async node(level: number, index: number): Promise<Bytes> {
    const [tile, height] = [Math.floor(level / 8), level % 8];
    const first = index * 2 ** height;
    const bytes = await this.#file(tile, Math.floor(first / FULL));
    const at = (first % FULL) * HASH;
    const part = bytes?.slice(at, at + 2 ** height * HASH);
    if (!part || part.length !== 2 ** height * HASH) throw new Error('log.missing');
    let hashes = Array.from({ length: 2 ** height }, (_, i) => part.slice(i * HASH, (i + 1) * HASH));
    while (hashes.length > 1) {
      hashes = await Promise.all(hashes.flatMap((h, i) => (i % 2 === 0 ? [nodeHash(h, hashes[i + 1]!)] : [])));
    }
    return hashes[0]!;
  }

  /** A leaf, out of its bundle. */
  async leaf(index: number): Promise<Bytes> {
    const bytes = await this.#file('entries', Math.floor(index / FULL));
    let at = 0;
    for (let i = 0; bytes && at + 2 <= bytes.length; i++) {
      const end = at + 2 + ((bytes[at]! << 8) | bytes[at + 1]!);
      if (i === index % FULL && end <= bytes.length) return bytes.slice(at + 2, end);
      at = end;
    }
    throw new Error('log.missing');
  }

  /** The hash over the leaves `from` to `to`, as RFC 6962 splits them. */
  async range(from: number, to: number): Promise<Bytes> {
    const parts: Bytes[] = [];
    while (from < to) {
      let level = Math.floor(Math.log2(to - from));
      // The logarithm of large numbers is rounded.
      while (2 ** level > to - from) level--;
      parts.push(await this.node(level, from / 2 ** level));
      from += 2 ** level;
    }
    let hash = parts.pop() ?? (await sha256());
    while (parts.length > 0) hash = await nodeHash(parts.pop()!, hash);
    return hash;
  }

  /** The root of the first `size` leaves: of this log, or of one of its beginnings. */
  root(size = this.size): Promise<Bytes> {
    return this.range(0, size);
  }
}

/** The largest power of two below `n`. */
function split(n: number): number {
  let half = 1;
  while (half * 2 < n) half *= 2;
  return half;
}

/** Does this leaf stand at `index` in the log with this root? The way there is made of the files, and leads to the root or does not. */
export async function included(files: Files, leaf: Bytes, index: number, root: Bytes): Promise<boolean> {
  const lead = async (from: number, to: number): Promise<Bytes> => {
    if (to - from === 1) return leafHash(leaf);
    const middle = from + split(to - from);
    return index < middle
      ? nodeHash(await lead(from, middle), await files.range(middle, to))
      : nodeHash(await files.range(from, middle), await lead(middle, to));
  };
  return index >= 0 && index < files.size && same(await lead(0, files.size), root);
}

/**
 * Is the log with `oldRoot` the beginning of the one with `root`? Both roots are made of the same hashes: the
 * left ones, of which the old log consists, and what lies to their right.
 */
export async function continues(files: Files, old: number, oldRoot: Bytes, root: Bytes): Promise<boolean> {
  if (old > files.size) return false;
  if (old === 0) return same(oldRoot, await sha256());
  const both = async (from: number, to: number): Promise<[Bytes, Bytes]> => {
    if (to <= old) {
      const hash = await files.range(from, to);
      return [hash, hash];
    }
    const middle = from + split(to - from);
    if (old <= middle) {
      const [small, large] = await both(from, middle);
      return [small, await nodeHash(large, await files.range(middle, to))];
    }
    const left = await files.range(from, middle);
    const [small, large] = await both(middle, to);
    return [await nodeHash(left, small), await nodeHash(left, large)];
  };
  const [small, large] = await both(0, files.size);
  return same(small, oldRoot) && same(large, root);
}
