/**
 * A reader for the little CBOR (RFC 8949) that a code uses: unsigned integers of 32 bits, short
 * byte and text strings, definite lengths, each in its shortest form. Anything else is
 * `code.malformed`, so there is exactly one way to write each code.
 */
import { CodeError } from './errors';

const UINT = 0;
const BYTES = 2;
const TEXT = 3;
const ARRAY = 4;
const MAP = 5;

function malformed(): never {
  throw new CodeError('code.malformed');
}

export class CborReader {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #at = 0;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes;
  }

  #byte(): number {
    const b = this.#bytes[this.#at++];
    return b === undefined ? malformed() : b;
  }

  /** The argument of a head of this major type (RFC 8949, section 3), which must be the shortest. */
  #head(major: number): number {
    const head = this.#byte();
    if (head >> 5 !== major) malformed();
    const info = head & 31;
    if (info < 24) return info;
    if (info > 26) malformed();
    const width = 1 << (info - 24);
    let n = 0;
    for (let i = 0; i < width; i++) n = n * 256 + this.#byte();
    const least = width === 1 ? 24 : width === 2 ? 0x100 : 0x1_0000;
    return n < least ? malformed() : n;
  }

  /** An unsigned integer of at most 32 bits. */
  uint(): number {
    return this.#head(UINT);
  }

  /** A byte string. */
  bytes(): Uint8Array<ArrayBuffer> {
    return this.#take(this.#head(BYTES));
  }

  /** A text string of ASCII characters; a code has no others. */
  ascii(): string {
    const raw = this.#take(this.#head(TEXT));
    if (raw.some((b) => b > 0x7e || b < 0x20)) malformed();
    return String.fromCharCode(...raw);
  }

  /** An array or map of exactly this many entries. */
  array(entries: number): void {
    if (this.#head(ARRAY) !== entries) malformed();
  }

  map(entries: number): void {
    if (this.#head(MAP) !== entries) malformed();
  }

  /** Exactly these bytes. */
  exactly(...expected: number[]): void {
    for (const b of expected) if (this.#byte() !== b) malformed();
  }

  /** Nothing more. */
  end(): void {
    if (this.#at !== this.#bytes.length) malformed();
  }

  #take(n: number): Uint8Array<ArrayBuffer> {
    const from = this.#at;
    if (n > this.#bytes.length - from) malformed();
    this.#at += n;
    return this.#bytes.slice(from, this.#at);
  }
}
