import { describe, expect, test } from 'vitest';
import { checkDeltas, checkRuns, lengthOfPrefixed } from './parquet-runs.ts';
import { endOfStruct } from './parquet-thrift.ts';

const view = (...bytes: number[]): DataView => new DataView(Uint8Array.from(bytes).buffer);

describe('runs', () => {
  test('are counted, repeated and packed', () => {
    // Five times 1, then eight bits of which three are wanted.
    expect(checkRuns(view(10, 1, 3, 0b101), 0, 1, 8, 1)).toBe(7);
    expect(checkRuns(view(3, 0b11100100, 0b11100100), 0, 2, 8, 3)).toBe(2);
  });

  test.each([
    ['repeated far past the page', [0xfe, 0xff, 0xff, 0xff, 0x0f, 1]],
    ['packed far past the page', [0xff, 0xff, 0xff, 0xff, 0x07, 1]],
    ['of a negative number', [0xff, 0xff, 0xff, 0xff, 0x0f, 1]],
    ['whose length has no end', [0x80, 0x80, 0x80, 0x80, 0x80, 0x80]],
  ])('%s are refused', (_name, bytes) => {
    expect(() => checkRuns(view(...bytes), 0, 1, 8)).toThrow(/as a Parquet file, it/);
    expect(() => checkRuns(view(...bytes), 0, 0, 8)).toThrow(/as a Parquet file, it/);
  });

  test('that end with the page are refused', () => {
    expect(() => checkRuns(view(2, 1), 0, 1, 8)).toThrow(RangeError);
  });
});

describe('deltas', () => {
  // 128 in four miniblocks, one value, which is 7.
  const one = [0x80, 0x01, 4, 1, 14];

  test('end where they end', () => {
    expect(checkDeltas(view(...one), 0, 1)).toBe(5);
    expect(checkDeltas(view(...one, 2, 0, 0, 0, 0), 0, 20)).toBe(10);
  });

  test.each([
    ['blocks of no miniblocks', [0x80, 0x01, 0, 1, 14]],
    ['miniblocks of no values', [4, 4, 1, 14]],
    ['a first value without end', [0x80, 0x01, 4, 1, ...Array.from({ length: 12 }, () => 0xff)]],
    ['too many bits', [...one, 2, 65, 0, 0, 0]],
  ])('%s are refused', (_name, bytes) => {
    expect(() => checkDeltas(view(...bytes), 0, 20)).toThrow(/as a Parquet file, it/);
  });

  test('a prefix that no value before has is refused', () => {
    expect(() => lengthOfPrefixed(view(...one, ...one), 0, 1, 100)).toThrow(/begin as none before/);
    const none = [0x80, 0x01, 4, 1, 0];
    expect(lengthOfPrefixed(view(...none, ...one), 0, 1, 100)).toBe(7);
    expect(() => lengthOfPrefixed(view(...none, ...one), 0, 1, 6)).toThrow(/decodes to more/);
  });
});

test('Thrift: numbers without end, lists without end and structs without end are refused', () => {
  expect(endOfStruct(view(0x15, 2, 0), 0)).toBe(3);
  const many = (byte: number, first: number[]): DataView => view(...first, ...Array.from({ length: 100 }, () => byte));
  expect(() => endOfStruct(many(0xff, [0x16]), 0)).toThrow(/has no end/);
  expect(() => endOfStruct(many(0x1c, []), 0)).toThrow(/too deep/);
  expect(() => endOfStruct(view(0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x7f), 0)).toThrow(/too large/);
  expect(() => endOfStruct(view(0x1b, 0), 0)).toThrow(/not Thrift/);
});
