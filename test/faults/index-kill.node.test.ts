import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LookupResponse } from '../../schemas/api.ts';
import { digestFromBytes, digestOf } from '../../protocol/digest.ts';
import { encodeManifest, summarizeContent } from '../../protocol/manifest.ts';
import { RowList } from '../../protocol/rows/row-list.ts';
import { loadKeyFile } from '../../worker/node/key-file.ts';
import { cast, log, post, putBlob } from '../contract/client.ts';
import type { Endpoint } from '../contract/harness.ts';
import { openReadOnly } from '../support/read-only.ts';
import { drafts, signed } from '../support/statements.ts';

/** Files with a list each; it is killed once for each. */
const FILES = 3;
const ROWS = 50_000;
const RUNNER = fileURLToPath(new URL('registry-process.ts', import.meta.url));

let folder: string;
let child: ChildProcess | null = null;
let registry: Endpoint;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'firsthand-index-kill-'));
});
afterAll(async () => {
  child?.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

async function start(): Promise<void> {
  const started = spawn(process.execPath, [RUNNER, folder], { stdio: ['pipe', 'pipe', 'ignore'] });
  child = started;
  const line = await new Promise<string>((resolve, reject) => {
    createInterface(started.stdout).once('line', resolve);
    started.once('exit', (code, signal) => reject(new Error(`the registry did not start: ${code ?? signal}`)));
  });
  const { url, operatorKeyFile } = JSON.parse(line) as { url: string; operatorKeyFile: string };
  registry = {
    fetch: (path, init) => fetch(`${url}${path}`, init),
    operator: await loadKeyFile(operatorKeyFile, 'operator', false),
    close: async () => {},
  };
}

async function kill(): Promise<void> {
  child?.kill('SIGKILL');
  if (child !== null) await once(child, 'exit');
}

/** Files of random rows, with their lists. */
function makeFiles() {
  return Array.from({ length: FILES }, (_, i) => {
    const list = createHash('shake256', { outputLength: ROWS * 32 })
      .update(`file ${i}`)
      .digest();
    const rows = new RowList();
    rows.append(list);
    const sha256 = digestOf(`file ${i}`).slice('sha256:'.length);
    const file = { path: `${i}.jsonl`, bytes: 1, mediaType: 'application/jsonl', sha256, rows: rows.end('jsonl', 0) };
    return { list: new Uint8Array(list), file };
  });
}

async function ask(digests: readonly string[]): Promise<LookupResponse> {
  return (await (await post(registry, '/v1/lookups', JSON.stringify({ digests }))).json()) as LookupResponse;
}

/** Kills it once the list's tree is committed, and answers whether its rows were not. */
async function killedInTheMiddle(list: Uint8Array): Promise<boolean> {
  using database = openReadOnly(join(folder, 'content-index.sqlite'));
  const segment = database.prepare<Uint8Array, { hashed: number; indexed: number }>(
    'SELECT hashed, indexed FROM row_segments WHERE digest = ?',
  );
  const digest = createHash('sha256').update(list).digest();
  while (segment.get(digest)?.hashed === 0) await sleep(2);
  await kill();
  return segment.get(digest)?.indexed === 0;
}

test(`the registry is killed ${FILES} times while it fills its index: in the end it answers as one that was not`, async () => {
  await start();
  const { alice } = await cast(registry, 'killed');
  const files = makeFiles();
  const manifest = { files: files.map(({ file }) => file) };
  const text = encodeManifest(manifest);
  const content = { ...summarizeContent(text, manifest), visibility: 'public' as const };
  const draft = drafts.record(alice.did, 'killed', { id: content.root, content });
  const { id } = await log(registry, await signed(draft, alice));
  expect((await putBlob(registry, new TextEncoder().encode(text))).status).toBe(201);

  // A list a round: it is uploaded, and the registry killed while it fills the index with it, or with those before it.
  let interrupted = 0;
  for (const { list } of files) {
    expect((await putBlob(registry, list)).status).toBe(201);
    if (await killedInTheMiddle(list)) interrupted++;
    await start();
  }
  while ((await ask([id])).index.pendingRows > 0) await sleep(50);

  expect(interrupted, 'it was killed in the middle').toBeGreaterThan(0);
  const every = files.flatMap(({ list }) =>
    Array.from({ length: 1_600 }, (_, i) => digestFromBytes(list.subarray(i * 31 * 32, (i * 31 + 1) * 32))),
  );
  const { matches, index } = await ask(every);
  expect(index).toMatchObject({ through: index.size, pendingRows: 0 });
  expect(matches.filter(({ records }) => records.length !== 1 || records[0] !== id)).toEqual([]);
  await kill();
});
