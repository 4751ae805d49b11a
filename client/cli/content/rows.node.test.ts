import { gzipSync } from 'node:zlib';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, test } from 'vitest';
import { limits } from '../../../schemas/limits.ts';
import { concatBytes, utf8 } from '../../../protocol/bytes.ts';
import { digestFromBytes, digestOf } from '../../../protocol/digest.ts';
import { rootOf } from '../../../protocol/log/merkle.ts';
import { rowDigest } from '../../../protocol/rows/row-digests.ts';
import { temporaryFolder } from '../testing/run-cli.ts';
import { hashContent, type Thresholds } from './hash-content.ts';
import type { SpooledFile } from './hash-spooled.ts';
import { HashThreads } from './hash-threads.ts';
import { rowDigestsIn, SpoolFolder } from './spool.ts';

interface Hashed {
  rows: SpooledFile['rows'];
  digests: Uint8Array;
}

/** Hashes one file by its name. */
async function hash(name: string, content: Uint8Array | string, thresholds?: Thresholds): Promise<Hashed> {
  const location = join(temporaryFolder(), name);
  writeFileSync(location, content);
  using folder = new SpoolFolder();
  const [hashed] = await hashContent([{ path: name, location, bytes: content.length }], folder, undefined, thresholds);
  const pieces: Uint8Array[] = [];
  if (hashed?.list) for await (const piece of rowDigestsIn(hashed.list).read()) pieces.push(piece.slice());
  return { rows: hashed?.rows, digests: concatBytes(...pieces) };
}

/** What canonical rows give, whatever the format. */
function expected(rows: readonly string[], format: string, raw = 0): object {
  const digests = rows.map((row) => rowDigest(row));
  const list = concatBytes(...digests);
  return {
    rows: {
      count: rows.length,
      digests: rows.length === 0 ? [] : [digestOf(list)],
      format,
      root: digestFromBytes(rootOf(digests)),
      ...(raw === 0 ? {} : { raw }),
    },
    digests: list,
  };
}

const ROWS = ['{"answer":"2","question":"1+1"}', '{"answer":"ü","question":"\\"x\\""}'];
const JSONL = ROWS.map(
  (row) => `${JSON.stringify(JSON.parse(row), ['question', 'answer'], ' ').replace(/\n/g, '')}\n`,
).join('');
const parquet = (): Uint8Array =>
  new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: 'question', data: ['1+1', '"x"'], type: 'STRING' },
        { name: 'answer', data: ['2', 'ü'], type: 'STRING' },
      ],
    }),
  );

describe('rows have the same digests in every format', () => {
  test.for([
    ['a.jsonl', JSONL, 'jsonl'],
    ['a.NDJSON', JSONL, 'jsonl'],
    ['a.jsonl.gz', gzipSync(JSONL), 'jsonl'],
    ['two-members.jsonl.gz', concatBytes(gzipSync(JSONL.slice(0, 20)), gzipSync(JSONL.slice(20))), 'jsonl'],
    ['a.csv', 'question,answer\r\n1+1,2\r\n"""x""",ü\r\n', 'csv'],
    ['a.parquet', parquet(), 'parquet'],
  ] as const)('%s', async ([name, content, format]) => {
    expect(await hash(name, content)).toEqual(expected(ROWS, format));
  });

  const everyFileIsLarge: Thresholds = { thread: 0, allThreads: 0 };

  test('a large file on all threads, as here', async () => {
    const text = (i: number): string => 'x'.repeat(i % 700);
    const lines = Array.from({ length: 12_000 }, (_, i) =>
      i % 1000 === 0 ? `nope ${i}` : `{"text": "${text(i)}", "id": ${i}}`,
    );
    const rows = lines.map((line, i) => (i % 1000 === 0 ? line : `{"id":${i},"text":"${text(i)}"}`));
    expect(await hash('large.jsonl', `\ufeff${lines.join('\r\n')}`, everyFileIsLarge)).toEqual(
      expected(rows, 'jsonl', 12),
    );
  });

  test('a line past the limit of a large file is refused by its number', async () => {
    const short = '{"a":1}\n'.repeat(2000);
    const long = `"${'x'.repeat(limits.rowBytes)}"`;
    for (const end of ['', `\n${short}`, 'x'.repeat(2_000_000)]) {
      await expect(hash('large.jsonl', `${short}${long}${end}`, everyFileIsLarge)).rejects.toThrow(
        /large\.jsonl: line 2001 is longer than 16777216 bytes/,
      );
    }
  });

  test('and one whose canonical form is', async () => {
    const long = `["${'x'.repeat(limits.rowBytes - 9)}",1e9]`;
    const before = `"${'x'.repeat(1000)}"\n`.repeat(2500);
    await expect(hash('large.jsonl', `${before}${long}\n2`, everyFileIsLarge)).rejects.toThrow(
      /large\.jsonl: line 2501 is longer than 16777216 bytes/,
    );
  });

  test('a file with another name has none', async () => {
    expect(await hash('a.json', JSONL)).toEqual({ rows: undefined, digests: new Uint8Array() });
  });
});

