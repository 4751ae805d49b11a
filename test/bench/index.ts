import { hash } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { LookupResponse, Submitted } from '../../schemas/api.ts';
import { limits } from '../../schemas/limits.ts';
import type { Digest } from '../../schemas/primitives.ts';
import { utf8 } from '../../protocol/bytes.ts';
import { digestOf } from '../../protocol/digest.ts';
import { encodeManifest, summarizeContent } from '../../protocol/manifest.ts';
import { ROW_DIGEST_BYTES } from '../../protocol/rows/row-digests.ts';
import { RowList } from '../../protocol/rows/row-list.ts';
import { createContentIndex } from '../../worker/content/content-index.ts';
import type { Blobs } from '../../worker/deps.ts';
import { createFileBlobs } from '../../worker/node/file-blobs.ts';
import { openSqlite } from '../../worker/node/sqlite.ts';
import { drafts, signed, signerOf } from '../support/statements.ts';
import { here, post, startChild, stopChild, withFolder } from './child.ts';
import { line, medianMs, perSecond } from './report.ts';
import { setUp, type Ready } from './submit.ts';
import { readSigner } from './workload.ts';

const RUNS = 15;

/**
 * A registry on SQLite whose index grows from 100,000 rows to `rows`: what a look-up of 10,000 of them takes then and now,
 * over HTTP until the answer has come; how fast it fills, and what it takes on disk.
 */
export async function benchIndex(rows: number): Promise<void> {
  await withFolder(async (folder) => {
    const dataDir = join(folder, 'data');
    const { child, ready: registry } = await startChild<Ready>([here('./registry-process.ts'), dataDir]);
    const operator = await readSigner(registry.operatorKeyFile);
    const [issuer, alice] = [await signerOf('issuer'), await signerOf('alice')];
    await setUp(registry.url, [
      (await signed(drafts.identityIssuer(issuer.did), operator)).canonical,
      (await signed(drafts.credential(alice.did, 'Alice'), issuer)).canonical,
    ]);
    const blobs = createFileBlobs(join(dataDir, 'blobs'));
    const publish = async (from: number, to: number): Promise<number> => {
      const file = {
        path: 'rows.jsonl',
        bytes: 0,
        mediaType: 'application/jsonl',
        sha256: hash('sha256', String(from)),
        rows: await storeList(blobs, from, to),
      };
      const text = encodeManifest({ files: [file] });
      const summary = summarizeContent(text, { files: [file] });
      const content = { ...summary, visibility: 'public' as const };
      const record = drafts.record(alice.did, `rows from ${from}`, { id: summary.root, content });
      JSON.parse(await post(registry.url, 'application/json', (await signed(record, alice)).canonical)) as Submitted;
      const start = performance.now();
      // Its lists are there: with it, all there is to do is to fill the index.
      const put = await fetch(`${registry.url}/v1/blobs/${summary.manifest}`, { method: 'PUT', body: utf8(text) });
      if (put.status !== 201) throw new Error(await put.text());
      while (parsed(await lookUp(registry.url, asking([digestOfRow(from)]))).index.pendingRows > 0) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      return performance.now() - start;
    };
    const content = openSqlite(join(dataDir, 'content-index.sqlite'), here('../../migrations/content-index'), {
      isRebuildable: true,
    });
    const index = createContentIndex(content);
    const lookUpSome = async (among: number): Promise<{ whole: number; alone: number }> => {
      const digests = Array.from({ length: limits.lookupDigests }, (_, i) =>
        digestOfRow(Math.floor(((i + 0.5) * among) / limits.lookupDigests)),
      );
      const body = asking(digests);
      const { matches } = parsed(await lookUp(registry.url, body));
      if (matches.some(({ records }) => records.length !== 1)) throw new Error('a row was not found');
      const hex = digests.map((digest) => digest.slice('sha256:'.length));
      return {
        whole: await medianMs(RUNS, () => lookUp(registry.url, body)),
        alone: await medianMs(RUNS, () => index.find(hex, 5)),
      };
    };

    const few = Math.min(100_000, rows);
    await publish(0, few);
    const before = await lookUpSome(few);
    line(`look up 10,000 rows of ${few.toLocaleString('en')}, warm`, told(before));
    const ms = await publish(few, rows);
    line(`fill the index with ${(rows - few).toLocaleString('en')} rows`, perSecond(((rows - few) / ms) * 1000));
    const after = await lookUpSome(rows);
    line(
      `look up 10,000 rows of ${rows.toLocaleString('en')}, warm`,
      told(after),
      `${(after.whole / before.whole).toFixed(2)} and ${(after.alone / before.alone).toFixed(2)} × the time of ${few.toLocaleString('en')}`,
    );
    content.close();
    await stopChild(child);
    const { size } = statSync(join(dataDir, 'content-index.sqlite'));
    line('the index on disk', `${(size / rows).toFixed(1)} bytes a row`);
  });
}

const told = ({ whole, alone }: { whole: number; alone: number }): string =>
  `${whole.toFixed(1)} ms, the index ${alone.toFixed(1)} ms`;

const counter = (row: number): Uint8Array => new Uint8Array(Float64Array.of(row).buffer);
const digestOfRow = (row: number): Digest => `sha256:${hash('sha256', counter(row))}` as Digest;

/** Stores the row-digest list of rows that are numbers, and answers what a manifest says of it. */
async function storeList(blobs: Blobs, from: number, to: number) {
  const list = new RowList();
  for (let at = from; at < to; at += limits.segmentRows) {
    const segment = Buffer.alloc(Math.min(limits.segmentRows, to - at) * ROW_DIGEST_BYTES);
    for (let i = 0; i < segment.length / ROW_DIGEST_BYTES; i++) {
      hash('sha256', counter(at + i), 'buffer').copy(segment, i * ROW_DIGEST_BYTES);
    }
    list.append(segment);
    await blobs.put(digestOf(segment), new Blob([segment]).stream(), segment.length);
  }
  return list.end('jsonl', 0);
}

const asking = (digests: readonly Digest[]): string => JSON.stringify({ digests });
const parsed = (answer: string): LookupResponse => JSON.parse(answer) as LookupResponse;

async function lookUp(url: string, body: string): Promise<string> {
  const response = await fetch(`${url}/v1/lookups`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body,
  });
  if (!response.ok) throw new Error(await response.text());
  return response.text();
}
