import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { RowsError } from '../../../protocol/rows/rows-error.ts';
import type { Inflate, Pieces } from '../../content/hash-source.ts';
import { boundInflated } from '../../content/row-collector.ts';

/** Bytes inflated at a time. */
const CHUNK = 256 * 1024;

/** Inflates by the zlib that Node carries. */
export const digestGzip: Inflate = async (pieces, bytes, onInflated) => {
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
};

async function* copied(pieces: Pieces): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) yield piece.slice();
}

/** Whether it says that what was to be inflated is damaged. */
export const isZlib = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('Z_');