describe('what is not what its name says is refused, by its name', () => {
  const damaged = parquet();
  damaged.fill(0xff, 30, 60);
  test.for([
    ['gzip that is none', 'a.jsonl.gz', utf8(JSONL), /a\.jsonl\.gz: as gzip, it is damaged/],
    ['gzip cut short', 'a.jsonl.gz', gzipSync(JSONL).subarray(0, -9), /as gzip, it is damaged/],
    ['gzip with something behind', 'a.jsonl.gz', concatBytes(gzipSync(JSONL), utf8('tail')), /as gzip, it is/],
    [
      'gzip with zeros behind',
      'a.jsonl.gz',
      concatBytes(gzipSync(JSONL), new Uint8Array(9)),
      /followed by other bytes/,
    ],
    [
      'gzip with a wrong checksum',
      'a.jsonl.gz',
      concatBytes(gzipSync(JSONL).subarray(0, -8), new Uint8Array(8)),
      /as gzip, it is damaged/,
    ],
    [
      'a gzip bomb',
      'a.jsonl.gz',
      gzipSync(`${' '.repeat(1e6)}\n`.repeat(70)),
      /inflates to more than 200 times its size/,
    ],
    ['a line past the limit', 'a.jsonl', `1\n2\n"${'x'.repeat(limits.rowBytes)}"\n`, /a\.jsonl: line 3 is longer than/],
    ['a quote never closed', 'a.csv', 'a\n"b\n', /a\.csv: line 2: a quote is opened and never closed/],
    ['Parquet that is none', 'a.parquet', JSONL, /a\.parquet: as a Parquet file, it does not begin with PAR1/],
    ['Parquet cut short', 'a.parquet', parquet().subarray(0, -20), /does not end with PAR1/],
    ['Parquet of nothing', 'a.parquet', '', /is too short/],
    ['Parquet with damage in it', 'a.parquet', damaged, /as a Parquet file, it/],
  ] as const)('%s', async ([, name, content, message]) => {
    await expect(hash(name, content)).rejects.toMatchObject({
      code: 'invalid-file',
      message: expect.stringMatching(message) as string,
    });
  });
});

test('a thread that comes to no end with a Parquet file is ended, and the file named', async () => {
  const location = join(temporaryFolder(), 'endless.parquet');
  writeFileSync(location, parquet());
  using folder = new SpoolFolder();
  const threads = new HashThreads(folder, () => {}, { looks: 1, everyMs: 1 });
  threads.start(1);
  await expect(threads.hashFiles([{ path: 'endless.parquet', location }])).rejects.toThrow(
    /endless\.parquet: .* no end/,
  );
  // The thread is gone: what is asked now is not waited for.
  await expect(threads.hashFiles([{ path: 'a.txt', location }])).rejects.toThrow(/endless\.parquet: .* no end/);
  await threads.close();
});

test('the spool is private, and gone with its owner', () => {
  const folder = new SpoolFolder();
  expect(readdirSync(folder.path)).toEqual([]);
  folder[Symbol.dispose]();
  expect(() => readdirSync(folder.path)).toThrow(/ENOENT/);
});
