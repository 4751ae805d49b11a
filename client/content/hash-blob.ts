import { ROW_DIGEST_BYTES } from '../../protocol/rows/row-digests.ts';
import { rowSourceOf } from '../../protocol/rows/row-source.ts';
import { RowsError } from '../../protocol/rows/rows-error.ts';
import { ContentError } from '../errors.ts';
import { BlobList, piecesOf } from './blob-list.ts';
import { inflateGzip } from './gunzip.ts';
import { hashSource } from './hash-source.ts';
import type { HashedFile } from './row-collector.ts';

/** A file to hash. */
export interface BlobTask {
  /** By which it is known what it is. */
  path: string;
  blob: Blob;
}

/** A file that is hashed. The digests of its rows are a Blob, which a browser may keep on disk; null where it has none. */
export interface HashedBlob extends HashedFile {
  list: Blob | null;
}

/** What was done since the last word. */
export interface Done {
  bytes: number;
  rows: number;
}

/** Hashes a file. Throws ContentError, and whatever `onDone` throws. */
export async function hashBlob({ path, blob }: BlobTask, onDone: (done: Done) => void): Promise<HashedBlob> {
  const rows = rowSourceOf(path);
  const source = {
    byteLength: blob.size,
    slice: (start: number, end: number) => blob.slice(start, end).arrayBuffer(),
    pieces: () => piecesOf(blob),
  };
  const list = new BlobList();
  // What the listener throws is not the file's fault, whoever it passes through.
  const reasons: unknown[] = [];
  const tell = (done: Done): void => {
    try {
      onDone(done);
    } catch (reason) {
      reasons.push(reason);
      throw reason;
    }
  };
  try {
    const hashed = await hashSource(source, {
      rows,
      inflate: inflateGzip,
      onDigests(digests) {
        list.append(digests);
        tell({ bytes: 0, rows: digests.length / ROW_DIGEST_BYTES });
      },
      onBytes: (bytes) => tell({ bytes, rows: 0 }),
    });
    return { ...hashed, list: rows === null ? null : list.end() };
  } catch (error) {
    throw reasons.length > 0 ? reasons[0] : contentErrorOf(path, error);
  }
}

/** Names the file at fault. A file that changed since it was picked, or is gone, cannot be read any more. */
function contentErrorOf(path: string, error: unknown): unknown {
  if (error instanceof RowsError) return new ContentError(error.code, path, error.message);
  if (error instanceof DOMException) return new ContentError('unreadable', path, `cannot be read: ${error.message}`);
  return error;
}
