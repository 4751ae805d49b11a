/** A set of rows of one file, by their number from 0: one bit a row. */
export class RowSet implements Iterable<number> {
  readonly #bits: Uint8Array;
  #size = 0;

  /** Of a file with `rows` rows; empty. */
  constructor(rows: number) {
    this.#bits = new Uint8Array(Math.ceil(rows / 8));
  }

  /** How many rows are in it. */
  get size(): number {
    return this.#size;
  }

  add(row: number): void {
    const at = row >>> 3;
    const bit = 1 << (row & 7);
    const byte = this.#bits[at] as number;
    if ((byte & bit) !== 0) return;
    this.#bits[at] = byte | bit;
    this.#size++;
  }

  has(row: number): boolean {
    return ((this.#bits[row >>> 3] ?? 0) & (1 << (row & 7))) !== 0;
  }

  /** In rising order. */
  *[Symbol.iterator](): Generator<number> {
    for (const [at, byte] of this.#bits.entries()) {
      for (let bit = 0; byte >>> bit !== 0; bit++) if ((byte & (1 << bit)) !== 0) yield at * 8 + bit;
    }
  }
}
