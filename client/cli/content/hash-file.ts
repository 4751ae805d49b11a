import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync, type BigIntStats } from 'node:fs';

/** Bytes read at a time; larger pieces were no faster. */
const CHUNK = 1024 * 1024;

export interface HashedFile {
  bytes: number;
  /** Lowercase hex. */
  sha256: string;
}

/** A file that changed while it was read. */
export class ChangedFileError extends Error {
  override readonly name = 'ChangedFileError';
}

/**
 * SHA-256 of a regular file that stays as it is meanwhile. Synchronous, for a thread of its own: reading and hashing in
 * one loop is as fast as the digest itself. `onBytes` hears of every piece.
 */
export function hashFile(location: string, onBytes: (bytes: number) => void = () => {}): HashedFile {
  // NOFOLLOW: the walk saw a regular file; a link put in its place since must not lead elsewhere. NONBLOCK: nor a pipe.
  const file = openSync(location, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  try {
    const before = fstatSync(file, { bigint: true });
    if (!before.isFile()) throw new ChangedFileError(`${location} is no longer a regular file`);
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(Math.max(1, Math.min(CHUNK, Number(before.size))));
    let bytes = 0;
    for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer)) {
      hash.update(read === buffer.length ? buffer : buffer.subarray(0, read));
      bytes += read;
      onBytes(read);
    }
    const after = fstatSync(file, { bigint: true });
    if (BigInt(bytes) !== before.size || !isSame(before, after)) {
      throw new ChangedFileError(`${location} changed while it was read`);
    }
    return { bytes, sha256: hash.digest('hex') };
  } finally {
    closeSync(file);
  }
}

const isSame = (a: BigIntStats, b: BigIntStats): boolean =>
  a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs;
