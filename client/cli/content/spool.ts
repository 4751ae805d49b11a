import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROW_DIGEST_BYTES, type RowDigests } from '../../../protocol/rows/row-digests.ts';
import { readBuffer } from './read-buffer.ts';

/** Where a file's row digests lie in a spool. */
export interface Spooled {
  spool: string;
  /** Bytes into it. */
  offset: number;
  count: number;
}

/** A private folder for row digests, which is gone with its owner, or with the process however that ends. */
export class SpoolFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'firsthand-rows-'));
  // Again where it is not empty after all: what nobody waits for may just be written into it.
  readonly #remove = (): void => rmSync(this.path, { recursive: true, force: true, maxRetries: 20, retryDelay: 10 });

  constructor() {
    // Ctrl-C ends the process by its exit, too.
    process.once('exit', this.#remove);
  }

  [Symbol.dispose](): void {
    process.off('exit', this.#remove);
    this.#remove();
  }
}

/** Appends row digests to a file of its own. */
export class Spool implements Disposable {
  readonly #path: string;
  readonly #file: number;
  #bytes = 0;
  #from = 0;

  constructor(path: string) {
    this.#path = path;
    this.#file = openSync(path, 'wx', 0o600);
  }

  readonly append = (digests: Uint8Array): void => {
    for (let at = 0; at < digests.length;) at += writeSync(this.#file, digests, at);
    this.#bytes += digests.length;
  };

  /** Where the digests are that were appended since this was last asked. */
  take(): Spooled {
    const spooled = { spool: this.#path, offset: this.#from, count: (this.#bytes - this.#from) / ROW_DIGEST_BYTES };
    this.#from = this.#bytes;
    return spooled;
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}

/** Row digests that are read from a spool: as long as its folder is there. */
export const rowDigestsIn = ({ spool, offset, count }: Spooled): RowDigests => ({
  count,
  async *read() {
    const file = await open(spool, 'r');
    try {
      let left = count * ROW_DIGEST_BYTES;
      const buffer = readBuffer(Math.min(left, READ_BYTES));
      for (let at = offset; left > 0;) {
        const piece = buffer.subarray(0, left);
        for (let filled = 0; filled < piece.length;) {
          const { bytesRead } = await file.read(piece, filled, piece.length - filled, at + filled);
          if (bytesRead === 0) throw new Error(`${spool} is shorter than was written`);
          filled += bytesRead;
        }
        at += piece.length;
        left -= piece.length;
        yield piece;
      }
    } finally {
      await file.close();
    }
  },
});

/** Bytes read at a time: whole digests. */
const READ_BYTES = 1024 * 1024;
