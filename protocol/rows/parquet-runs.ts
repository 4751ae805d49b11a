import { deltaBinaryUnpack } from 'hyparquet/src/delta.js';
import { malformed } from './parquet-fault.ts';
import { endOfVarint, readLength } from './parquet-thrift.ts';

/** Bits of a level or an index. */
const WIDTH = 32;
/** Values that the last bit-packed run of some writers is padded with. */
const PADDING = 512;
/** Values of a block of deltas; Parquet's Encodings.md has 128. */
const BLOCK = 2 ** 20;

/**
 * Walks `count` values in runs (Encodings.md, "RLE/Bit-Packing Hybrid") at `at`, and answers how many of them are `wanted`.
 * Throws where a run is longer than what is left: a decoder writes down as many values as five bytes claim.
 */
export function checkRuns(view: DataView, at: number, width: number, count: number, wanted = -1): number {
  if (width > WIDTH) throw malformed('has values of too many bits');
  let found = 0;
  for (let seen = 0; seen < count;) {
    const [header, from] = readLength(view, at);
    const isPacked = (header & 1) === 1;
    const run = isPacked ? (header >>> 1) * 8 : header >>> 1;
    if (run > count - seen + (isPacked ? PADDING : 0)) throw malformed('has a run of more values than its page');
    const values = Math.min(run, count - seen);
    if (isPacked) {
      if (wanted >= 0) found += countPacked(view, from, width, values, wanted);
      // What hyparquet takes for a run of nothing.
      at = from + Math.max(1, (run * width) / 8);
    } else {
      at = from + ((width + 7) >> 3);
      if (wanted >= 0 && repeated(view, from, width) === wanted) found += values;
    }
    seen += values;
  }
  return found;
}

function repeated(view: DataView, at: number, width: number): number {
  let value = 0;
  for (let i = 0; i < (width + 7) >> 3; i++) value += view.getUint8(at + i) * 2 ** (8 * i);
  return value;
}

/** Of levels, whose width is a few bits: the deepest schema has 2^7. */
function countPacked(view: DataView, at: number, width: number, values: number, wanted: number): number {
  const mask = (1 << width) - 1;
  let [found, bits, held] = [0, 0, 0];
  for (let i = 0; i < values; i++) {
    for (; held < width; held += 8) bits |= view.getUint8(at++) << held;
    if ((bits & mask) === wanted) found++;
    bits >>>= width;
    held -= width;
  }
  return found;
}

/** Walks `count` deltas (Encodings.md, "Delta Encoding") at `at`, and answers where they end. */
export function checkDeltas(view: DataView, at: number, count: number): number {
  let [block, miniblocks] = [0, 0];
  [block, at] = readLength(view, at);
  [miniblocks, at] = readLength(view, at);
  const values = block / miniblocks;
  if (block > BLOCK || !(values >= 32) || values % 32 !== 0) throw malformed('has deltas in blocks of no size');
  // How many there are, and the first.
  at = endOfVarint(view, endOfVarint(view, at));
  for (let seen = 1; seen < count;) {
    const widths = endOfVarint(view, at);
    at = widths + miniblocks;
    for (let i = 0; i < miniblocks && seen < count; i++, seen += values) {
      const width = view.getUint8(widths + i);
      if (width > 64) throw malformed('has deltas of too many bits');
      at += (values * width) / 8;
    }
  }
  return at;
}

/** Bytes of `count` values that each begin as the one before (DELTA_BYTE_ARRAY): any of them may claim all of memory. */
export function lengthOfPrefixed(view: DataView, at: number, count: number, limit: number): number {
  const reader = { view, offset: at };
  const [prefixes, suffixes] = [new Int32Array(count), new Int32Array(count)];
  checkDeltas(view, reader.offset, count);
  deltaBinaryUnpack(reader, count, prefixes);
  checkDeltas(view, reader.offset, count);
  deltaBinaryUnpack(reader, count, suffixes);
  let [total, previous] = [0, 0];
  for (const [i, prefix] of prefixes.entries()) {
    const suffix = suffixes[i] as number;
    if (prefix < 0 || prefix > previous || suffix < 0) throw malformed('has values that begin as none before');
    previous = prefix + suffix;
    total += previous;
    if (total > limit) throw malformed('decodes to more than it says');
  }
  return total;
}
