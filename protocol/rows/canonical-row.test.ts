import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromUtf8, utf8 } from '../bytes.ts';
import { canonicalJson, parseJson, type Json } from '../json.ts';
import { CanonicalRow } from './canonical-row.ts';
import { FlatLine } from './flat-line.ts';
import { CANONICAL_SLACK } from './row-memory.ts';

const canonical = new CanonicalRow();
const flat = new FlatLine();

/** What FlatLine writes for a line, at any alignment, or null where it left it to others. */
function writeFlat(line: string, offset: number): string | null {
  const bytes = utf8(`${line}\n"}`);
  const source = new Uint8Array(new ArrayBuffer(bytes.length + offset + 3), offset % 4);
  source.set(bytes, offset >> 2);
  const out = new Uint8Array(bytes.length + 5);
  const end = flat.write(source, offset >> 2, (offset >> 2) + bytes.length, out, 5);
  if (end >= 0) expect(flat.end).toBe((offset >> 2) + bytes.length - 3);
  return end < 0 ? null : fromUtf8(out.subarray(5, end));
}

/** What it writes for a text that stands somewhere in a buffer, or null where it gave up. */
function write(text: string | Uint8Array): string | null {
  const bytes = typeof text === 'string' ? utf8(text) : text;
  const source = new Uint8Array(bytes.length + 20).fill(0x22);
  source.set(bytes, 7);
  const out = new Uint8Array(bytes.length + 5 + CANONICAL_SLACK);
  const end = canonical.write(source, 7, 7 + bytes.length, out, 5);
  if (end >= 0) expect(end).toBeLessThanOrEqual(out.length);
  return end < 0 ? null : fromUtf8(out.subarray(5, end));
}

/** The reference: null where canonical JSON cannot carry the text. */
function expected(text: string): string | null {
  const parsed = parseJson(text);
  return parsed.ok ? canonicalJson(parsed.value) : null;
}

describe('what rows are made of is written without being parsed', () => {
  test.for([
    ['{"question": "48/2?", "answer": "24\\n#### 24"}', '{"answer":"24\\n#### 24","question":"48/2?"}'],
    [
      '{"b":1,"a":{"d":[1, 2 ,{"z":null,"y":true}],"c":false}}',
      '{"a":{"c":false,"d":[1,2,{"y":true,"z":null}]},"b":1}',
    ],
    ['{"text":"\\u00e9\\u4e2d\\ud83d\\ude00"}', '{"text":"é中😀"}'],
    ['{"text":"é中😀\u2028\u007f"}', '{"text":"é中😀\u2028\u007f"}'],
    ['"\\/\\u002f\\u0022\\u005C\\u000A\\u001F\\u0000\\u0041"', '"//\\"\\\\\\n\\u001f\\u0000A"'],
    [
      '{"a":0,"b":-1,"c":123456789012345,"d":-0,"e":1.50,"f":1E2}',
      '{"a":0,"b":-1,"c":123456789012345,"d":0,"e":1.5,"f":100}',
    ],
    ['{"prefixed":1,"prefix":2,"":3,"1":4,"10":5,"2":6}', '{"":3,"1":4,"10":5,"2":6,"prefix":2,"prefixed":1}'],
    ['{"a":"\\u0061","\\u0062":1}', null],
    [' \t\r\n[ ]\n', '[]'],
    ['{}', '{}'],
    ['9007199254740991', '9007199254740991'],
    ['1e21', '1e+21'],
  ] as const)('%s', ([text, form]) => {
    expect(write(text)).toBe(form);
    if (form !== null) expect(expected(text)).toBe(form);
  });

  test('many members, and long ones, are sorted, too', () => {
    const members = Array.from({ length: 300 }, (_, i) => [`k${(i * 7919) % 300}`, 'x'.repeat(i)] as const);
    const text = JSON.stringify(Object.fromEntries(members));
    expect(write(text)).toBe(expected(text));
  });
});

