import { malformed } from './parquet-fault.ts';

/** Structs in structs; a footer has seven. */
const DEPTH = 32;
/** Bytes of the longest varint there is, one of 64 bits. */
const VARINT_BYTES = 10;

/**
 * Where the struct of Thrift's compact protocol at `at` ends. hyparquet reads a varint of any length, in quadratic time, and
 * structs in one another as deep as they come: what it is given is walked first.
 */
export function endOfStruct(view: DataView, at: number, depth = 0): number {
  if (depth > DEPTH) throw malformed('nests its metadata too deep');
  for (;;) {
    const byte = view.getUint8(at++);
    if ((byte & 0x0f) === 0) return at;
    // A field's number stands here, or is a difference to the one before.
    if (byte >> 4 === 0) at = endOfVarint(view, at);
    at = endOfElement(view, at, byte & 0x0f, depth);
  }
}

/** Throws for the types that Parquet has no use for. */
function endOfElement(view: DataView, at: number, type: number, depth: number): number {
  switch (type) {
    case 1: // true
    case 2: // false
      return at;
    case 3: // a byte
      return at + 1;
    case 4: // integers of 16, 32 and 64 bits
    case 5:
    case 6:
      return endOfVarint(view, at);
    case 7: // a double
      return at + 8;
    case 8: {
      const [length, from] = readLength(view, at);
      return from + length;
    }
    case 9:
      return endOfList(view, at, depth);
    case 12:
      return endOfStruct(view, at, depth + 1);
    default:
      throw malformed('is damaged: its metadata is not Thrift');
  }
}

function endOfList(view: DataView, at: number, depth: number): number {
  const head = view.getUint8(at++);
  const type = head & 0x0f;
  let items = head >> 4;
  if (items === 15) [items, at] = readLength(view, at);
  // In a list, a truth value takes a byte.
  const itemType = type === 1 || type === 2 ? 3 : type;
  for (let i = 0; i < items; i++) at = endOfElement(view, at, itemType, depth);
  return at;
}

export function endOfVarint(view: DataView, at: number): number {
  for (let bytes = 1; bytes <= VARINT_BYTES; bytes++) if (view.getUint8(at++) < 0x80) return at;
  throw malformed('is damaged: a number in it has no end');
}

/** A varint that counts something in `view`, and where it ends. */
export function readLength(view: DataView, at: number): [length: number, end: number] {
  let length = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = view.getUint8(at++);
    length += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80 && length < 2 ** 31) return [length, at];
    if (byte < 0x80) break;
  }
  throw malformed('is damaged: a length in it is too large');
}
