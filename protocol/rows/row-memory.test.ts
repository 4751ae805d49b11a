import fc from 'fast-check';
import { expect, test } from 'vitest';
import { concatBytes } from '../bytes.ts';
import { canonicalJson, parseJson } from '../json.ts';
import { JsonlRows } from './jsonl.ts';
import { PLAIN, PlainBytes } from './plain-bytes.ts';
import { placeLines } from './row-memory.ts';
import { digestInPieces, rowsOf, type Digested } from './testing/digested.ts';

const digest = (file: string): Digested => digestInPieces((digester) => new JsonlRows(digester), file);

test('bytes that are not plain are found wherever they stand, in the memory and out of it', () => {
  const plain = fc
    .uint8Array({ max: 0x7f, maxLength: 40 })
    .map((bytes) => bytes.map((byte) => (PLAIN[byte] === 1 ? byte : 0x61)));
  const text = fc.array(fc.oneof({ weight: 9, arbitrary: plain }, fc.uint8Array({ maxLength: 2 })), { maxLength: 9 });
  fc.assert(
    fc.property(text, fc.nat(20), fc.nat(20), (parts, before, behind) => {
      const source = concatBytes(...parts);
      const from = Math.min(before, source.length);
      const stop = Math.max(from, source.length - behind);
      let expected = from;
      while (expected < stop && PLAIN[source[expected] as number] === 1) expected++;
      const { memory, at } = placeLines(source, 0, source.length);
      const inside = new PlainBytes();
      inside.read(memory);
      expect(Math.min(inside.skip(at + from, at + stop), at + stop)).toBe(at + expected);
      const outside = new PlainBytes();
      outside.read(source);
      expect(Math.min(outside.skip(from, stop), stop)).toBe(expected);
    }),
    { numRuns: 300 },
  );
});

/** Lines, and the rows that they are. */
const line = fc
  .constantFrom(
    '{"b": "two", "a": "one"}',
    `{"text": "${'plain '.repeat(30)}\\n\\u00e9", "label": 1}`,
    `[${'1e15,'.repeat(40)}0]`,
    '{"open": "',
    '"a\\',
    '{"b": "two", "a": "one"',
    '}',
  )
  .map((text) => {
    const parsed = parseJson(text);
    return { text, row: parsed.ok ? canonicalJson(parsed.value) : text, raw: parsed.ok ? 0 : 1 };
  });

test('rows do not depend on what was in the memory, nor on what stands beside them', () => {
  fc.assert(
    fc.property(fc.array(fc.array(line, { maxLength: 12 }), { maxLength: 4 }), (files) => {
      for (const lines of files) {
        const raw = lines.reduce((sum, each) => sum + each.raw, 0);
        const rows = rowsOf(
          lines.map(({ row }) => row),
          raw,
        );
        expect(digest(lines.map(({ text }) => text).join('\n'))).toEqual(rows);
      }
    }),
  );
});

test('rows of a file that is longer than what is taken at a time, and of a line that is', () => {
  const rows = Array.from({ length: 900 }, (_, i) => ({ n: i, text: 'x'.repeat(i === 450 ? 70_000 : i % 90) }));
  const file = rows.map(({ n, text }) => `{"text": "${text}", "n": ${n}}`).join('\n');
  expect(digest(file)).toEqual(rowsOf(rows.map((row) => canonicalJson(row))));
});
