import { closeSync, constants, fstatSync, openSync, readSync, type BigIntStats } from 'node:fs';
import type { RowSource } from '../../../protocol/rows/row-source.ts';
import { ContentHasher, type HashedFile, type OnDigests } from '../../content/content-hasher.ts';

/** Bytes read at a time; larger pieces were no faster. */
const CHUNK = 1024 * 1024;

/** A file that changed while it was read. */
export class ChangedFileError extends Error {
  override readonly name = 'ChangedFileError';
}

interface HashFileOptions {
  /** How its rows are read; it has none unless given. */
  rows?: RowSource | null;
  onDigests?: OnDigests;
  /** Hears of every piece. */
  onBytes?: (bytes: number) => void;
}

/**
 * Hashes a regular file that stays as it is meanwhile. Synchronous, for a thread of its own: reading and hashing in one
 * loop is as fast as the digest itself.
 */
export function hashFile(
  location: string,
  { rows = null, onDigests = () => {}, onBytes = () => {} }: HashFileOptions = {},
): HashedFile {
  // NOFOLLOW: the walk saw a regular file; a link put in its place since must not lead elsewhere. NONBLOCK: nor a pipe.
  const file = openSync(location, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  try {
    const before = fstatSync(file, { bigint: true });
    if (!before.isFile()) throw new ChangedFileError(`${location} is no longer a regular file`);
    const hasher = new ContentHasher(rows, onDigests);
    const buffer = Buffer.allocUnsafe(Math.max(1, Math.min(CHUNK, Number(before.size))));
    let bytes = 0;
    for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer)) {
      hasher.push(read === buffer.length ? buffer : buffer.subarray(0, read));
      bytes += read;
      onBytes(read);
    }
    const after = fstatSync(file, { bigint: true });
    if (BigInt(bytes) !== before.size || !isSame(before, after)) {
      throw new ChangedFileError(`${location} changed while it was read`);
    }
    return hasher.end();
  } finally {
    closeSync(file);
  }
}

const isSame = (a: BigIntStats, b: BigIntStats): boolean =>
  a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs;
