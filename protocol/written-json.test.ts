import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson, parseJson, type Json } from './json.ts';
import { WrittenJson } from './written-json.ts';

const written = (text: string): WrittenJson => new WrittenJson(text, JSON.parse(text) as Json);

test('finds objects again where they stand, three levels down', () => {
  const text = String.raw`{"a":[{"b":{"c":{}}}],"d":{"e":"\"\u0001é"}}`;
  const value = JSON.parse(text) as { a: [{ b: { c: Json } }]; d: Json };
  const read = new WrittenJson(text, value);
  expect(read.isAsWritten).toBe(true);
  for (const part of [value, value.a[0], value.a[0].b, value.d]) {
    expect(read.canonicalOf(part)).toBe(canonicalJson(part));
  }
  for (const part of [value.a, value.a[0].b.c, {}, 'a']) expect(read.canonicalOf(part)).toBeNull();
});

test('finds some tens of thousands: hostile texts have more than a Map takes', () => {
  const text = `[${'{},'.repeat(70_000)}{}]`;
  const value = JSON.parse(text) as Json[];
  const read = new WrittenJson(text, value);
  expect(read.isAsWritten).toBe(true);
  expect(read.canonicalOf(value[50_000] as Json)).toBe('{}');
  expect(read.canonicalOf(value[70_000] as Json)).toBeNull();
});

test('has no canonical form to show where a key is out of order', () => {
  const text = '{"b":{"a":1},"a":2}';
  const value = JSON.parse(text) as { b: Json };
  const read = new WrittenJson(text, value);
  expect(read.isAsWritten).toBe(true);
  expect(read.canonicalOf(value)).toBeNull();
  expect(read.canonicalOf(value.b)).toBeNull();
});

describe('JSON.stringify would write it otherwise', () => {
  test.for<[string, string]>([
    ['{"a":1,"a":1}', 'a key twice'],
    ['{"a":"","a":""}', 'with a value as long'],
    ['{"x":"1","a":[{"a":"","a":"x"}]}', 'deep inside'],
    [String.raw`{"a\":0":1,"a\":0":2,"a\\":0}`, 'beside a key that ends in a backslash'],
    ['{"b":"x","1":"y"}', 'keys that objects put in an order of their own'],
    [String.raw`["\u0061"]`, 'an escape of what needs none'],
    [String.raw`["\/"]`, 'a slash that is escaped'],
    [String.raw`{"\u0061":1}`, 'one in a key'],
    ['[1.0]', 'a number in other words'],
    ['[1e15]', 'a power of ten'],
    ['[-0]', 'a negative nothing'],
    ['[0.1234567890123456789]', 'a number that was rounded'],
    ['[1, 2]', 'a space'],
    ['[1]\n', 'a line end'],
    ['[ ]', 'a space in nothing'],
  ])('%s: %s', ([text]) => {
    expect(JSON.stringify(JSON.parse(text))).not.toBe(text);
    expect(written(text).isAsWritten).toBe(false);
  });

  test('or a key has an escape, even one that it needs', () => {
    for (const text of [String.raw`{"\n":1}`, String.raw`{"a\"":1}`, String.raw`[{"\\":1}]`]) {
      expect(written(text).isAsWritten).toBe(false);
    }
  });

  test('nothing in a string is taken for what it is in', () => {
    // As long as the second, the first would reach to its opening quote, and what is in it would follow.
    const text = '[{"a":"","a":"},100,"},100,"zzzzzz"]';
    expect(JSON.parse(text)).toEqual([{ a: '},100,' }, 100, 'zzzzzz']);
    expect(written(text).isAsWritten).toBe(false);
  });
});

test.for<[string, string]>([
  ['[9007199254740992]', 'an integer past 2^53 that is written as it was read'],
  ['{"__proto__":1}', 'a prototype'],
  [`${'['.repeat(34)}${']'.repeat(34)}`, 'nesting past the bound'],
])('%s: refused, though JSON.stringify would write it so: %s', ([text]) => {
  expect(JSON.stringify(JSON.parse(text))).toBe(text);
  expect(written(text).isAsWritten).toBe(false);
});

describe('laws', () => {
  const json = fc.jsonValue({ depthSize: 'medium' }).filter((value) => parseJson(JSON.stringify(value)).ok);
  const agrees = (text: string): void => {
    const value = JSON.parse(text) as Json;
    const isPlain = parseJson(text).ok && !hasEscapedKey(value);
    expect(written(text).isAsWritten).toBe(isPlain && JSON.stringify(value) === text);
  };

  test('agrees with JSON.stringify about any spelling', () =>
    fc.assert(
      fc.property(json, fc.constantFrom(0, 1), (value, indent) => agrees(JSON.stringify(value, null, indent))),
    ));

  test('and about any text that is JSON still with pieces of it moved', () =>
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '\\', 'a', '1', '1e1', '"a":', '"a"', '"",'), {
          maxLength: 16,
        }),
        json,
        fc.nat(),
        (pieces, value, at) => {
          const whole = JSON.stringify([value, { a: 'a', b: '\\' }]);
          const cut = at % whole.length;
          const text = whole.slice(0, cut) + pieces.join('') + whole.slice(cut);
          for (const each of [text, `[${pieces.join('')}]`, `{"a":"${pieces.join('')}}`]) {
            if (isJson(each)) agrees(each);
          }
        },
      ),
      { numRuns: 1000 },
    ));
});

const hasEscapedKey = (value: Json): boolean =>
  value !== null &&
  typeof value === 'object' &&
  Object.entries(value).some(([key, part]) => JSON.stringify(key) !== `"${key}"` || hasEscapedKey(part));

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
