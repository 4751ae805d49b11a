import type { SchemaElement, SchemaTree } from 'hyparquet';
import { utf8 } from '../bytes.ts';
import { canonicalJson } from '../json.ts';
import type { JsonWriter } from './json-writer.ts';
import { RowsError } from './rows-error.ts';

/** Writes one value of a column, as hyparquet decodes it without its annotations, as docs/rows.md says. */
export type WriteValue = (value: unknown, json: JsonWriter) => void;

/**
 * The schema as hyparquet is to see it: leaves without their annotations, which it would apply with loss (a decimal as a
 * double, a timestamp in milliseconds), and lists marked in the one way that it knows.
 */
export const withoutAnnotations = (schema: readonly SchemaElement[]): SchemaElement[] =>
  schema.map((annotated) => {
    const { converted_type: converted, logical_type: logical, ...element } = annotated;
    const isList = isGroup(annotated) && (logical?.type ?? converted) === 'LIST';
    return isList ? { ...element, converted_type: 'LIST' } : element;
  });

/** A field of a struct, or a column of a row: what stands before its value, and how that is written. */
export interface Field {
  key: Uint8Array;
  name: string;
  write: WriteValue;
}

const isGroup = (element: SchemaElement): boolean => element.type === undefined;

/** What a column is annotated as: by its logical type, or by the converted type of older writers. */
function annotationOf({ logical_type: logical, converted_type: converted }: SchemaElement): string | undefined {
  return logical?.type ?? converted;
}

/** Writes what a node of the schema holds, null where there is nothing. */
function writeNode(node: SchemaTree): WriteValue {
  const { element } = node;
  const write = writePresent(node);
  const one: WriteValue = (value, json) => {
    if (value === null || value === undefined) json.ascii('null');
    else write(value, json);
  };
  // Repeated without an annotation: a list of what is never absent.
  return element.repetition_type === 'REPEATED' ? writeItems(one) : one;
}

function writePresent(node: SchemaTree): WriteValue {
  if (node.children.length === 0) return writeLeaf(node.element);
  const annotation = annotationOf(node.element);
  const repeated = node.children.length === 1 ? (node.children[0] as SchemaTree) : undefined;
  if (repeated?.element.repetition_type !== 'REPEATED') return writeStruct(node);
  if (annotation === 'LIST') return writeList(repeated);
  if (annotation === 'MAP' || annotation === 'MAP_KEY_VALUE') return writeMap(repeated);
  return writeStruct(node);
}

/** Parquet's LogicalTypes.md, "Lists": the repeated group is the element itself where it holds more than one field. */
function writeList(repeated: SchemaTree): WriteValue {
  const { children, element } = repeated;
  if (children.length <= 1) return writeItems(writeNode(children[0] ?? asItem(repeated)));
  const items = writeNode(repeated);
  return (value, json) => items((value as Record<string, unknown>)[element.name], json);
}

/** A repeated leaf that stands for its list's element. */
const asItem = (node: SchemaTree): SchemaTree => ({
  ...node,
  element: { ...node.element, repetition_type: 'REQUIRED' },
});

/** A map is the list of its [key, value] pairs: keys need not be text, and may come twice. */
function writeMap(repeated: SchemaTree): WriteValue {
  const fields = repeated.children.map((child) => [child.element.name, writeNode(child)] as const);
  const writePair: WriteValue = (pair, json) => {
    json.ascii('[');
    for (const [i, [name, write]] of fields.entries()) {
      if (i > 0) json.ascii(',');
      write((pair as Record<string, unknown>)[name], json);
    }
    json.ascii(']');
  };
  const items = writeItems(writePair);
  return (value, json) => items((value as Record<string, unknown>)[repeated.element.name], json);
}

const writeItems =
  (write: WriteValue): WriteValue =>
  (value, json) => {
    const items = (value ?? []) as ArrayLike<unknown>;
    json.ascii('[');
    for (let i = 0; i < items.length; i++) {
      if (i > 0) json.ascii(',');
      write(items[i], json);
    }
    json.ascii(']');
  };

/** The fields of a struct in canonical order. Throws RowsError where its names do not tell them apart. */
export function fieldsOf({ children }: SchemaTree): Field[] {
  const names = children.map(({ element }) => element.name);
  const bad = names.find((name, i) => name === '__proto__' || names.indexOf(name) !== i);
  if (bad !== undefined) {
    const fault = bad === '__proto__' ? 'is refused as a name' : 'stands twice';
    throw new RowsError('malformed', `column ${canonicalJson(bad)} ${fault}`);
  }
  // RFC 8785 §3.2.3: by UTF-16 code units, which is how JavaScript compares text.
  return children
    .toSorted((a, b) => (a.element.name < b.element.name ? -1 : 1))
    .map((child, i) => ({
      key: utf8(`${i === 0 ? '{' : ','}${canonicalJson(child.element.name)}:`),
      name: child.element.name,
      write: writeNode(child),
    }));
}

function writeStruct(node: SchemaTree): WriteValue {
  const fields = fieldsOf(node);
  return (value, json) => {
    for (const { key, name, write } of fields) {
      json.bytes(key);
      write((value as Record<string, unknown>)[name], json);
    }
    json.ascii('}');
  };
}

