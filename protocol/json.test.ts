import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson, parseCanonicalJson, parseJson, type Json } from './json.ts';

const detailOf = (text: string): string | null => {
  const parsed = parseJson(text);
  return parsed.ok ? null : parsed.reason.detail;
};

describe('canonicalJson (RFC 8785)', () => {
  test.for([
    [{ b: 1, a: 2 }, '{"a":2,"b":1}', 'keys are sorted'],
    [{ '\u{1f600}': 1, '\ufb33': 2 }, '{"\u{1f600}":1,"\ufb33":2}', 'by UTF-16 units, not by code points'],
    [[1e21, 1e-7, 0.1, -0], '[1e+21,1e-7,0.1,0]', 'numbers as ECMAScript writes them'],
    ['\u0001\n"\\/é', '"\\u0001\\n\\"\\\\/é"', 'the fewest escapes'],
    [{ toJSON: 'x', constructor: 1 }, '{"constructor":1,"toJSON":"x"}', 'names of methods are only keys'],
  ] as const)('%j → %s: %s', ([value, text]) => expect(canonicalJson(value)).toBe(text));

  test.for([[undefined], [NaN], [Infinity], ['\ud800'], [{ '\udc00': 1 }]])(
    'case %#: no JSON form, a bug that throws',
    ([value]) => {
      expect(() => canonicalJson(value)).toThrow();
    },
  );
});

describe('parseJson refuses', () => {
  test.for(
    (
      [
        ['', /not JSON/, 'nothing at all'],
        ['{"a":1}x', /not JSON/, 'trailing garbage'],
        ['{"a":1} {"a":1}', /not JSON/, 'two values'],
        ['\ufeff{}', /not JSON/, 'a byte-order mark'],
        ['{"a":1,}', /not JSON/, 'a trailing comma'],
        ['{"a":01}', /not JSON/, 'a leading zero'],
        ["{'a':1}", /not JSON/, 'single quotes'],
        ['NaN', /not JSON/, 'NaN'],
        ['{"a":1,"a":1}', /"a" given twice/, 'a key given twice, even with one value'],
        ['{"a":1,"\\u0061":2}', /"a" given twice/, 'the same key in another spelling'],
        ['[{"x":{"b":[{"c":1}],"b":2}}]', /"b" given twice/, 'deep inside'],
        ['{"a":{"k":1},"b":{"k":1},"a":0}', /"a" given twice/, 'after nested objects'],
        ['{"__proto__":{"admin":true}}', /__proto__/, 'a prototype'],
        ['[{"\\u005f_proto__":1}]', /__proto__/, 'a prototype in another spelling'],
        ['"\\ud800"', /lone surrogate/, 'an escaped lone surrogate'],
        ['"\ud800"', /lone surrogate/, 'a raw lone surrogate'],
        ['"\\udc00\\ud800"', /lone surrogate/, 'surrogates in the wrong order'],
        ['{"\\ud83d":1}', /lone surrogate in a key/, 'one in a key'],
        ['9007199254740993', /too large/, 'an integer past 2^53 that JSON.parse rounds'],
        ['-9007199254740993', /too large/, 'a negative one'],
        ['9007199254740992', /too large/, 'the first unsafe integer'],
        ['1e400', /too large/, 'a number past every double'],
        ['1e-400', /round trip/, 'a number that underflows to zero'],
        ['0.1234567890123456789', /round trip/, 'more digits than a double has'],
        [`[1.${'0'.repeat(500)}]`, /round trip/, 'a literal of absurd length'],
        [`${'['.repeat(34)}${']'.repeat(34)}`, /nested deeper/, 'nesting past the bound'],
        [`${'['.repeat(100_000)}${']'.repeat(100_000)}`, /nested deeper|not JSON/, 'nesting far past it'],
      ] as [string, RegExp, string][]
    ).map(([text, reason, why]) => [why, text, reason] as const),
  )('%s', ([, text, reason]) => expect(detailOf(text)).toMatch(reason));

  test('what is below a key that the platform takes for another', () => {
    expect(detailOf('{"z":[],"\\\\":0}')).toBeNull();
    expect(detailOf('{"z":1,"\\udc00":2}')).toMatch(/lone surrogate in a key/);
    expect(detailOf('{"z":1,"\\n":"\\udc00","\\\\":2}')).toMatch(/lone surrogate/);
    expect(detailOf('{"z":1,"\\n":9007199254740993,"\\\\":2}')).toMatch(/round trip|too large/);
    expect(detailOf(`{"z":1,"\\n":${'['.repeat(33)}${']'.repeat(33)},"\\\\":2}`)).toMatch(/nested deeper/);
    expect(detailOf('{"z":1,"\\n":3,"\\\\":2}')).toBeNull();
  });

  test('and says where, in few words, however long the key', () => {
    expect(detailOf('{"a":[{"b":"\\ud800"}]}')).toContain('/a/0/b');
    expect(detailOf(`{"${'k'.repeat(100_000)}":{"__proto__":1}}`)?.length).toBeLessThan(500);
  });
});

