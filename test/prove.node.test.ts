import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LookupResponse } from '../schemas/api.ts';
import { cliIn, type Ran } from '../client/cli/testing/run-cli.ts';
import { loadKeyFile } from '../worker/node/key-file.ts';
import { startRegistry, type RunningRegistry } from '../worker/node/start.ts';
import { cast, log, post, putBlob } from './contract/client.ts';
import type { Endpoint } from './contract/harness.ts';
import { digestOfRow, rowsRecord, someRows } from './support/rows.ts';
import { signed } from './support/statements.ts';

const ROWS = someRows('prove', 5_000);
let folder: string;
let running: RunningRegistry;
let record: string;
let firsthand: (...args: string[]) => Promise<Ran>;

const start = (rebuildIndex = false): Promise<RunningRegistry> =>
  startRegistry({ dataDir: join(folder, 'data'), host: '127.0.0.1', port: 0, log: () => {}, rebuildIndex });
const endpoint = async (): Promise<Endpoint> => ({
  fetch: (path, init) => fetch(`${running.url}${path}`, init),
  operator: await loadKeyFile(running.operatorKeyFile, 'operator', false),
  close: () => running.close(),
});
const inFolder = (name: string): string => join(folder, name);

/** What is found of digests, once nothing is pending. */
async function find(digests: readonly string[]): Promise<LookupResponse['matches']> {
  for (;;) {
    const response = await post(await endpoint(), '/v1/lookups', JSON.stringify({ digests }));
    const { matches, index } = (await response.json()) as LookupResponse;
    if (index.pendingRows === 0 && index.through === index.size) return matches;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'firsthand-prove-'));
  running = await start();
  const registry = await endpoint();
  const { alice } = await cast(registry, 'prove');
  const made = rowsRecord(alice.did, { 'a.jsonl': ['1'], 'b.jsonl': ROWS });
  record = (await log(registry, await signed(made.draft, alice))).id;
  for (const blob of [made.manifest, ...made.lists]) await putBlob(registry, blob);
  await find([digestOfRow('1')]);
  firsthand = cliIn(folder, { env: { FIRSTHAND_REGISTRY: running.url } });
  // As others may have the same rows: with other spaces, blank lines, and keys in another order.
  const lines = ROWS.map((row, i) => (i === 1 ? `\n  ${row.replace(/^\{(.*),("question".*)\}$/, '{ $2, $1 }')}` : row));
  writeFileSync(inFolder('local.jsonl'), lines.join('\r\n'));
  writeFileSync(inFolder('local.jsonl.gz'), gzipSync(lines.join('\n')));
  writeFileSync(inFolder('local.csv'), 'answer,question\n1,two\n"of\nseveral",lines\n');
});
afterAll(async () => {
  await running?.close();
  rmSync(folder, { recursive: true, force: true });
});

test('a row is proven by its digest, its JSON or its line, and the proof holds with the registry switched off', async () => {
  const [row = ''] = ROWS.slice(1);
  const proof = (await firsthand('prove', digestOfRow(row))).stdout;
  expect(JSON.parse(proof)).toMatchObject({ row: { digest: digestOfRow(row), index: 1 } });
  const spaced = row.replace(/^\{(.*),("question".*)\}$/, '{ $2, $1 }');
  for (const same of [spaced, `${inFolder('local.jsonl')}:3`, `${inFolder('local.jsonl.gz')}:3`]) {
    expect(await firsthand('prove', same), same).toMatchObject({ code: 0, stdout: proof });
  }
  const last = await firsthand(
    'prove',
    `${inFolder('local.jsonl')}:5001`,
    '--record',
    record,
    '-o',
    inFolder('last.json'),
    '--json',
  );
  expect(JSON.parse(last.stdout)).toMatchObject({ index: 4_999, record, file: { path: 'b.jsonl' } });

  await running.close();
  const saved = inFolder('last.json');
  expect((await firsthand('prove', '--check', saved)).stdout).toMatch(/b\.jsonl, row 5000 of 5000[^]*claims this row/);
  expect((await firsthand('prove', '--check', saved, ROWS[4_999] ?? '')).code).toBe(0);
  expect((await firsthand('prove', '--check', saved, `${inFolder('local.jsonl')}:5001`)).code).toBe(0);
  expect(await firsthand('prove', '--check', saved, row)).toMatchObject({
    code: 3,
    stderr: expect.stringMatching(/row\.digest/) as string,
  });
  writeFileSync(inFolder('bad.json'), readFileSync(saved, 'utf8').replace('b.jsonl', 'c.jsonl'));
  expect(await firsthand('prove', '--check', inFolder('bad.json'))).toMatchObject({
    code: 3,
    stderr: expect.stringMatching(/file\.inclusion/) as string,
  });
  writeFileSync(inFolder('bad.json'), '{}');
  expect(await firsthand('prove', '--check', inFolder('bad.json'))).toMatchObject({
    code: 3,
    stderr: expect.stringMatching(/not the proof/) as string,
  });
  const stranger = cliIn(inFolder('nobody'));
  expect(await stranger('prove', '--check', saved)).toMatchObject({
    code: 3,
    stderr: expect.stringMatching(/no trusted key/) as string,
  });
  running = await start();
});

test.each([
  ['a row that nobody has', ['{"unknown":1}'], 5, /no record here has the row/],
  ['a blank line', ['local.jsonl:2'], 5, /no row that ends on line 2/],
  ['a line past the end', ['local.jsonl:9999'], 5, /no row that ends on line 9999/],
  ['the header of a table', ['local.csv:1'], 5, /no row that ends on line 1/],
  ['a line within a row', ['local.csv:3'], 5, /no row that ends on line 3/],
  ['a row of a table that nobody has', ['local.csv:4'], 5, /no record here has the row/],
  ['a file without rows', ['data/registry.sqlite:1'], 1, /not addressed/],
  ['no row', [], 2, /which row/],
  ['what is none', ['local.jsonl'], 2, /neither a row’s digest/],
  ['a record that is none', ['{}', '--record', 'x'], 2, /--record/],
])('refuses %s', async (_what, [row, ...more], code, said) => {
  const at = row?.startsWith('local.') || row?.startsWith('data/') ? [inFolder(row)] : row === undefined ? [] : [row];
  const fresh = cliIn(folder, { env: { FIRSTHAND_REGISTRY: running.url } });
  expect(await fresh('prove', ...at, ...more)).toMatchObject({ code, stderr: said });
});

test('an index that is made anew answers as it did, and is no longer behind', async () => {
  const asked = [...ROWS, '1', '"unknown"'].map(digestOfRow);
  const before = await find(asked);
  expect(before.filter(({ records }) => records.length > 0)).toHaveLength(5_001);
  await running.close();
  running = await start(true);
  expect(await find(asked)).toEqual(before);
});
