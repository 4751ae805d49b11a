import { createSha256 } from '#sha256';
import type { ReadAt } from '../../protocol/rows/parquet.ts';
import { rowReader, type RowSource } from '../../protocol/rows/row-source.ts';
import { RowCollector, type HashedFile, type OnDigests } from './row-collector.ts';

/** A file's bytes: once in order, in views that are good until the next, and at any place. */
export interface ByteSource extends ReadAt {
  pieces(): Pieces;
}

export type Pieces = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/**
 * Inflates the gzip (RFC 1952), of one member or several, that all `pieces` of a file of `bytes` make. Throws RowsError
 * where it is damaged, cut short or followed by something else, or inflates to more than it may.
 */
export type Inflate = (pieces: Pieces, bytes: number, onInflated: (piece: Uint8Array) => void) => Promise<void>;

export interface HashSourceOptions {
  /** How its rows are read; null where it has none. */
  rows: RowSource | null;
  /** The platform's. */
  inflate: Inflate;
  onDigests: OnDigests;
  /** Hears of every piece. */
  onBytes: (bytes: number) => void;
}

/** Hashes a file and its rows in one pass, but for Parquet, which is read from its end. Throws RowsError. */
export async function hashSource(source: ByteSource, options: HashSourceOptions): Promise<HashedFile> {
  const { rows, onDigests, onBytes } = options;
  const sha256 = createSha256();
  let bytes = 0;
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    for await (const piece of source.pieces()) {
      sha256.update(piece);
      bytes += piece.length;
      onBytes(piece.length);
      yield piece;
    }
  };
  if (rows === null) {
    for await (const _ of pieces());
    return { bytes, sha256: sha256.digest() };
  }
  const collector = new RowCollector(onDigests);
  await digestRows(source, pieces(), rows, options.inflate, collector);
  return { bytes, sha256: sha256.digest(), rows: collector.end(rows.format) };
}

/** Takes all pieces, and digests the rows in them, or in the file. */
async function digestRows(
  source: ByteSource,
  pieces: AsyncIterable<Uint8Array>,
  rows: RowSource,
  inflate: Inflate,
  collector: RowCollector,
): Promise<void> {
  if (rows.format === 'parquet') {
    for await (const _ of pieces);
    // Loaded only where it is needed: its decoders compile WebAssembly at once, which not every platform allows.
    const { digestParquet } = await import('../../protocol/rows/parquet.ts');
    return digestParquet(source, collector.digester, collector.flush);
  }
  const reader = rowReader(rows.format, collector.digester);
  const push = (piece: Uint8Array): void => {
    reader.push(piece);
    collector.flush();
  };
  if (rows.isGzip) await inflate(pieces, source.byteLength, push);
  else for await (const piece of pieces) push(piece);
  reader.end();
}
