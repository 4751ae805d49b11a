import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { manifestOf, idOf } from '../test/support/statements.ts';
import { concatBytes, toHex, utf8 } from './bytes.ts';
import { digestFromBytes, digestOf, sha256Bytes } from './digest.ts';
import { rootOf } from './log/merkle.ts';
import {
  BLOCK_LINES,
  compositionRoot,
  contentLeaves,
  encodeManifest,
  parseManifest,
  readContent,
  summarizeContent,
} from './manifest.ts';
import { comparePaths, pathFault } from './path.ts';

const file = (path: string) => manifestOf({ [path]: 'text' }).files[0] as ReturnType<typeof manifestOf>['files'][0];
const HEADER = '{"firsthand":"manifest/v1"}';

/** U+1F600 is a surrogate pair in UTF-16, so it sorts before U+E000 there, and after it in UTF-8. */
const ASTRAL = '\u{1f600}';
const PRIVATE = '\ue000';

describe('paths', () => {
  test.for([
    'a',
    'a/b.txt',
    '.hidden',
    '..a',
    'a..',
    '...',
    'é',
    'a b',
    '日本/語',
    'x'.repeat(1024),
    '~',
    'C:x',
    '%2e%2e/x',
  ])('%j may stand', (path) => expect(pathFault(path)).toBeNull());

  test.for<[string, string]>([
    ['', 'empty'],
    ['/a', 'absolute'],
    ['a/', 'a trailing slash'],
    ['a//b', 'an empty segment'],
    ['.', 'this folder'],
    ['./a', 'this folder'],
    ['..', 'traversal'],
    ['../a', 'traversal'],
    ['a/../b', 'traversal in the middle'],
    ['a/..', 'traversal at the end'],
    ['a\\b', 'a backslash'],
    ['..\\a', 'traversal elsewhere'],
    ['a\u0000b', 'NUL'],
    ['a\nb', 'a newline'],
    ['safe\u202egnp.exe', 'a direction override'],
    ['a\u2066b', 'a direction isolate'],
    ['a\u007fb', 'delete'],
    ['e\u0301', 'not in normal form C'],
    ['é'.repeat(513), 'too many bytes, though few characters'],
  ])('case %#: %j is refused: %s', ([path]) => expect(pathFault(path)).not.toBeNull());

  test('a lone surrogate is refused', () => expect(pathFault('a\ud800')).toContain('surrogate'));

  test('are ordered by their UTF-8 bytes, not by UTF-16 units', () => {
    expect(ASTRAL < PRIVATE).toBe(true);
    expect(comparePaths(ASTRAL, PRIVATE)).toBeGreaterThan(0);
    expect(['b', 'a/b', 'a', 'a.b', 'B', ASTRAL, PRIVATE].sort(comparePaths)).toEqual([
      'B',
      'a',
      'a.b',
      'a/b',
      'b',
      PRIVATE,
      ASTRAL,
    ]);
  });

  test('comparePaths orders as the hex of the bytes does', () =>
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        const [left, right] = [toHex(utf8(a)), toHex(utf8(b))];
        expect(Math.sign(comparePaths(a, b))).toBe(left < right ? -1 : left > right ? 1 : 0);
      }),
    ));
});

const somePath = fc
  .array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 4 })
  .map((segments) => segments.join('/'))
  .filter((path) => pathFault(path) === null);
const somePaths = fc.uniqueArray(somePath, { minLength: 1, maxLength: 20 });

