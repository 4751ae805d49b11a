import { rowSourceOf } from '../../../protocol/rows/row-source.ts';
import { ROW_DIGEST_BYTES } from '../../../protocol/rows/row-digests.ts';
import { RowsError } from '../../../protocol/rows/rows-error.ts';
import type { HashedFile } from '../../content/row-collector.ts';
import { hashFile } from './hash-file.ts';
import type { Spool, Spooled } from './spool.ts';

/** Hears of bytes read and of rows digested, since it last did. */
export type OnProgress = (bytes: number, rows: number) => void;

/** A file to hash. */
export interface FileTask {
  /** By which it is known what it is. */
  path: string;
  /** Where it is. */
  location: string;
}

/** A file that is hashed, and where the digests of its rows are. */
export interface SpooledFile extends HashedFile {
  list: Spooled | null;
}

/** Hashes a file, with the digests of its rows in `spool`. */
export async function hashSpooled(
  { path, location }: FileTask,
  spool: Spool,
  onProgress: OnProgress,
): Promise<SpooledFile> {
  const rows = rowSourceOf(path);
  const onDigests = (digests: Uint8Array): void => {
    spool.append(digests);
    onProgress(0, digests.length / ROW_DIGEST_BYTES);
  };
  try {
    const hashed = await hashFile(location, { rows, onDigests, onBytes: (bytes) => onProgress(bytes, 0) });
    return { ...hashed, list: rows === null ? null : spool.take() };
  } catch (error) {
    throw rowsErrorAt(location, error);
  }
}

/** Names the file whose rows are at fault. */
export const rowsErrorAt = (location: string, error: unknown): unknown =>
  error instanceof RowsError ? new RowsError(error.code, `${location}: ${error.message}`) : error;
