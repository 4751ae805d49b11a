import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { createHash } from 'node:crypto';
import { RowSet } from '../../../protocol/rows/row-set.ts';
import type { Content } from '../content/read-content.ts';
import { temporaryFolder } from '../testing/run-cli.ts';
import { unmatchedRows, type UnmatchedRow } from './unmatched.ts';

const gone = Symbol('the file is deleted');

/** What is said of rows of one file, by their numbers from 0. */
async function named(
  path: string,
  bytes: Uint8Array | string,
  count: number,
  rows: number[] | null,
  change: string | typeof gone = '',
): Promise<UnmatchedRow[]> {
  const location = join(temporaryFolder(), path);
  writeFileSync(location, bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const rowDigests = { count, read: async function* () {} };
  const file = { path, bytes: bytes.length, mediaType: 'application/jsonl', sha256, rowDigests };
  const content: Content = { isFolder: false, files: [file], [Symbol.dispose]: () => undefined };
  const set = rows === null ? null : new RowSet(count);
  for (const row of rows ?? []) set?.add(row);
  if (change === gone) rmSync(location);
  else if (change !== '') writeFileSync(location, change);
  const found: UnmatchedRow[] = [];
  for await (const row of unmatchedRows(location, content, [{ file, rows: set, count, detail: '' }])) found.push(row);
  return found;
}

test('a row goes with its number and its line, whatever ends the lines and whatever is blank', async () => {
  const text = '\ufeff{"a":1}\r\n\r\n  \t\n{"a":2}\nnot JSON\n\n{"a":3}';
  expect(await named('x.jsonl', text, 4, null)).toEqual([
    { file: 'x.jsonl', row: 1, line: 1, text: '{"a":1}' },
    { file: 'x.jsonl', row: 2, line: 4, text: '{"a":2}' },
    { file: 'x.jsonl', row: 3, line: 5, text: 'not JSON' },
    { file: 'x.jsonl', row: 4, line: 7, text: '{"a":3}' },
  ]);
  const some = await named('x.jsonl.gz', gzipSync(text), 4, [1, 3]);
  expect(some.map(({ line }) => line)).toEqual([4, 7]);
});

test('lines longer than what is read at once are put together', async () => {
  const long = `{"a":"${'x'.repeat(3_000_000)}"}`;
  const rows = await named('x.jsonl', `{"b":1}\n${long}\n{"b":2}\n`, 3, [1, 2]);
  expect(rows.map(({ line, text }) => [line, text?.length])).toEqual([
    [2, long.length],
    [3, 7],
  ]);
});

test('a file that changed since is refused', async () => {
  await expect(named('x.jsonl', '{"a":1}\n', 1, null, '{"a":2}\n')).rejects.toMatchObject({ code: 'conflict' });
});

test('a gzip file that is gone, or damaged, since is refused', async () => {
  const rows = gzipSync('{"a":1}\n');
  await expect(named('x.jsonl.gz', rows, 1, null, gone)).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(named('x.jsonl.gz', rows, 1, null, 'no gzip')).rejects.toMatchObject({ code: 'conflict' });
});

test('rows that are not lines go by their number', async () => {
  expect(await named('x.parquet', 'PAR1', 3, [0, 2])).toEqual([
    { file: 'x.parquet', row: 1 },
    { file: 'x.parquet', row: 3 },
  ]);
});
