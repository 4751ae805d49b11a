import { closeSync, constants, fstatSync, openSync, readSync, type BigIntStats } from 'node:fs';
import { sha256Hex } from '#sha256';
import type { RowSource } from '../../../protocol/rows/row-source.ts';
import { hashSource, type ByteSource } from '../../content/hash-source.ts';
import type { HashedFile, OnDigests } from '../../content/row-collector.ts';
import { digestGzip } from './gunzip.ts';
import { readBuffer } from './read-buffer.ts';

/** Bytes read at a time; larger pieces were no faster. */
export const CHUNK = 1024 * 1024;

/** A file that changed while it was read. */
export class ChangedFileError extends Error {
  override readonly name = 'ChangedFileError';
}

export interface HashFileOptions {
  /** How its rows are read; it has none unless given. */
  rows?: RowSource | null;
  onDigests?: OnDigests;
  /** Hears of every piece. */
  onBytes?: (bytes: number) => void;
}

/**
 * Hashes a regular file that stays as it is meanwhile. Reading and hashing take turns, for a thread of its own: that is as
 * fast as the digest itself.
 */
export async function hashFile(
  location: string,
  { rows = null, onDigests = () => {}, onBytes = () => {} }: HashFileOptions = {},
): Promise<HashedFile> {
  const hashed = rows === null ? hashSmall(location, onBytes) : null;
  if (hashed !== null) return hashed;
  using file = new SteadyFile(location);
  try {
    const hashed = await hashSource(file, { rows, inflate: digestGzip, onDigests, onBytes });
    file.check(hashed.bytes);
    return hashed;
  } catch (error) {
    // What is wrong with a file that changes is that it changes.
    file.check(file.byteLength);
    throw error;
  }
}

/** Room for a byte more than a small file has, which shows that it ended. */
const whole = readBuffer(CHUNK + 1);

/**
 * Hashes a small file without rows in one read and one call, and at once: all else would take longer than the digest. Null
 * where it is not small.
 */
export function hashSmall(location: string, onBytes: (bytes: number) => void): HashedFile | null {
  using file = new SteadyFile(location);
  if (file.byteLength >= whole.length) return null;
  const bytes = file.read(whole);
  onBytes(bytes);
  const sha256 = sha256Hex(whole.subarray(0, bytes));
  file.check(bytes);
  return { bytes, sha256 };
}

/** A regular file that is read, and must be afterwards as it was before. */
export class SteadyFile implements ByteSource, Disposable {
  readonly byteLength: number;
  readonly #location: string;
  readonly #file: number;
  readonly #before: BigIntStats;

  constructor(location: string) {
    this.#location = location;
    // NOFOLLOW: the walk saw a regular file; a link put in its place since must not lead elsewhere. NONBLOCK: nor a pipe.
    this.#file = openSync(location, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
    this.#before = fstatSync(this.#file, { bigint: true });
    this.byteLength = Number(this.#before.size);
    if (this.#before.isFile()) return;
    this[Symbol.dispose]();
    throw new ChangedFileError(`${location} is no longer a regular file`);
  }

  /** The bytes in order, in a buffer that is used again. */
  *pieces(): Generator<Uint8Array> {
    const buffer = readBuffer(Math.max(1, Math.min(CHUNK, this.byteLength)));
    for (let read = this.read(buffer); read > 0; read = this.read(buffer)) {
      yield read === buffer.length ? buffer : buffer.subarray(0, read);
    }
  }

  /** Reads on from where it read last; 0 at the end. */
  read(into: Uint8Array): number {
    return readSync(this.#file, into);
  }

  slice(start: number, end: number): Promise<ArrayBuffer> {
    const buffer = new Uint8Array(end - start);
    for (let at = 0; at < buffer.length;) {
      const read = readSync(this.#file, buffer, at, buffer.length - at, start + at);
      if (read === 0) throw this.#changed();
      at += read;
    }
    return Promise.resolve(buffer.buffer);
  }

  /** Throws {@link ChangedFileError} where `bytes` are not all that it had, or it is no longer what it was. */
  check(bytes: number): void {
    const [before, after] = [this.#before, fstatSync(this.#file, { bigint: true })];
    const isSame = before.size === after.size && before.mtimeNs === after.mtimeNs && before.ctimeNs === after.ctimeNs;
    if (bytes !== this.byteLength || !isSame) throw this.#changed();
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }

  #changed(): ChangedFileError {
    return new ChangedFileError(`${this.#location} changed while it was read`);
  }
}
