import { rowSourceOf } from '../../../protocol/rows/row-source.ts';
import { RowsError } from '../../../protocol/rows/rows-error.ts';
import type { HashedFile } from '../../content/row-collector.ts';
import { hashFile } from './hash-file.ts';
import type { Spool, Spooled } from './spool.ts';

/** A file that is hashed, and where the digests of its rows are. */
export interface SpooledFile extends HashedFile {
  list: Spooled | null;
}

/** Hashes the file at `location`, as `path` says what it is, with the digests of its rows in `spool`. */
export async function hashSpooled(
  { path, location }: { path: string; location: string },
  spool: Spool,
  onBytes: (bytes: number) => void,
): Promise<SpooledFile> {
  const rows = rowSourceOf(path);
  try {
    const hashed = await hashFile(location, { rows, onDigests: spool.append, onBytes });
    return { ...hashed, list: rows === null ? null : spool.take() };
  } catch (error) {
    throw error instanceof RowsError ? new RowsError(error.code, `${location}: ${error.message}`) : error;
  }
}
