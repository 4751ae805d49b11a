import type { Compressors } from 'hyparquet';
import { compressors, decompressZstd } from 'hyparquet-compressors';

/** ZSTD into a buffer of the size that the page's header says, which was checked: a frame may claim any. */
const DECOMPRESSORS: Compressors = {
  ...compressors,
  ZSTD: (input, length) => decompressZstd(input, new Uint8Array(length)),
};

/** Each codec of Parquet. None is asked for an empty page, which not all of them know. */
export const COMPRESSORS: Compressors = Object.fromEntries(
  Object.entries(DECOMPRESSORS).map(([codec, decompress]) => [
    codec,
    (input: Uint8Array, length: number) => (length === 0 ? new Uint8Array() : decompress(input, length)),
  ]),
);
