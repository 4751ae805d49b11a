import { createSha256 } from '#sha256';
import { limits } from '../../../schemas/limits.ts';
import { bomLength, lineTooLong } from '../../../protocol/rows/jsonl.ts';
import { RowList } from '../../../protocol/rows/row-list.ts';
import type { RowsError } from '../../../protocol/rows/rows-error.ts';
import { CHUNK, SteadyFile } from './hash-file.ts';
import { rowsErrorAt, type FileTask, type OnProgress, type SpooledFile } from './hash-spooled.ts';
import type { DigestedLines, LinesTask } from './hash-thread.ts';
import type { HashThreads } from './hash-threads.ts';
import type { Spool } from './spool.ts';

const LF = 0x0a;
const CR = 0x0d;

/**
 * Hashes one large file of JSON lines on all threads: this one reads each piece once and takes the file's digest, the
 * others digest the lines in it, and the digests come together here in order, into `spool` and the tree.
 */
export async function hashLines(
  { location }: FileTask,
  threads: HashThreads,
  spool: Spool,
  onProgress: OnProgress,
): Promise<SpooledFile> {
  using file = new SteadyFile(location);
  const reading = new PieceReader(file, (bytes) => onProgress(bytes, 0));
  const list = new RowList();
  let [raw, lines] = [0, 0];
  const underWay: Promise<DigestedLines>[] = [];
  const take = async (): Promise<void> => {
    const done = await (underWay.shift() as Promise<DigestedLines>).catch((error: Partial<RowsError>) => {
      throw error.line === undefined ? error : rowsErrorAt(location, lineTooLong(lines + error.line));
    });
    list.append(done.digests);
    spool.append(done.digests);
    raw += done.raw;
    lines += done.lines;
    onProgress(0, done.lines);
    reading.reuse(done.piece);
  };
  // Each thread has the next piece at hand when it is done with one.
  const most = 2 * threads.count;
  for (let piece = reading.next(); piece !== null; piece = reading.next()) {
    const asked = threads.digestLines(piece);
    // A failure that comes while another piece is awaited is not unhandled.
    asked.catch(() => undefined);
    underWay.push(asked);
    if (underWay.length === most) await take();
  }
  while (underWay.length > 0) await take();
  file.check(reading.isEnded ? reading.bytes : file.byteLength);
  if (!reading.isEnded) throw rowsErrorAt(location, lineTooLong(lines + 1));
  const hashed = { bytes: reading.bytes, sha256: reading.sha256.digest() };
  return { ...hashed, rows: list.end('jsonl', raw), list: spool.take() };
}

/** Reads a file in pieces of whole lines, and hashes it as it is read. */
class PieceReader {
  readonly sha256 = createSha256();
  bytes = 0;
  /** Whether all is read. Where there are no more pieces and it is not, the next line is longer than it may be. */
  isEnded = false;
  readonly #file: SteadyFile;
  readonly #onBytes: (bytes: number) => void;
  readonly #free: Uint8Array<ArrayBuffer>[] = [];
  /** The line begun. */
  #rest: Uint8Array = new Uint8Array();

  constructor(file: SteadyFile, onBytes: (bytes: number) => void) {
    this.#file = file;
    this.#onBytes = onBytes;
  }

  /** A buffer that is no longer needed. */
  reuse(buffer: Uint8Array<ArrayBuffer>): void {
    this.#free.push(buffer);
  }

  /** The next piece; null at the end, or where a line is too long. */
  next(): LinesTask | null {
    if (this.isEnded) return null;
    const isFirst = this.bytes === 0;
    const lines = this.#readLines();
    if (lines === null) return null;
    const { piece, filled, end } = lines;
    const from = isFirst ? bomLength(piece) : 0;
    // Any line but the first is shorter than what is read at a time.
    if (lengthOfLine(piece, from, end) > limits.rowBytes) {
      this.isEnded = false;
      return null;
    }
    this.#rest = piece.slice(end, filled);
    return end === 0 ? null : { piece, from, end };
  }

  /** The line begun, and what is read on to the end of one at least, whole lines up to `end`; null where it is too long. */
  #readLines(): { piece: Uint8Array<ArrayBuffer>; filled: number; end: number } | null {
    let filled = this.#rest.length;
    let piece = withRoom(this.#free.pop() ?? new Uint8Array(2 * CHUNK), 0, filled);
    piece.set(this.#rest);
    let end = 0;
    while (end === 0 && !this.isEnded) {
      // With a byte-order mark, and the line's end.
      if (filled > limits.rowBytes + 5) return null;
      piece = withRoom(piece, filled, filled + CHUNK);
      const read = this.#read(piece.subarray(filled, filled + CHUNK));
      filled += read;
      this.isEnded = read === 0;
      end = this.isEnded ? filled : piece.lastIndexOf(LF, filled - 1) + 1;
    }
    return { piece, filled, end };
  }

  #read(into: Uint8Array): number {
    const read = this.#file.read(into);
    this.sha256.update(into.subarray(0, read));
    this.bytes += read;
    this.#onBytes(read);
    return read;
  }
}

/** Bytes of the line at `from`, without its end. */
function lengthOfLine(piece: Uint8Array, from: number, end: number): number {
  const newline = piece.indexOf(LF, from);
  const stop = newline < 0 || newline > end ? end : newline;
  return stop - from - (piece[stop - 1] === CR ? 1 : 0);
}

/** A buffer of `bytes` at least, with the first `kept` bytes of the given one. */
function withRoom(buffer: Uint8Array<ArrayBuffer>, kept: number, bytes: number): Uint8Array<ArrayBuffer> {
  if (buffer.length >= bytes) return buffer;
  const larger = new Uint8Array(2 * bytes);
  larger.set(buffer.subarray(0, kept));
  return larger;
}
