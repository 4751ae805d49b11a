import { expect, test } from 'vitest';
import { limits } from '../../schemas/limits.ts';
import { concatBytes, utf8 } from '../bytes.ts';
import { JsonlRows } from './jsonl.ts';
import { RowDigester } from './row-digester.ts';

function digest(file: Uint8Array): RowDigester {
  const digester = new RowDigester();
  const rows = new JsonlRows(digester);
  rows.push(file);
  rows.end();
  return digester;
}

test('a line may be as long as the limit, and no longer, wherever it stands', () => {
  const longest = new Uint8Array(limits.rowBytes).fill(0x31);
  expect(digest(concatBytes(utf8('1\n'), longest, utf8('\r\n2')))).toMatchObject({ count: 3, raw: 1 });
  expect(() => digest(concatBytes(utf8('1\n'), longest, utf8('1\n2')))).toThrow(/^line 2 is longer than/);
  expect(() => digest(concatBytes(longest, utf8('123456')))).toThrow(/^line 1 is longer than/);
});

test.for([1, 20])('nor may its canonical form, by numbers that grow: %i of them', (numbers) => {
  const ends = `"${',1e9'.repeat(numbers)}]`;
  const line = new Uint8Array(limits.rowBytes).fill(0x78);
  line.set(utf8('["'));
  line.set(utf8(ends), line.length - ends.length);
  expect(() => digest(concatBytes(utf8('1\n'), line))).toThrow(/^line 2 is longer than/);
});

test('one of the simplest kind, too', () => {
  const line = new Uint8Array(limits.rowBytes).fill(0x78);
  line.set(utf8('{"a":"'));
  line.set(utf8('"}'), line.length - 2);
  expect(digest(concatBytes(line, utf8('\n2\n')))).toMatchObject({ count: 2, raw: 0 });
  expect(digest(concatBytes(line, utf8('\r\n')))).toMatchObject({ count: 1, raw: 0 });
  expect(() => digest(concatBytes(line, utf8(' \n2\n')))).toThrow(/^line 1 is longer than/);
});
