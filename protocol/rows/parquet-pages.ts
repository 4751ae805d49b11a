import type { ColumnMetaData, RowGroup, SchemaTree } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { decompressPage } from 'hyparquet/src/datapage.js';
import { getMaxDefinitionLevel, getMaxRepetitionLevel, getTreePath } from 'hyparquet/src/schema.js';
import { limits } from '../../schemas/limits.ts';
import { COMPRESSORS } from './parquet-codecs.ts';
import { malformed } from './parquet-fault.ts';
import { checkDeltas, checkRuns, lengthOfPrefixed } from './parquet-runs.ts';
import { endOfStruct } from './parquet-thrift.ts';
import type { ReadAt } from './parquet.ts';

type PageHeader = ReturnType<typeof parquetHeader>;

/** Where a column's chunk is. Attacker-controlled, and checked before it is used. */
export function rangeOf(column: ColumnMetaData): [start: number, length: number] {
  return [Number(column.dictionary_page_offset || column.data_page_offset), Number(column.total_compressed_size)];
}

/**
 * Refuses pages that hold more than their column says it does: a few bytes can claim billions of values. Each page is
 * inflated, and its runs are walked as hyparquet will walk them, so that no loop of its goes further than the page.
 */
export async function checkPages({ columns }: RowGroup, schema: SchemaTree, file: ReadAt): Promise<void> {
  for (const { meta_data: column } of columns) {
    if (column === undefined) continue;
    const [start, length] = rangeOf(column);
    const view = new DataView(await file.slice(start, start + length));
    const checker = new PageChecker(column, getTreePath(schema, column.path_in_schema));
    for (const reader = { view, offset: 0 }; reader.offset < length - 1;) {
      const end = endOfStruct(view, reader.offset);
      const header = parquetHeader(reader);
      const { compressed_page_size: stored } = header;
      if (reader.offset !== end || !isCount(stored) || end + stored > length)
        throw malformed('has a page outside its column');
      checker.check(header, new Uint8Array(view.buffer, end, stored));
      reader.offset += stored;
    }
    checker.end();
  }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const widthOf = (level: number): number => 32 - Math.clz32(level);

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

/** The pages of one column, one after the other. */
class PageChecker {
  readonly #column: ColumnMetaData;
  readonly #repetition: number;
  readonly #definition: number;
  #values = 0;
  #decoded = 0;

  constructor(column: ColumnMetaData, path: SchemaTree[]) {
    this.#column = column;
    this.#repetition = getMaxRepetitionLevel(path);
    this.#definition = getMaxDefinitionLevel(path);
  }

  check(header: PageHeader, stored: Uint8Array): void {
    this.#addDecoded(header.uncompressed_page_size);
    if (header.type === 'DATA_PAGE') return this.#checkV1(header, stored);
    if (header.type === 'DATA_PAGE_V2') return this.#checkV2(header, stored);
    const values = header.dictionary_page_header?.num_values;
    if (!isCount(values) || values > limits.rowGroupValues) throw malformed('has a page of no size');
  }

  end(): void {
    if (this.#values !== Number(this.#column.num_values)) throw malformed('has fewer values in a column than it says');
  }

  #addDecoded(bytes: number): void {
    if (!isCount(bytes)) throw malformed('has a page of no size');
    this.#decoded += bytes;
    if (this.#decoded > limits.rowGroupDecodedBytes) throw malformed('decodes to more than it says');
  }

  #addValues(values: number | undefined): number {
    if (!isCount(values)) throw malformed('has a page of no size');
    this.#values += values;
    if (this.#values > Number(this.#column.num_values)) throw malformed('has more values in a column than it says');
    return values;
  }

  #checkV1(header: PageHeader, stored: Uint8Array): void {
    const count = this.#addValues(header.data_page_header?.num_values);
    const encoding = header.data_page_header?.encoding ?? '';
    const view = viewOf(this.#inflate(stored, header.uncompressed_page_size));
    let [at, present] = [0, count];
    if (this.#repetition > 0) {
      checkRuns(view, at + 4, widthOf(this.#repetition), count);
      at += 4 + view.getUint32(at, true);
    }
    if (this.#definition > 0) {
      present = checkRuns(view, at + 4, widthOf(this.#definition), count, this.#definition);
      at += 4 + view.getUint32(at, true);
    }
    const isBoolean = this.#column.type === 'BOOLEAN';
    if (encoding === 'RLE' || encoding.endsWith('_DICTIONARY')) {
      const width = isBoolean ? 1 : view.getUint8(at++);
      if (width > 0) checkRuns(view, isBoolean ? at + 4 : at, width, present);
    } else this.#checkDeltas(view, at, encoding, present);
  }

  /** Its levels stand before what is compressed, and say no length themselves. */
  #checkV2(header: PageHeader, stored: Uint8Array): void {
    const v2 = header.data_page_header_v2;
    const count = this.#addValues(v2?.num_values);
    const { encoding = '', num_nulls: nulls, num_rows: rows } = v2 ?? {};
    const [repetition, definition] = [v2?.repetition_levels_byte_length, v2?.definition_levels_byte_length];
    if (!isCount(nulls) || nulls > count || !isCount(rows) || rows > count) throw malformed('has a page of no size');
    if (!isCount(repetition) || !isCount(definition) || repetition + definition > stored.length)
      throw malformed('has levels outside their page');
    const levels = viewOf(stored);
    if (this.#repetition > 0) checkRuns(levels, 0, widthOf(this.#repetition), count);
    if (this.#definition > 0) checkRuns(levels, repetition, widthOf(this.#definition), count);
    const values = stored.subarray(repetition + (this.#definition > 0 ? definition : 0));
    const size = header.uncompressed_page_size - repetition - definition;
    const view = viewOf(v2?.is_compressed === false ? values : this.#inflate(values, size));
    if (encoding === 'RLE') checkRuns(view, 4, 1, count - nulls);
    else if (encoding.endsWith('_DICTIONARY')) checkRuns(view, 1, view.getUint8(0), count - nulls);
    else this.#checkDeltas(view, 0, encoding, count - nulls);
  }

  #checkDeltas(view: DataView, at: number, encoding: string, count: number): void {
    if (encoding === 'DELTA_BINARY_PACKED' || encoding === 'DELTA_LENGTH_BYTE_ARRAY') checkDeltas(view, at, count);
    else if (encoding === 'DELTA_BYTE_ARRAY')
      this.#addDecoded(lengthOfPrefixed(view, at, count, limits.rowGroupDecodedBytes));
  }

  #inflate(stored: Uint8Array, size: number): Uint8Array {
    if (size < 0) throw malformed('has a page of no size');
    return decompressPage(stored, size, this.#column.codec, COMPRESSORS);
  }
}
