import { parquetMetadata, parquetRead, parquetSchema, type FileMetaData, type RowGroup } from 'hyparquet';
import { limits } from '../../schemas/limits.ts';
import { JsonWriter } from './json-writer.ts';
import { COMPRESSORS } from './parquet-codecs.ts';
import { malformed } from './parquet-fault.ts';
import { checkPages, rangeOf } from './parquet-pages.ts';
import { endOfStruct } from './parquet-thrift.ts';
import { fieldsOf, withoutAnnotations, type Field } from './parquet-value.ts';
import type { RowDigester } from './row-digester.ts';
import { RowsError } from './rows-error.ts';

/** A file that is read at any place. */
export interface ReadAt {
  byteLength: number;
  /** The bytes `[start, end)`, in a buffer of its own. */
  slice(start: number, end: number): Promise<ArrayBuffer>;
}

/** Decoded bytes of the rows that are taken out of a row group at a time. */
const STEP_BYTES = 16 * 1024 * 1024;
/** Values that are: each takes some hundred bytes of memory, however short it is. */
const STEP_VALUES = 2 ** 18;
/** Rows between two words to whoever listens. */
const REPORT_ROWS = 4096;
const MAGIC = 0x31524150;
/** Groups in groups of a schema: a list takes two of them, and JSON has 32 levels at most. */
const DEPTH = 64;

/**
 * Digests the rows of a Parquet file, row group by row group, by the JSON that docs/rows.md gives them. All of the file is
 * hostile: sizes are checked before anything is decoded, and what is not as it says throws {@link RowsError}. `onRows`
 * hears of rows as they come, so that their digests can be taken.
 */
export async function digestParquet(file: ReadAt, digester: RowDigester, onRows: () => void): Promise<void> {
  try {
    const metadata = await readFooter(file);
    const schema = parquetSchema(metadata);
    const fields = fieldsOf(schema);
    if (fields.length === 0) throw malformed('has no columns');
    const leaves = leavesOf(metadata);
    const plain = { ...metadata, schema: withoutAnnotations(metadata.schema) };
    const json = new JsonWriter();
    const mostText = Math.max(limits.parquetTextBytes, limits.parquetInflation * file.byteLength);
    let [rows, text] = [0, 0];
    for (const [i, group] of metadata.row_groups.entries()) {
      checkGroup(group, `row group ${i}`, leaves, file.byteLength);
      await checkPages(group, schema, file);
      for await (const step of readGroup(file, plain, group, fields)) {
        for (let at = 0; at < step.rows; at++) {
          json.begin();
          for (const [i, { key, write }] of fields.entries()) {
            json.bytes(key);
            write(step.columns[i]?.[at], json);
          }
          json.ascii('}');
          const leaf = json.leaf();
          // A dictionary's entry may stand in every row.
          text += leaf.length;
          if (text > mostText) throw malformed(`has rows of more than ${limits.parquetInflation} times its size`);
          digester.addLeaf(leaf, json.isRaw);
          if (at % REPORT_ROWS === 0) onRows();
        }
        onRows();
      }
      rows += Number(group.num_rows);
    }
    if (BigInt(rows) !== metadata.num_rows) throw malformed(`holds ${rows} rows and says ${metadata.num_rows}`);
  } catch (error) {
    if (error instanceof RowsError || isOutside(error)) throw error;
    throw malformed(`is damaged: ${error instanceof Error ? error.message : 'unknown'}`);
  }
}

/** Whether an error is the system's, about reading, and says nothing of the content. */
const isOutside = (error: unknown): boolean =>
  error instanceof Error && ('errno' in error || error instanceof DOMException);

async function readFooter(file: ReadAt): Promise<FileMetaData> {
  if (file.byteLength < 12) throw malformed('is too short');
  const [head, tail] = [await file.slice(0, 4), await file.slice(file.byteLength - 8, file.byteLength)];
  if (new DataView(head).getUint32(0, true) !== MAGIC) throw malformed('does not begin with PAR1');
  const end = new DataView(tail);
  if (end.getUint32(4, true) !== MAGIC) throw malformed('does not end with PAR1: it is cut short, or encrypted');
  const length = end.getUint32(0, true);
  if (length > limits.parquetFooterBytes)
    throw malformed(`has a footer of more than ${limits.parquetFooterBytes} bytes`);
  if (length + 12 > file.byteLength) throw malformed('has a footer longer than itself');
  const footer = await file.slice(file.byteLength - 8 - length, file.byteLength);
  endOfStruct(new DataView(footer), 0);
  const metadata = parquetMetadata(footer, { geoparquet: false });
  checkSchema(metadata.schema);
  return metadata;
}

/** Refuses a schema whose tree would be too deep or too wide to make: it is recursed into. */
function checkSchema(schema: FileMetaData['schema']): void {
  if (schema.length > limits.parquetColumns) throw malformed(`has more than ${limits.parquetColumns} columns`);
  const open: number[] = [];
  for (const { num_children: children = 0 } of schema) {
    while (open.at(-1) === 0) open.pop();
    if (open.length > 0) open[open.length - 1] = (open.at(-1) as number) - 1;
    if (children > 0 && open.push(children) > DEPTH) throw malformed('nests its columns too deep');
  }
}

