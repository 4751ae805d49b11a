import { rowSourceOf } from '../../../protocol/rows/row-source.ts';
import { RowsError } from '../../../protocol/rows/rows-error.ts';
import type { HashedFile } from '../../content/row-collector.ts';
import { hashFile } from './hash-file.ts';
import type { Spool, Spooled } from './spool.ts';

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
  onBytes: (bytes: number) => void,
): Promise<SpooledFile> {
  const rows = rowSourceOf(path);
  try {
    const hashed = await hashFile(location, { rows, onDigests: spool.append, onBytes });
    return { ...hashed, list: rows === null ? null : spool.take() };
  } catch (error) {
    throw rowsErrorAt(location, error);
  }
}

/** Names the file whose rows are at fault. */
export const rowsErrorAt = (location: string, error: unknown): unknown =>
  error instanceof RowsError ? new RowsError(error.code, `${location}: ${error.message}`) : error;
