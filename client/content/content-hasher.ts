import { createSha256 } from '#sha256';
import type { ManifestFile } from '../../schemas/manifest.ts';
import { JsonlRows } from '../../protocol/rows/jsonl.ts';
import { RowDigester } from '../../protocol/rows/row-digester.ts';
import { RowList } from '../../protocol/rows/row-list.ts';
import type { RowSource } from '../../protocol/rows/row-source.ts';

/** What a manifest says of a file's bytes. */
export type HashedFile = Pick<ManifestFile, 'bytes' | 'sha256' | 'rows'>;

/** Hears of the digests of a file's rows, in order: whole ones, concatenated, in a view that is good until it returns. */
export type OnDigests = (digests: Uint8Array) => void;

/** One pass over a file whose bytes come in order: its digest, the digests of its rows and the root over them. */
export class ContentHasher {
  readonly #sha256 = createSha256();
  #bytes = 0;
  readonly #source: RowSource | null;
  readonly #onDigests: OnDigests;
  readonly #digester = new RowDigester();
  readonly #rows: JsonlRows;
  readonly #list = new RowList();

  constructor(source: RowSource | null, onDigests: OnDigests) {
    this.#source = source;
    this.#onDigests = onDigests;
    this.#rows = new JsonlRows(this.#digester);
  }

  push(piece: Uint8Array): void {
    this.#sha256.update(piece);
    this.#bytes += piece.length;
    if (this.#source === null) return;
    this.#rows.push(piece);
    this.#passOn();
  }

  end(): HashedFile {
    const hashed = { bytes: this.#bytes, sha256: this.#sha256.digest() };
    if (this.#source === null) return hashed;
    this.#rows.end();
    this.#passOn();
    return { ...hashed, rows: this.#list.end(this.#source.format, this.#digester.raw) };
  }

  #passOn(): void {
    const digests = this.#digester.take();
    this.#list.append(digests);
    this.#onDigests(digests);
  }
}
