import type { ManifestFile, ManifestRows, RowFormat } from '../../schemas/manifest.ts';
import { limits } from '../../schemas/limits.ts';
import { RowDigester } from '../../protocol/rows/row-digester.ts';
import { RowList } from '../../protocol/rows/row-list.ts';
import { RowsError } from '../../protocol/rows/rows-error.ts';

/** What a manifest says of a file's bytes. */
export type HashedFile = Pick<ManifestFile, 'bytes' | 'sha256' | 'rows'>;

/** Hears of the digests of a file's rows, in order: whole ones, concatenated, in a view that is good until it returns. */
export type OnDigests = (digests: Uint8Array) => void;

/** Takes row digests as they are made: into the list that a manifest names, and to whoever keeps them. */
export class RowCollector {
  readonly digester = new RowDigester();
  readonly #list = new RowList();
  readonly #onDigests: OnDigests;

  constructor(onDigests: OnDigests) {
    this.#onDigests = onDigests;
  }

  /** Passes on what the digester made since. */
  readonly flush = (): void => {
    const digests = this.digester.take();
    if (digests.length === 0) return;
    this.#list.append(digests);
    this.#onDigests(digests);
  };

  end(format: RowFormat): ManifestRows {
    this.flush();
    return this.#list.end(format, this.digester.raw);
  }
}

/** Throws RowsError where a gzip file of `bytes` inflates to more than it may: its rows would fill a disk. */
export function boundInflated(inflated: number, bytes: number): void {
  if (inflated > Math.max(limits.inflatedBytes, limits.inflation * bytes)) {
    throw new RowsError('malformed', `as gzip, it inflates to more than ${limits.inflation} times its size`);
  }
}
