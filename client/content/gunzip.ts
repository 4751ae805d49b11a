import { Gunzip } from 'fflate';
import { RowsError } from '../../protocol/rows/rows-error.ts';
import type { Inflate } from './hash-source.ts';
import { boundInflated } from './row-collector.ts';

/** Bytes inflated at a time, which become a thousand times as many at most. */
const STEP = 16 * 1024;
/** Bytes of what was inflated that are passed on at a time. */
const CHUNK = 256 * 1024;
/** Bytes of a header at most: names and comments have no limit of their own. */
const HEADER = 96 * 1024;
/** Bytes kept of what came last: a member's trailer, and the header behind it. */
const KEPT = 128 * 1024;
const TRAILER = 8;

/**
 * Inflates wherever JavaScript runs. A browser's own DecompressionStream takes one member only, and compressors that work
 * in blocks write many.
 */
export const inflateGzip: Inflate = async (pieces, bytes, onInflated) => {
  const members = new Members(bytes, onInflated);
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; at += STEP) members.push(piece.slice(at, at + STEP));
  }
  members.end();
};

/** The members of a gzip file. fflate finds them; their checksums and lengths are compared here, since it leaves that out. */
class Members {
  readonly #bytes: number;
  readonly #onInflated: (piece: Uint8Array) => void;
  readonly #gunzip = new Gunzip((inflated) => this.#take(inflated));
  readonly #kept = new Uint8Array(KEPT);
  #read = 0;
  /** Bytes read since anything was inflated. */
  #idle = 0;
  #inflated = 0;
  /** Of the member begun. */
  #crc = new Crc32();
  #length = 0;

  constructor(bytes: number, onInflated: (piece: Uint8Array) => void) {
    this.#bytes = bytes;
    this.#onInflated = onInflated;
    this.#gunzip.onmember = (offset) => this.#endMember(offset);
  }

  /** Takes the piece for itself. */
  push(piece: Uint8Array): void {
    this.#kept.copyWithin(0, piece.length);
    this.#kept.set(piece, KEPT - piece.length);
    this.#read += piece.length;
    this.#idle += piece.length;
    this.#inflate(piece, false);
    if (this.#idle > HEADER) throw damaged('header too long');
  }

  end(): void {
    this.#inflate(new Uint8Array(), true);
    this.#endMember(this.#read);
  }

  #inflate(piece: Uint8Array, isLast: boolean): void {
    try {
      this.#gunzip.push(piece, isLast);
    } catch (error) {
      // Its own have a number for a code; others come from whoever takes what was inflated.
      if (error instanceof Error && 'code' in error && typeof error.code === 'number') throw damaged(error.message);
      throw error;
    }
  }

  /** Called with every piece inside of a member, be it with nothing. */
  #take(inflated: Uint8Array): void {
    this.#idle = 0;
    this.#inflated += inflated.length;
    boundInflated(this.#inflated, this.#bytes);
    this.#crc.update(inflated);
    this.#length += inflated.length;
    for (let at = 0; at < inflated.length; at += CHUNK) this.#onInflated(inflated.subarray(at, at + CHUNK));
  }

  /** Compares what the member that ended before `offset` said of itself (RFC 1952 §2.3.1). */
  #endMember(offset: number): void {
    if (offset < TRAILER) throw damaged('unexpected end of file');
    const trailer = new DataView(this.#kept.buffer, KEPT - (this.#read - offset) - TRAILER, TRAILER);
    if (trailer.getUint32(0, true) !== this.#crc.value) throw damaged('incorrect data check');
    if (trailer.getUint32(4, true) !== this.#length % 2 ** 32) throw damaged('incorrect length check');
    this.#crc = new Crc32();
    this.#length = 0;
  }
}

const damaged = (what: string): RowsError => new RowsError('malformed', `as gzip, it is damaged: ${what}`);

/** The checksum of RFC 1952 §8. */
class Crc32 {
  #state = -1;

  get value(): number {
    return ~this.#state >>> 0;
  }

  update(bytes: Uint8Array): void {
    let state = this.#state;
    for (let i = 0; i < bytes.length; i++) {
      state = (TABLE[(state ^ (bytes[i] as number)) & 0xff] as number) ^ (state >>> 8);
    }
    this.#state = state;
  }
}

const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let state = byte;
  for (let bit = 0; bit < 8; bit++) state = state & 1 ? (state >>> 1) ^ 0xedb88320 : state >>> 1;
  return state;
});
