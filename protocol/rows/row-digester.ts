import { sha256Into } from '#sha256';
import { limits } from '../../schemas/limits.ts';
import { concatBytes, fromUtf8, utf8 } from '../bytes.ts';
import { canonicalJson, parseJson } from '../json.ts';
import { CanonicalRow } from './canonical-row.ts';
import { FlatLine } from './flat-line.ts';
import { ROW_DIGEST_BYTES } from './row-digests.ts';
import { leafOf } from './row-memory.ts';

const LEAF = Uint8Array.of(0);

/**
 * Makes row digests, one after the other, and keeps them until they are taken. The hash's prefix (RFC 6962 §2.1) stands
 * before the row's bytes from the start, so that a row is written once and hashed in one call.
 */
export class RowDigester {
  /** Rows so far, and how many of them are addressed by their own bytes. */
  count = 0;
  raw = 0;
  readonly #flat = new FlatLine();
  readonly #canonical = new CanonicalRow();
  #digests = new Uint8Array(64 * ROW_DIGEST_BYTES);
  #filled = 0;

  /**
   * The row on the line that begins at `from` in a memory of placeLines, where that line is of the simplest kind and
   * ends before `stop`: answers where, at its LF. Else -1, and nothing is done.
   */
  addFlatLine(memory: Uint8Array, from: number, stop: number): number {
    const to = this.#flat.write(memory, from, stop, memory, 1);
    if (to < 0) return -1;
    this.addLeaf(leafOf(to));
    return this.#flat.end;
  }

  /**
   * A row that is JSON in `memory[from, end)`, one of placeLines: by its canonical form, or raw where it has none. False, and
   * nothing is done, where that form is longer than a row may be: numbers can grow.
   */
  addJson(memory: Uint8Array, from: number, end: number): boolean {
    const to = this.#canonical.write(memory, from, end, memory, 1);
    if (to < 0) return this.#addUnusual(memory.slice(from, end));
    if (to - 1 > limits.rowBytes) return false;
    this.addLeaf(leafOf(to));
    return true;
  }

  /** A row that canonical JSON cannot carry: by these bytes. They are never those of a canonical row of JSON lines. */
  addRaw(bytes: Uint8Array): void {
    this.addLeaf(concatBytes(LEAF, bytes), true);
  }

  /** A row by what is hashed of it: 0x00 and its bytes. */
  addLeaf(leaf: Uint8Array, isRaw = false): void {
    if (isRaw) this.raw++;
    if (this.#filled === this.#digests.length) {
      const larger = new Uint8Array(2 * this.#digests.length);
      larger.set(this.#digests);
      this.#digests = larger;
    }
    sha256Into(leaf, this.#digests, this.#filled);
    this.#filled += ROW_DIGEST_BYTES;
    this.count++;
  }

  /** The digests since they were last taken: a view, good until the next row. */
  take(): Uint8Array {
    const taken = this.#digests.subarray(0, this.#filled);
    this.#filled = 0;
    return taken;
  }

  #addUnusual(bytes: Uint8Array): boolean {
    const text = fromUtf8(bytes);
    const parsed = text === null ? null : parseJson(text);
    const row = parsed?.ok === true ? utf8(canonicalJson(parsed.value)) : null;
    if (row !== null && row.length > limits.rowBytes) return false;
    if (row === null) this.addRaw(bytes);
    else this.addLeaf(concatBytes(LEAF, row));
    return true;
  }
}