interface Leaf {
  path: string;
  type: string;
}

/** The columns that every row group must have, in order. */
function leavesOf(metadata: FileMetaData): Leaf[] {
  const leaves: Leaf[] = [];
  const walk = (node: ReturnType<typeof parquetSchema>): void => {
    if (node.children.length === 0 && node.element.type !== undefined) {
      leaves.push({ path: node.path.join('.'), type: node.element.type });
    }
    for (const child of node.children) walk(child);
  };
  walk(parquetSchema(metadata));
  if (new Set(leaves.map(({ path }) => path)).size !== leaves.length) throw malformed('names a column twice');
  return leaves;
}

/** Refuses a row group that is not of the schema, or is larger than what is decoded, by what it says of itself. */
function checkGroup({ columns, num_rows: rows }: RowGroup, name: string, leaves: readonly Leaf[], bytes: number): void {
  if (rows < 0n || rows > limits.rowGroupValues)
    throw malformed(`has more than ${limits.rowGroupValues} rows in ${name}`);
  if (columns.length !== leaves.length) throw malformed(`has other columns in ${name} than in its schema`);
  let [stored, decoded] = [0, 0];
  for (const [i, { meta_data: column, file_path: elsewhere }] of columns.entries()) {
    const leaf = leaves[i] as Leaf;
    if (column === undefined || elsewhere !== undefined)
      throw malformed(`keeps a column of ${name} elsewhere, or encrypted`);
    if (column.path_in_schema.join('.') !== leaf.path || column.type !== leaf.type) {
      throw malformed(`has other columns in ${name} than in its schema`);
    }
    const [start, length] = rangeOf(column);
    if (start < 4 || length < 0 || start + length > bytes) throw malformed(`has a column of ${name} outside itself`);
    if (column.num_values < 0n || column.num_values > limits.rowGroupValues) {
      throw malformed(`has more than ${limits.rowGroupValues} values in a column of ${name}`);
    }
    stored += length;
    decoded += Number(column.total_uncompressed_size);
  }
  for (const [size, limit] of [
    [stored, limits.rowGroupBytes],
    [decoded, limits.rowGroupDecodedBytes],
  ] as const) {
    if (size > limit)
      throw malformed(`has ${size} bytes in ${name}, and ${limit} are the limit: write smaller row groups`);
  }
}

/** Some rows of a row group: the values of each field. */
interface Step {
  rows: number;
  columns: readonly (readonly unknown[])[];
}

/** The rows of a row group, a step at a time. */
async function* readGroup(
  file: ReadAt,
  metadata: FileMetaData,
  group: RowGroup,
  fields: readonly Field[],
): AsyncGenerator<Step> {
  const rows = Number(group.num_rows);
  const decoded = group.columns.reduce(
    (sum, { meta_data: column }) => sum + Number(column?.total_uncompressed_size ?? 0),
    0,
  );
  const values = group.columns.reduce((sum, { meta_data: column }) => sum + Number(column?.num_values ?? 0), 0);
  const steps = Math.max(1, decoded / STEP_BYTES, values / STEP_VALUES);
  const step = Math.max(1, Math.floor(rows / steps));
  const held = holding(file);
  for (let start = 0; start < rows; start += step) {
    const end = Math.min(rows, start + step);
    const columns = fields.map(() => [] as unknown[]);
    await readColumns(held, { ...metadata, row_groups: [group] }, [start, end], (name, values, from, to) => {
      const column = columns[fields.findIndex((field) => field.name === name)];
      for (let at = from; at < to; at++) column?.push(values[at]);
    });
    if (columns.some((column) => column.length !== end - start)) throw malformed('has columns of different lengths');
    yield { rows: end - start, columns };
  }
}

/** The file, of which what was read once is not read again: every step asks for the same. */
function holding(file: ReadAt): ReadAt {
  const held = new Map<string, Promise<ArrayBuffer>>();
  return {
    byteLength: file.byteLength,
    slice(start, end) {
      const range = `${start}-${end}`;
      const bytes = held.get(range) ?? file.slice(start, end);
      held.set(range, bytes);
      return bytes;
    },
  };
}

/** Tells the values of each top-level column in the rows `[rowStart, rowEnd)`, in order. */
async function readColumns(
  file: ReadAt,
  metadata: FileMetaData,
  [rowStart, rowEnd]: readonly [number, number],
  onValues: (column: string, values: ArrayLike<unknown>, from: number, end: number) => void,
): Promise<void> {
  await parquetRead({
    file,
    metadata,
    rowStart,
    rowEnd,
    utf8: false,
    parsers: INSTANTS,
    compressors: COMPRESSORS,
    onChunk({ columnName, columnData, rowStart: first }) {
      // Pages hold rows before and after those that were asked for.
      const from = Math.max(0, rowStart - first);
      onValues(columnName, columnData as ArrayLike<unknown>, from, Math.min(columnData.length, rowEnd - first));
    },
  });
}

/** An INT96 is left in nanoseconds since the epoch. */
const INSTANTS = { timestampFromNanoseconds: (nanoseconds: bigint): Date => nanoseconds as never };
