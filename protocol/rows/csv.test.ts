import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '../../schemas/limits.ts';
import { concatBytes, utf8 } from '../bytes.ts';
import { canonicalJson } from '../json.ts';
import { CsvRows } from './csv.ts';
import { RowDigester } from './row-digester.ts';
import { RowsError } from './rows-error.ts';
import { digestInPieces, rowsOf as rows, type Digested } from './testing/digested.ts';

const digest = (file: Uint8Array | string, cuts?: readonly number[]): Digested =>
  digestInPieces((digester) => new CsvRows(digester), file, cuts);

describe('a row is the object of its cells, as text', () => {
  test.for([
    ['in canonical order', 'question,answer\n1+1,2\n', ['{"answer":"2","question":"1+1"}']],
    ['CRLF, no final newline', 'a,b\r\n1,2\r\n3,4', ['{"a":"1","b":"2"}', '{"a":"3","b":"4"}']],
    ['quoted cells', 'a,b\n"x, y","say ""hi"""\n', ['{"a":"x, y","b":"say \\"hi\\""}']],
    ['newlines in cells', 'a,b\n"1\n2","3\r\n4"\n5,6\n', ['{"a":"1\\n2","b":"3\\r\\n4"}', '{"a":"5","b":"6"}']],
    ['empty cells', 'a,b\n,\n"",x\n', ['{"a":"","b":""}', '{"a":"","b":"x"}']],
    ['spaces are part of a cell', 'a, b\n 1 ,\t2\n', ['{" b":"\\t2","a":" 1 "}']],
    ['a byte-order mark', '\ufeffa,b\n1,2\n', ['{"a":"1","b":"2"}']],
    ['a byte-order mark before a quote', '\ufeff"a",b\n1,2\n', ['{"a":"1","b":"2"}']],
    ['blank lines are none', '\n\na\n\n1\n\r\n2\n', ['{"a":"1"}', '{"a":"2"}']],
    ['an empty cell in quotes is one', 'a\n""\n', ['{"a":""}']],
    ['what JSON escapes', 'a\n\\/\u0001é😀\n', ['{"a":"\\\\/\\u0001é😀"}']],
    ['only names', 'a,b\n', []],
    ['nothing', '', []],
  ] as const)('%s', ([, file, expected]) => {
    expect(digest(file)).toEqual(rows(expected));
  });
});

describe('a record that is no such object is addressed by its bytes, and counted', () => {
  test.for([
    ['too few cells', '1'],
    ['too many cells', '1,2,3'],
    ['a quote inside a cell', '1"2",3'],
    ['something after a closing quote', '"1"2,3'],
    ['a space before a quote', '1, "2"'],
  ] as const)('%s', ([, record]) => {
    expect(digest(`a,b\nx,y\n${record}\r\nz,z\n`)).toEqual(rows(['{"a":"x","b":"y"}', record, '{"a":"z","b":"z"}'], 1));
  });

  test('malformed UTF-8', () => {
    const record = Uint8Array.of(0x31, 0x2c, 0xff);
    expect(digest(concatBytes(utf8('a,b\n'), record))).toEqual(rows([record], 1));
  });

  test.for([
    ['a name twice', 'a,b,a'],
    ['__proto__', 'a,__proto__,c'],
    ['no CSV', 'a,"b"c,d'],
  ] as const)('every record where the names do not tell columns apart: %s', ([, header]) => {
    expect(digest(`${header}\n1,2,3\n4,5,6\n`)).toEqual(rows(['1,2,3', '4,5,6'], 2));
  });
});

test('a quote that is never closed is refused, by its line', () => {
  const refused = new RowsError('malformed', 'line 4: a quote is opened and never closed');
  expect(() => digest('a,b\n"1\n1",2\n3,"4\n5,6\n')).toThrow(refused);
});

test('a record past the limit is refused by its line, without being kept', () => {
  const csv = new CsvRows(new RowDigester());
  csv.push(utf8('a,b\n"1\n1",2\n"'));
  const piece = new Uint8Array(2 * 1024 * 1024).fill(0x0a);
  expect(() => {
    for (let i = 0; i < 1000; i++) csv.push(piece);
  }).toThrow(new RowsError('row-too-long', `line 4 is longer than ${limits.rowBytes} bytes`, 4));
});

test('any cells, quoted or not, in any pieces', () => {
  const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', 'é', '😀', '\u0000') });
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  const written = fc.tuple(cell, fc.boolean()).map(([text, quotes]) => ({
    text,
    csv: quotes || /[",\r\n]/.test(text) ? quoted(text) : text,
  }));
  const record = fc.tuple(written, written, written);
  fc.assert(
    fc.property(fc.array(record), fc.constantFrom('\n', '\r\n'), fc.array(fc.nat(100)), (records, end, cuts) => {
      const file = [['b', '"a"', 'c'], ...records.map((cells) => cells.map(({ csv }) => csv))]
        .map((cells) => cells.join(',') + end)
        .join('');
      const expected = records.map(([b, a, c]) => canonicalJson({ a: a.text, b: b.text, c: c.text }));
      expect(digest(file, cuts)).toEqual(rows(expected));
    }),
  );
});