describe('manifests', () => {
  test('are a header and a line a file, canonical and sorted', () => {
    const text = encodeManifest({ files: [file(ASTRAL), file(PRIVATE), file('a')] });
    const lines = text.split('\n');
    expect([lines[0], lines.at(-1), lines.length]).toEqual([HEADER, '', 5]);
    expect(lines.slice(1, 4).map((line) => (JSON.parse(line) as { path: string }).path)).toEqual([
      'a',
      PRIVATE,
      ASTRAL,
    ]);
    expect(lines[1]).toBe(`{"bytes":4,"mediaType":"text/plain","path":"a","sha256":"${digestOf('text').slice(7)}"}`);
  });

  test('round-trip, and do not depend on the order given', () =>
    fc.assert(
      fc.property(somePaths, fc.option(fc.constant('A'.repeat(43)), { nil: undefined }), (paths, salt) => {
        const text = encodeManifest({ salt, files: paths.map(file) });
        expect(encodeManifest({ salt, files: paths.toReversed().map(file) })).toBe(text);
        const parsed = parseManifest(text);
        if (!parsed.ok) throw new Error(parsed.reason);
        expect(parsed.value.files).toEqual(paths.toSorted(comparePaths).map(file));
        expect(parsed.value.salt).toBe(salt);
        expect(encodeManifest(parsed.value)).toBe(text);
      }),
    ));

  test('are not made with a path that may not stand in one, or stands twice', () => {
    for (const paths of [['../a'], ['/a'], ['a', 'b', 'a']])
      expect(() => encodeManifest({ files: paths.map(file) })).toThrow(RangeError);
  });

  const [a, b] = encodeManifest({ files: [file('a'), file('b')] })
    .split('\n')
    .slice(1) as [string, string];
  test.for<[string, RegExp]>([
    ['', /not ended/],
    ['\n', /line 1/],
    [`${HEADER}\n`, /no files/],
    [`${HEADER}\n${a}`, /not ended/],
    [`${a}\n${b}\n`, /line 1/],
    [`${HEADER}\n${b}\n${a}\n`, /line 3: path is out of order/],
    [`${HEADER}\n${a}\n${a}\n`, /line 3: path is out of order or given twice/],
    [`${HEADER}\n\n${a}\n`, /line 2: not JSON/],
    [`${HEADER}\n ${a}\n`, /line 2: is not in canonical form/],
    [`${HEADER}\r\n${a}\r\n`, /line 1: is not in canonical form/],
    [`\ufeff${HEADER}\n${a}\n`, /line 1/],
    [`${HEADER.replace('v1', 'v2')}\n${a}\n`, /line 1/],
    [`{"firsthand":"manifest/v1","salt":"short"}\n${a}\n`, /line 1: \/salt/],
    [`{"extra":1,"firsthand":"manifest/v1"}\n${a}\n`, /line 1: .*unknown field/],
    [`${HEADER}\n${a.replace('"path"', '"owner":1,"path"')}\n`, /line 2: .*unknown field "owner"/],
    [`${HEADER}\n${a.replace('"a"', '"../a"')}\n`, /line 2: path has an empty/],
    [`${HEADER}\n${a.replace('"bytes":4', '"bytes":-4')}\n`, /line 2: \/bytes/],
    [`${HEADER}\n${a.replace('"bytes":4', '"bytes":4.5')}\n`, /line 2: \/bytes/],
    [`${HEADER}\n${a.replace('text/plain', 'text')}\n`, /line 2: \/mediaType/],
    [`${HEADER}\n${a.replace(/[0-9a-f]{64}/, (hex) => hex.toUpperCase())}\n`, /line 2: \/sha256/],
    [`${HEADER}\n${a.replace('{', '{"bytes":4,')}\n`, /line 2: key "bytes" given twice/],
  ])('case %#: %j is refused: %s', ([text, reason]) =>
    expect(parseManifest(text)).toMatchObject({ ok: false, reason }),
  );
});

describe('what a record says of its content', () => {
  const manifest = manifestOf({ 'a.txt': 'first', 'b.txt': 'second' });
  const text = encodeManifest(manifest);
  const content = summarizeContent(text, manifest);

  test('is the manifest’s root, digest, size and sums', () => {
    const leaf = (line: string) => sha256Bytes(concatBytes(Uint8Array.of(0), utf8(line)));
    const node = (l: Uint8Array, r: Uint8Array) => sha256Bytes(concatBytes(Uint8Array.of(1), l, r));
    const [one, two, three] = text.split('\n').map(leaf) as [Uint8Array, Uint8Array, Uint8Array];
    expect(content).toEqual({
      root: `sha256:${toHex(node(node(one, two), three))}`,
      manifest: digestOf(text),
      manifestBytes: text.length,
      files: 2,
      bytes: 11,
    });
  });

  test.each([1, 254, 255, 256, 512, 700])('is the root of its blocks, each where it begins: of %d files', (count) => {
    const files = manifestOf(Object.fromEntries(Array.from({ length: count }, (_, i) => [`${i}-é😀.txt`, `${i}`])));
    const many = encodeManifest(files);
    const read = readContent(many);
    if (!read.ok) throw new Error(read.reason);
    const { blocks, summary } = read.value;
    const leaves = contentLeaves(many);
    expect(digestFromBytes(rootOf(leaves))).toBe(summary.root);
    const bytes = utf8(many);
    for (const [i, { offset, root }] of blocks.entries()) {
      const block = new TextDecoder().decode(bytes.slice(offset, blocks[i + 1]?.offset));
      expect(contentLeaves(block)).toEqual(leaves.slice(i * BLOCK_LINES, (i + 1) * BLOCK_LINES));
      expect(root).toEqual(rootOf(contentLeaves(block)));
    }
    expect(blocks).toHaveLength(Math.ceil(leaves.length / BLOCK_LINES));
  });

  test('counts rows only where every file has them', () => {
    const rows = { count: 7, digests: [idOf('d')], format: 'jsonl' as const, root: idOf('r') };
    const [one, two] = manifest.files as [(typeof manifest.files)[0], (typeof manifest.files)[0]];
    const withRows = {
      files: [
        { ...one, rows },
        { ...two, rows: { ...rows, count: 5 } },
      ],
    };
    expect(summarizeContent(encodeManifest(withRows), withRows).rows).toBe(12);
    const mixed = { files: [{ ...one, rows }, two] };
    expect(summarizeContent(encodeManifest(mixed), mixed).rows).toBeUndefined();
  });

  test('a composition’s id does not depend on the order of its parts', () => {
    const parts = ['one', 'two', 'three'].map(idOf);
    expect(compositionRoot(parts)).toBe(compositionRoot(parts.toReversed()));
    expect(compositionRoot(parts)).not.toBe(compositionRoot(parts.slice(1)));
    const only = idOf('one');
    expect(compositionRoot([only])).toBe(`sha256:${toHex(sha256Bytes(concatBytes(Uint8Array.of(0), utf8(only))))}`);
  });
});
