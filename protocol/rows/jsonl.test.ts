import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '../../schemas/limits.ts';
import { concatBytes, utf8 } from '../bytes.ts';
import { canonicalJson, parseJson } from '../json.ts';
import { JsonlRows } from './jsonl.ts';
import { RowDigester } from './row-digester.ts';
import { RowsError } from './rows-error.ts';
import { digestInPieces, rowsOf as rows, type Digested } from './testing/digested.ts';

const digest = (file: Uint8Array | string, cuts?: readonly number[]): Digested =>
  digestInPieces((digester) => new JsonlRows(digester), file, cuts);

const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

describe('a row is the canonical form of a line’s value', () => {
  test.for([
    [
      'whatever the order and the spaces',
      '{"b": 1, "a": [ 2 ]}\n{"a":[2],"b":1}\n',
      ['{"a":[2],"b":1}', '{"a":[2],"b":1}'],
    ],
    ['whatever the line ends with', '{"a":1}\r\n{"a":2}\n{"a":3}', ['{"a":1}', '{"a":2}', '{"a":3}']],
    ['blank lines are none', '\n1\n\n \t\r\n2\n\r\n', ['1', '2']],
    ['a byte-order mark is not part of it', '\ufeff{"a":1}\n2', ['{"a":1}', '2']],
    ['a byte-order mark before an empty line', '\ufeff\r\n2', ['2']],
    ['escapes are as they must be', '"\\u00e9\\/"\n', ['"é/"']],
    ['keys that are not ASCII are sorted by UTF-16', '{"\ufb33":1,"😀":2,"é":3}', ['{"é":3,"😀":2,"\ufb33":1}']],
    ['an empty file has none', '', []],
  ] as const)('%s', ([, file, expected]) => {
    expect(digest(file)).toEqual(rows(expected));
  });
});

test('a row has its digest whatever the rows before it', () => {
  // V8 would take the second key for the first one's.
  const [before, row] = ['{"z":[],"\\\\":0}', '{"z":1,"\\n":2}'];
  expect(digest(`${before}\n${row}`)).toEqual(rows(['{"\\\\":0,"z":[]}', '{"\\n":2,"z":1}']));
});

describe('what canonical JSON cannot carry is addressed by its line, and counted', () => {
  test.for([
    ['malformed', '{"a":1,}'],
    ['no JSON', 'hello, world'],
    ['an integer past 2^53', '{"id": 9007199254740993}'],
    ['1e400', '[1e400]'],
    ['a lone surrogate', '{"text": "\\ud83d"}'],
    ['a key twice', '{"a":1,"a":2}'],
    ['__proto__', '{"__proto__": {}}'],
    ['deep nesting', '['.repeat(60) + ']'.repeat(60)],
    ['a second byte-order mark', '\ufeff1'],
    ['spaces around it', '  nope\t'],
    ['white space of another kind', '\u00a0'],
  ] as const)('%s', ([, line]) => {
    expect(digest(`{"z":1}\n${line}\r\n[2]`)).toEqual(rows(['{"z":1}', line, '[2]'], 1));
  });

  test('malformed UTF-8', () => {
    const line = latin1('{"a":"\xff"}');
    expect(digest(concatBytes(utf8('1\n'), line, utf8('\n2')))).toEqual(rows(['1', line, '2'], 1));
  });

  test('it is never the canonical form of another row', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[[\]{}",:0-9a-z.eE+-]{1,12}$/), (line) => {
        const { raw } = digest(line);
        const parsed = parseJson(line);
        expect(raw).toBe(parsed.ok ? 0 : 1);
        if (parsed.ok) expect(digest(line)).toEqual(rows([canonicalJson(parsed.value)]));
      }),
    );
  });
});

test('rows do not depend on how the file comes in pieces', () => {
  const line = fc.constantFrom('{"b":1,"a":2}', '{"é":"ü"}', '', '\r', ' ', '[1, 2]', 'nope', '"\\ud800"', '\ufeff');
  const end = fc.constantFrom('\n', '\r\n', '');
  fc.assert(
    fc.property(fc.array(fc.tuple(line, end)), fc.array(fc.nat(200)), (lines, cuts) => {
      const file = lines.flat().join('');
      expect(digest(file, cuts)).toEqual(digest(file));
    }),
  );
});

describe('a line past the limit is refused by its number', () => {
  const tooLong = (line: number): RowsError =>
    new RowsError('row-too-long', `line ${line} is longer than ${limits.rowBytes} bytes`, line);

  test('without being kept', () => {
    const rows = new JsonlRows(new RowDigester());
    rows.push(utf8('1\n\n2\n'));
    const piece = new Uint8Array(4 * 1024 * 1024).fill(0x61);
    expect(() => {
      for (let i = 0; i < 1000; i++) rows.push(piece);
    }).toThrow(tooLong(4));
  });
});