describe('a line of the simplest kind is written in one look, with its escapes as they must be', () => {
  test.for([
    ['{"b": "\\u00e9\\ud83d\\ude00\\/", "a": "é\\n\\u4E2D."}', '{"a":"é\\n中.","b":"é😀/"}'],
    ['{"text":"\\u000A\\u0022\\u005c\\u001F"}', '{"text":"\\n\\"\\\\\\u001f"}'],
    [`{${Array.from({ length: 32 }, (_, i) => `"k${10 + i}":"\\u00${41 + i}"`).join()}}`, undefined],
    ['{"text":"\\ud800"}', null],
    ['{"text":"\\ud800\\u0041"}', null],
    ['{"text":"\\u12"}', null],
    ['{"text":"\\x41"}', null],
    ['{"text":"\\u0041', null],
    ['{"\\u0061":1}', null],
  ] as const)('%s', ([line, form]) => {
    for (let offset = 0; offset < 8; offset++) {
      expect(writeFlat(line, offset)).toBe(form === undefined ? expected(line) : form);
    }
  });
});

describe('what it cannot carry faithfully it does not write', () => {
  test.for([
    ['an integer past 2^53', '{"id":9007199254740993}'],
    ['a number that is infinite', '1e400'],
    ['a number that is not zero and reads as zero', '1e-400'],
    ['a number of more than 17 digits', '0.1234567890123456789'],
    ['a number of 1000 digits', '1'.repeat(1000)],
    ['a lone surrogate', '"\\ud800"'],
    ['a lone low surrogate', '"\\udc00x"'],
    ['a high surrogate before another character', '"\\ud800\\u0041"'],
    ['a key given twice', '{"a":1,"a":1}'],
    ['a key given twice, apart', '{"b":1,"a":2,"c":3,"a":4}'],
    ['a key __proto__', '{"__proto__":1}'],
    ['a key __proto__ below', '[{"a":{"__proto__":1}}]'],
    ['too deep', `${'['.repeat(40)}${']'.repeat(40)}`],
    ['nothing', ' '],
    ['two values', '{} {}'],
    ['a comma too many', '[1,]'],
    ['no colon', '{"a" 1}'],
    ['no quote', '{a:1}'],
    ['an open string', '"a'],
    ['an escape at the end', '"a\\'],
    ['an unknown escape', '"\\x41"'],
    ['a short unicode escape', '"\\u00"'],
    ['a control character', '"a\u0001"'],
    ['a zero in front', '[01]'],
    ['a plus', '+1'],
    ['a lone minus', '-'],
    ['a point at the end', '1.'],
    ['a wrong word', 'nul'],
    ['a longer word', 'nulls'],
    ['NaN', 'NaN'],
  ])('%s', ([, text]) => {
    expect(write(text as string)).toBeNull();
    expect(expected(text as string)).toBeNull();
  });

  test.for([
    ['a stray continuation byte', [0x22, 0x80, 0x22]],
    ['an overlong slash', [0x22, 0xc0, 0xaf, 0x22]],
    ['a surrogate in UTF-8', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['past U+10FFFF', [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22]],
    ['a character cut short', [0x22, 0xe4, 0xb8]],
  ] as const)('%s', ([, bytes]) => {
    expect(write(Uint8Array.from(bytes))).toBeNull();
  });
});

describe('equals canonicalJson of what parseJson reads', () => {
  /** A JSON value written with any white space, any escapes, any order of its members. */
  const space = fc.stringMatching(/^[ \t\r\n]{0,3}$/);
  const unit = fc.oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 4 }),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 4 }),
    fc.constantFrom(
      '"',
      '\\',
      '/',
      '\b',
      '\f',
      '\n',
      '\r',
      '\t',
      '\u0000',
      '\u001f',
      '\u007f',
      '\u2028',
      '\ud800',
      '\udfff',
    ),
    fc.string({ minLength: 40, maxLength: 120 }),
  );
  const escaped = (text: string, mode: number): string =>
    Array.from(text, (character) => {
      const inner = JSON.stringify(character).slice(1, -1);
      if (mode === 0 || (mode === 1 && character.charCodeAt(0) < 0x80)) return inner;
      const units = Array.from({ length: character.length }, (_, i) =>
        character.charCodeAt(i).toString(16).padStart(4, '0'),
      );
      return units.map((hex) => `\\u${mode === 3 ? hex.toUpperCase() : hex}`).join('');
    }).join('');
  const string = fc
    .array(fc.tuple(unit, fc.nat(3)), { maxLength: 4 })
    .map((parts) => `"${parts.map(([text, mode]) => escaped(text, mode)).join('')}"`);
  const number = fc.oneof(
    fc.integer().map(String),
    fc.double().map((value) => JSON.stringify(value)),
    fc.maxSafeInteger().map(String),
    fc.stringMatching(/^-?(0|[1-9]\d{0,19})(\.\d{1,19})?([eE][+-]?\d{1,3})?$/),
    fc.constantFrom('-0', '-0.0', '0e5', '1E400', '5e-324', '1e20', '1e21', '999999999999999', '1000000000000000'),
  );
  const { value } = fc.letrec<{ value: string; member: string }>((tie) => ({
    member: fc
      .tuple(space, fc.oneof(string, fc.constantFrom('"a"', '"b"', '"ab"', '"__proto__"', '"é"')), space, tie('value'))
      .map(([before, key, after, value]) => `${before}${key}${after}:${value}`),
    value: fc
      .tuple(
        space,
        fc.oneof(
          { maxDepth: 4 },
          string,
          number,
          fc.constantFrom('true', 'false', 'null', 'tru', ''),
          fc.array(tie('value'), { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
          fc.array(tie('member'), { maxLength: 20 }).map((members) => `{${members.join(',')}}`),
          fc.array(tie('member'), { maxLength: 4 }).map((members) => `{${members.join(',')}}`),
        ),
        space,
      )
      .map((parts) => parts.join('')),
  }));

  test('for any line, or leaves it to others', () => {
    fc.assert(
      fc.property(value, fc.nat(40), (text, offset) => {
        const line = text.toWellFormed().replaceAll('\n', ' ');
        const written = writeFlat(line, offset);
        if (written !== null) expect(written).toBe(expected(line));
      }),
      { numRuns: 300 },
    );
    const key = fc.stringMatching(/^[a-zA-Z0-9 .-]{0,9}$/);
    const scalar = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 90 }),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
    );
    fc.assert(
      fc.property(fc.dictionary(key, scalar, { minKeys: 1, maxKeys: 20 }), fc.nat(40), (object, offset) => {
        expect(writeFlat(JSON.stringify(object), offset)).toBe(canonicalJson(object));
      }),
      { numRuns: 300 },
    );
  });

  test('for any JSON text, or gives up', () => {
    fc.assert(
      fc.property(value, (text) => {
        const written = write(text.toWellFormed());
        if (written !== null) expect(written).toBe(expected(text.toWellFormed()));
      }),
      { numRuns: 300 },
    );
  });

  test('for any value with ASCII keys, without giving up', () => {
    const key = fc.stringMatching(/^[a-zA-Z0-9_ .-]{0,12}$/).filter((key) => key !== '__proto__');
    const scalar = fc.oneof(fc.string({ unit: 'grapheme' }), fc.maxSafeInteger(), fc.boolean(), fc.constant(null));
    const { tree } = fc.letrec<{ tree: Json }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        scalar,
        fc.array(tie('tree')),
        fc.dictionary(key, tie('tree')),
      ) as fc.Arbitrary<Json>,
    }));
    fc.assert(
      fc.property(fc.dictionary(key, tree, { maxKeys: 20 }), fc.constantFrom(0, 1, 4), (object, indent) => {
        expect(write(JSON.stringify(object, null, indent))).toBe(canonicalJson(object));
      }),
      { numRuns: 300 },
    );
  });

  test('for any bytes, or gives up', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (noise) => {
        const bytes = Uint8Array.from([0x22, ...noise, 0x22]);
        const written = write(bytes);
        const text = fromUtf8(bytes);
        if (written !== null) expect(written).toBe(text === null ? null : expected(text));
      }),
      { numRuns: 300 },
    );
  });
});