function writeLeaf(element: SchemaElement): WriteValue {
  switch (element.type) {
    case 'BOOLEAN':
      return (value, json) => json.ascii(value === true || value === 1 ? 'true' : 'false');
    case 'FLOAT':
    case 'DOUBLE':
      return (value, json) => json.number(value as number);
    case 'INT32':
    case 'INT64':
      return writeInteger(element);
    case 'INT96':
      return (value, json) => writeTimestamp(json, value as bigint, 9, false);
    case 'BYTE_ARRAY':
    case 'FIXED_LEN_BYTE_ARRAY':
      return writeBytes(element);
    default:
      return (_value, json) => json.ascii('null');
  }
}

const DIGITS = { MILLIS: 3, MICROS: 6, NANOS: 9 } as const;

function writeInteger(element: SchemaElement): WriteValue {
  const { logical_type: logical, converted_type: converted } = element;
  const isDecimal = annotationOf(element) === 'DECIMAL';
  if (isDecimal) return (value, json) => writeDecimal(json, BigInt(value as number | bigint), scaleOf(element));
  if (logical?.type === 'TIMESTAMP') {
    const { unit, isAdjustedToUTC } = logical;
    return (value, json) => writeTimestamp(json, BigInt(value as number | bigint), DIGITS[unit], isAdjustedToUTC);
  }
  if (logical?.type === 'TIME') {
    return (value, json) => writeTime(json, BigInt(value as number | bigint), DIGITS[logical.unit]);
  }
  if (logical?.type === 'DATE' || converted === 'DATE') return (value, json) => writeDate(json, value as number);
  switch (converted) {
    case 'TIMESTAMP_MILLIS':
    case 'TIMESTAMP_MICROS':
      return (value, json) => writeTimestamp(json, BigInt(value as number | bigint), digitsOf(converted), true);
    case 'TIME_MILLIS':
    case 'TIME_MICROS':
      return (value, json) => writeTime(json, BigInt(value as number | bigint), digitsOf(converted));
    default: {
      const isUnsigned = (logical?.type === 'INTEGER' && !logical.isSigned) || converted?.startsWith('UINT_') === true;
      const bits = element.type === 'INT32' ? 32 : 64;
      if (isUnsigned) return (value, json) => json.integer(BigInt.asUintN(bits, BigInt(value as number | bigint)));
      return (value, json) => (typeof value === 'bigint' ? json.integer(value) : json.number(value as number));
    }
  }
}

const digitsOf = (converted: string): number => (converted.endsWith('MILLIS') ? 3 : 6);

function writeBytes(element: SchemaElement): WriteValue {
  switch (annotationOf(element)) {
    case 'STRING':
    case 'UTF8':
    case 'ENUM':
    case 'JSON':
      return (value, json) => json.string(value as Uint8Array);
    case 'DECIMAL':
      return (value, json) => writeDecimal(json, signed(value as Uint8Array), scaleOf(element));
    case 'UUID':
      return (value, json) => json.ascii(`"${uuid(value as Uint8Array)}"`);
    case 'FLOAT16':
      return (value, json) => json.number(float16(value as Uint8Array));
    default:
      return (value, json) => json.base64(value as Uint8Array);
  }
}

const scaleOf = ({ logical_type: logical, scale }: SchemaElement): number =>
  (logical?.type === 'DECIMAL' ? logical.scale : scale) ?? 0;

/** Exactly, with as many decimal places as the column has: `"-1.50"`. */
function writeDecimal(json: JsonWriter, unscaled: bigint, scale: number): void {
  const digits = `${unscaled < 0n ? -unscaled : unscaled}`.padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  json.ascii(`"${unscaled < 0n ? '-' : ''}${whole}${scale > 0 ? `.${digits.slice(-scale)}` : ''}"`);
}

/** Big-endian two's complement. */
function signed(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return BigInt.asIntN(8 * bytes.length, value);
}

/** ISO 8601 with the decimal places of the column's unit; `Z` where the column is an instant and not a local time. */
function writeTimestamp(json: JsonWriter, value: bigint, digits: number, isUtc: boolean): void {
  const perSecond = 10n ** BigInt(digits);
  const fraction = ((value % perSecond) + perSecond) % perSecond;
  const seconds = (value - fraction) / perSecond;
  const whole = isoSeconds(Number(seconds));
  if (whole === null) return writeUncalendared(json, value);
  json.ascii(`"${whole}.${`${fraction}`.padStart(digits, '0')}${isUtc ? 'Z' : ''}"`);
}

function writeDate(json: JsonWriter, days: number): void {
  const midnight = isoSeconds(days * 86_400);
  if (midnight === null) writeUncalendared(json, BigInt(days));
  else json.ascii(`"${midnight.slice(0, midnight.indexOf('T'))}"`);
}

function writeTime(json: JsonWriter, value: bigint, digits: number): void {
  const perSecond = 10n ** BigInt(digits);
  const seconds = value / perSecond;
  if (value < 0n || seconds >= 86_400n) return writeUncalendared(json, value);
  const clock = new Date(Number(seconds) * 1000).toISOString().slice(11, 19);
  json.ascii(`"${clock}.${`${value % perSecond}`.padStart(digits, '0')}"`);
}

/** `2026-11-21T08:00:00`, or null where the year does not have four digits. */
function isoSeconds(seconds: number): string | null {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return null;
  const text = date.toISOString();
  return text.length === 24 ? text.slice(0, 19) : null;
}

/** A time that no text of four-digit years can say: the column's own number. */
const writeUncalendared = (json: JsonWriter, value: bigint): void => json.integer(value);

const uuid = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'))
    .join('')
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');

/** IEEE 754 binary16, little-endian. */
function float16(bytes: Uint8Array): number {
  const bits = (bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8);
  const sign = bits >> 15 === 0 ? 1 : -1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * 2 ** -24 * fraction;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
}
