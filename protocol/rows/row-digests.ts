import { leafHash } from '../log/merkle.ts';

/** Bytes of one row digest. */
export const ROW_DIGEST_BYTES = 32;

/** What a row is known by wherever it goes: the RFC 6962 leaf hash of its bytes (protocol.md §5). */
export const rowDigest = leafHash;

/** The row-digest list of a file, read again as often as needed and never held in memory as a whole. */
export interface RowDigests {
  count: number;
  /**
   * The digests in file order, concatenated: pieces of any size, each of whole digests, and good until the next is asked for.
   */
  read(): AsyncIterable<Uint8Array>;
}
