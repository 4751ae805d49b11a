import { gzipSync, strToU8 } from 'fflate';
import { describe, expect, test } from 'vitest';
import { concatBytes } from '../../protocol/bytes.ts';
import { digestFromBytes, digestOf } from '../../protocol/digest.ts';
import { rootOf } from '../../protocol/log/merkle.ts';
import { encodeManifest, parseManifest } from '../../protocol/manifest.ts';
import { rowDigest } from '../../protocol/rows/row-digests.ts';
import { ContentError } from '../errors.ts';
import { manifestFiles } from './content-file.ts';
import { hashFiles, type HashProgress } from './hash-files.ts';

// Neither Node nor workerd has Web Workers: this is the engine itself. test/browser/ has the rest.
const ROWS = Array.from({ length: 1000 }, (_, i) => `{"a":${i},"b":"ü"}`);
const JSONL = strToU8(ROWS.map((row) => `${row}\n`).join(''));
const fileOf = (content: Uint8Array | string, name: string): File => new File([content as BlobPart], name);

test('hashes files and their rows, in the order given, for a manifest', async () => {
  const list = concatBytes(...ROWS.map((row) => rowDigest(strToU8(row))));
  const gzip = gzipSync(JSONL);
  const seen: HashProgress[] = [];
  const files = await hashFiles(
    [fileOf('notes', 'notes.txt'), { path: 'sub/rows.jsonl.gz', blob: new Blob([gzip]) }, fileOf(JSONL, 'rows.jsonl')],
    { onProgress: (progress) => seen.push(progress) },
  );
  const rows = {
    count: 1000,
    digests: [digestOf(list)],
    format: 'jsonl',
    root: digestFromBytes(rootOf(ROWS.map((row) => rowDigest(strToU8(row))))),
  };
  const hashed = (path: string, content: Uint8Array, mediaType: string, more: object = {}) => ({
    path,
    bytes: content.length,
    mediaType,
    sha256: digestOf(content).slice('sha256:'.length),
    ...more,
  });
  expect(manifestFiles({ files })).toEqual([
    hashed('notes.txt', strToU8('notes'), 'text/plain'),
    hashed('sub/rows.jsonl.gz', gzip, 'application/gzip', { rows }),
    hashed('rows.jsonl', JSONL, 'application/jsonl', { rows }),
  ]);
  expect(parseManifest(encodeManifest({ files: manifestFiles({ files }) }))).toMatchObject({ ok: true });
  for (const { rowDigests } of files.slice(1)) {
    // Again and again.
    for (let i = 0; i < 2; i++) {
      const pieces: Uint8Array[] = [];
      for await (const piece of rowDigests?.read() ?? []) pieces.push(piece.slice());
      expect(concatBytes(...pieces)).toEqual(list);
    }
  }
  const totalBytes = 5 + gzip.length + JSONL.length;
  expect(seen.at(-1)).toEqual({ bytes: totalBytes, rows: 2000, totalBytes });
});

test('a file of a picked folder goes by its path below it', async () => {
  const file = Object.defineProperty(fileOf('x', 'a.txt'), 'webkitRelativePath', { value: 'picked/sub/a.txt' });
  expect(await hashFiles([file])).toMatchObject([{ path: 'sub/a.txt' }]);
  expect(await hashFiles([])).toEqual([]);
});

describe('what is refused, by name', () => {
  test.for([
    ['a.csv', 'a\n"b\n', 'malformed', 'a.csv: line 2: a quote is opened and never closed'],
    ['a.jsonl.gz', 'none', 'malformed', 'a.jsonl.gz: as gzip, it is damaged: invalid gzip data'],
    ['a\\b', '', 'invalid-path', 'a\\b: the path has a backslash or a control character'],
  ] as const)('%s', async ([path, content, code, message]) => {
    const failed = await hashFiles([fileOf('fine', 'fine.txt'), { path, blob: new Blob([content]) }]).catch(
      (error: unknown) => error,
    );
    expect(failed).toBeInstanceOf(ContentError);
    expect(failed).toMatchObject({ code, path, message });
  });

  test('more rows than may be kept, of all files together', async () => {
    const files = [fileOf(JSONL, 'a.jsonl'), fileOf(JSONL, 'b.jsonl')];
    await expect(hashFiles(files, { maxRows: 1999 })).rejects.toMatchObject({ code: 'too-many-rows' });
    expect(await hashFiles(files, { maxRows: 2000 })).toHaveLength(2);
  });
});

test('ends with the reason of a signal, before or while it hashes', async () => {
  const reason = new Error('enough');
  await expect(hashFiles([fileOf(JSONL, 'a.jsonl')], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  for (const name of ['a.jsonl', 'a.txt']) {
    const stop = new AbortController();
    let heard = 0;
    const onProgress = (): void => {
      heard++;
      stop.abort(reason);
    };
    await expect(hashFiles([fileOf(JSONL, name)], { onProgress, signal: stop.signal })).rejects.toBe(reason);
    expect(heard).toBe(1);
  }
});
