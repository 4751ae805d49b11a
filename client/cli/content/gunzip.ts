import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { RowsError } from '../../../protocol/rows/rows-error.ts';
import { boundInflated } from '../../content/row-collector.ts';

/** Bytes inflated at a time. */
const CHUNK = 256 * 1024;

/**
 * Inflates the gzip (RFC 1952), of one member or several, that all `pieces` of a file of `bytes` make. Throws RowsError
 * where it is damaged, cut short or followed by something else, or inflates to more than it may.
 */
export async function digestGzip(
  pieces: Iterable<Uint8Array>,
  bytes: number,
  onInflated: (piece: Uint8Array) => void,
): Promise<void> {
  const gunzip = createGunzip({ chunkSize: CHUNK });
  let inflated = 0;
  // The buffer that a piece is in is used again, while the inflater still reads it.
  const copies = Readable.from(copied(pieces));
  try {
    await pipeline(copies, gunzip, async (output: AsyncIterable<Uint8Array>) => {
      for await (const piece of output) {
        inflated += piece.length;
        boundInflated(inflated, bytes);
        onInflated(piece);
      }
    });
  } catch (error) {
    throw isZlib(error) ? new RowsError('malformed', `as gzip, it is damaged: ${error.message}`) : error;
  }
  // Zeros behind the last member end the stream without a word.
  if (gunzip.bytesWritten !== bytes) throw new RowsError('malformed', 'as gzip, it is followed by other bytes');
}

function* copied(pieces: Iterable<Uint8Array>): Generator<Uint8Array> {
  for (const piece of pieces) yield piece.slice();
}

const isZlib = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('Z_');
