import { concatBytes, utf8 } from '../../bytes.ts';
import { RowDigester } from '../row-digester.ts';
import { rowDigest } from '../row-digests.ts';

/** What became of a file's rows. */
export interface Digested {
  digests: Uint8Array;
  count: number;
  raw: number;
}

/** Digests a file that arrives in pieces, cut at these places. */
export function digestInPieces(
  rowsInto: (digester: RowDigester) => { push(bytes: Uint8Array): void; end(): void },
  file: Uint8Array | string,
  cuts: readonly number[] = [],
): Digested {
  const bytes = typeof file === 'string' ? utf8(file) : file;
  const digester = new RowDigester();
  const rows = rowsInto(digester);
  const taken: Uint8Array[] = [];
  const ends = [...cuts.map((cut) => Math.min(cut, bytes.length)).toSorted((a, b) => a - b), bytes.length];
  for (const [i, end] of ends.entries()) {
    rows.push(bytes.slice(ends[i - 1] ?? 0, end));
    taken.push(digester.take().slice());
  }
  rows.end();
  taken.push(digester.take().slice());
  return { digests: concatBytes(...taken), count: digester.count, raw: digester.raw };
}

/** Rows by the bytes that are hashed. */
export const rowsOf = (bytes: readonly (string | Uint8Array)[], raw = 0): Digested => ({
  digests: concatBytes(...bytes.map((row) => rowDigest(row))),
  count: bytes.length,
  raw,
});
