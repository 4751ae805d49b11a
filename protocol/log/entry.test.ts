import fc from 'fast-check';
import { expect, test } from 'vitest';
import { STATEMENT_KINDS, type StatementKind } from '../../schemas/statement.ts';
import { utf8 } from '../bytes.ts';
import { canonicalJson } from '../json.ts';
import { idOf } from '../../test/support/statements.ts';
import { decodeBundle, encodeBundle, entryText, parseEntry } from './entry.ts';

const kinds = Object.keys(STATEMENT_KINDS) as StatementKind[];
const entry = { id: idOf('one'), kind: 'DatasetRecord' as const, loggedAt: '2026-11-21T08:00:00.123Z' };

test('an entry’s text is the canonical JSON of it, for every kind', () => {
  for (const kind of kinds) {
    expect(entryText({ ...entry, kind })).toBe(canonicalJson({ ...entry, kind }));
    expect(parseEntry(entryText({ ...entry, kind }))).toEqual({ ...entry, kind });
  }
});

const text = entryText(entry);
test.for([
  ['', 'nothing'],
  ['null', 'no object'],
  [` ${text}`, 'white space'],
  [JSON.stringify({ kind: entry.kind, id: entry.id, loggedAt: entry.loggedAt }), 'another order of keys'],
  [text.replace('}', ',"more":1}'), 'an unknown field'],
  [text.replace('}', ',"__proto__":{}}'), 'a prototype'],
  [text.replace('{', '{"id":"x",'), 'a key given twice'],
  [text.replace('DatasetRecord', 'Dataset'), 'an unknown kind'],
  [text.replace('.123Z', 'Z'), 'whole seconds'],
  [text.replace('11-21', '02-30'), 'no such day'],
  [text.replace('sha256:', 'sha512:'), 'another digest'],
  [text.replace('kind', '\\u006bind'), 'an escape that canonical JSON does not have'],
])('%j is refused: %s', ([bad]) => expect(parseEntry(bad as string)).toBeNull());

test('bundles round-trip', () =>
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 256 }), (entries) => {
      expect(decodeBundle(encodeBundle(entries))).toEqual(entries);
    }),
  ));

test('a bundle counts bytes, big-endian, not characters', () => {
  expect(encodeBundle(['é', 'x'.repeat(258)]).subarray(0, 6)).toEqual(Uint8Array.of(0, 2, 0xc3, 0xa9, 1, 2));
  expect(decodeBundle(new Uint8Array())).toEqual([]);
});

test.for([
  [Uint8Array.of(0), 'half a length'],
  [Uint8Array.of(0, 3, 65, 66), 'an entry that ends early'],
  [Uint8Array.of(0, 1, 65, 0), 'half a length after an entry'],
  [Uint8Array.of(0, 1, 0xff), 'no UTF-8'],
  [utf8('{"id":"x"}'), 'JSON instead'],
] as const)('a bundle of %j is refused: %s', ([bytes]) => expect(decodeBundle(bytes)).toBeNull());