describe('parseJson accepts', () => {
  test.for<[string, Json]>([
    [' {"b":1, "a":[true,null,"x"]}\n', { a: [true, null, 'x'], b: 1 }],
    ['9007199254740991', 9007199254740991],
    ['1.0', 1],
    ['1E30', 1e30],
    ['-0', 0],
    ['0.30000000000000004', 0.30000000000000004],
    ['"\\ud83d\\ude00"', '😀'],
    ['["a","a",{"a":"a"},{"a":"a"}]', ['a', 'a', { a: 'a' }, { a: 'a' }]],
    ['{"a":"{\\"a\\":1,\\"a\\":2}" }', { a: '{"a":1,"a":2}' }],
    ['{"a":":","b":"a" }', { a: ':', b: 'a' }],
    ['{"\\\\":1,"\\"":2 }', { '\\': 1, '"': 2 }],
    [`${'['.repeat(32)}${']'.repeat(32)}`, JSON.parse(`${'['.repeat(32)}${']'.repeat(32)}`) as Json],
  ])('%s', ([text, value]) => {
    const parsed = parseJson(text);
    expect(parsed.ok && canonicalJson(parsed.value)).toBe(canonicalJson(value));
  });

  // V8 since 12.8 takes a key with an escape for one that it knows from before and whose characters its text begins with.
  test.for<[string, string, string]>([
    ['{"z":[],"\\\\":0}', '{"z":1,"\\n":2}', '\n'],
    ['{"z":[],"\\\\":0}', '{"z":1,"\\"":2}', '"'],
    ['{"z":[],"k\\\\":0}', '{"z":1,"k\\u0041":2}', 'kA'],
    ['{"z":[],"\\\\u0041":0}', '{"z":1,"\\u0041bcdef":2}', 'Abcdef'],
  ])('after %s, the key that stands in %s', ([before, text, key]) => {
    expect(parseJson(before).ok).toBe(true);
    expect(parseJson(text)).toEqual({ ok: true, value: { z: 1, [key]: 2 } });
    expect(parseJson(`[${text}, ${text}]`)).toMatchObject({ ok: true, value: [{ [key]: 2 }, { [key]: 2 }] });
    const canonical = canonicalJson({ z: 1, [key]: 2 });
    expect(parseCanonicalJson(canonical)).toMatchObject({ ok: true, value: { value: { [key]: 2 } } });
  });

  test('strings of megabytes, whatever is in them, without exhausting a stack', () => {
    for (const fill of ['x', '\\n', '\\\\', '[']) expect(detailOf(`{ "a":"${fill.repeat(4_000_000)}"}`)).toBeNull();
    expect(detailOf(`{ "a":1.${'0'.repeat(4_000_000)}1}`)).toMatch(/round trip/);
  });
});

/** A value and all that is in it. */
const partsOf = (value: Json): Json[] =>
  value !== null && typeof value === 'object' ? [value, ...Object.values(value).flatMap(partsOf)] : [value];

describe('laws', () => {
  const json = fc.jsonValue({ depthSize: 'medium' }).filter((value) => parseJson(JSON.stringify(value)).ok);

  test('canonical ∘ parse ∘ canonical = canonical, for any spelling', () =>
    fc.assert(
      fc.property(json, fc.constantFrom(0, 1, 3), (value, indent) => {
        const parsed = parseJson(JSON.stringify(value, null, indent));
        const canonical = canonicalJson(value);
        const again = parseJson(canonical);
        expect(parsed.ok && canonicalJson(parsed.value)).toBe(canonical);
        expect(again.ok && canonicalJson(again.value)).toBe(canonical);
      }),
    ));

  test('what is parsed with its canonical form is what is parsed and canonicalised, whatever its order and spelling', () =>
    fc.assert(
      fc.property(json, fc.constantFrom(0, 1), fc.boolean(), (value, indent, isCanonical) => {
        const text = isCanonical ? canonicalJson(value) : JSON.stringify(value, null, indent);
        const parsed = parseCanonicalJson(text);
        if (!parsed.ok) throw new Error(parsed.reason.detail);
        const read = parsed.value;
        expect(read.value).toEqual(JSON.parse(text));
        for (const part of partsOf(read.value)) expect(read.canonicalOf(part)).toBe(canonicalJson(part));
      }),
    ));

  test('the order of keys does not matter', () =>
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), json), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).toReversed());
        expect(canonicalJson(reversed)).toBe(canonicalJson(value));
      }),
    ));

  test('a key given twice is always found, wherever it is', () =>
    fc.assert(
      fc.property(json, fc.string({ unit: 'grapheme' }), json, json, (first, key, second, around) => {
        fc.pre(key !== '__proto__');
        const member = JSON.stringify(key);
        const object = `{${member}:${JSON.stringify(first)},"other ${member.slice(1)}:0,${member}:${JSON.stringify(second)}}`;
        expect(detailOf(`[${JSON.stringify(around)}, ${object}]`)).toMatch(/given twice|nested deeper/);
      }),
    ));
});
