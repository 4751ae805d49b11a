import { hash } from 'node:crypto';
import { statSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { availableParallelism } from 'node:os';
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
import { startLookupThreads } from '../../worker/node/lookup-threads.ts';
import { openSqlite } from '../../worker/node/sqlite.ts';
import { drafts, signed, signerOf } from '../support/statements.ts';
import { here, post, startChild, stopChild, withFolder } from './child.ts';
import { line, median, medianMs, mediansMs, perSecond } from './report.ts';
import { setUp, type Ready } from './submit.ts';
import { readSigner } from './workload.ts';

/** Look-ups of each registry that count, in turns of so many; and before the first, until their code is compiled. */
const TURNS = 5;
const RUNS = 9;
const WARM_UP = 40;
/** Rows of the index that the large one is compared with. */
const FEW = 100_000;

/**
 * Two registries on SQLite, with 100,000 rows in the index and with `rows`: what a look-up of 10,000 of them takes, over
 * HTTP until the answer has come, and what the index takes of it; how fast that fills, and its size on disk.
 */
export async function benchIndex(rows: number): Promise<void> {
  await withFolder(async (folder) => {
    const small = await openRegistry(join(folder, 'small'));
    await small.publish(0, FEW);
    const large = await openRegistry(join(folder, 'large'));
    await large.publish(0, FEW);
    const ms = await large.publish(FEW, rows);
    line(`fill the index with ${(rows - FEW).toLocaleString('en')} rows`, perSecond(((rows - FEW) / ms) * 1000));
    const asked = [await small.among(FEW), await large.among(rows)];
    for (const { lookUp, find } of asked) await mediansMs(WARM_UP, lookUp, find);
    const took: Took[][] = asked.map(() => []);
    for (let turn = 0; turn < TURNS; turn++) {
      for (const [i, { lookUp, find }] of asked.entries()) {
        took[i]?.push({ whole: await medianMs(RUNS, lookUp), alone: await medianMs(RUNS, find) });
      }
    }
    const [few, all] = took.map(medianOf) as [Took, Took];
    line(`look up 10,000 rows of ${FEW.toLocaleString('en')}, warm`, told(few));
    line(
      `look up 10,000 rows of ${rows.toLocaleString('en')}, warm`,
      told(all),
      `${(all.whole / few.whole).toFixed(2)} and ${(all.alone / few.alone).toFixed(2)} × the time of ${FEW.toLocaleString('en')}`,
    );
    const size = await large.close();
    await small.close();
    line('the index on disk', `${(size / rows).toFixed(1)} bytes a row`);
  });
}

/** Milliseconds. */
interface Took {
  whole: number;
  alone: number;
}

const medianOf = (turns: readonly Took[]): Took => ({
  whole: median(turns.map(({ whole }) => whole)),
  alone: median(turns.map(({ alone }) => alone)),
});

const told = ({ whole, alone }: Took): string => `${whole.toFixed(1)} ms, the index ${alone.toFixed(1)} ms`;

async function openRegistry(dataDir: string) {
  const { child, ready: registry } = await startChild<Ready>([here('./registry-process.ts'), dataDir]);
  const operator = await readSigner(registry.operatorKeyFile);
  const [issuer, alice] = [await signerOf('issuer'), await signerOf('alice')];
  await setUp(registry.url, [
    (await signed(drafts.identityIssuer(issuer.did), operator)).canonical,
    (await signed(drafts.credential(alice.did, 'Alice'), issuer)).canonical,
  ]);
  const blobs = createFileBlobs(join(dataDir, 'blobs'));
  const agent = new Agent({ keepAlive: true });
  const lookUp = (digests: readonly Digest[]) => prepareLookup(registry.url, agent, digests);
  const file = join(dataDir, 'content-index.sqlite');
  const migrations = here('../../migrations/content-index');
  const content = openSqlite(file, migrations, { isRebuildable: true });
  // As the registry itself asks its index.
  const { find } = createContentIndex(content);
  const threads = startLookupThreads(availableParallelism(), { file, migrations }, find, (event) => {
    throw new Error(JSON.stringify(event));
  });

  return {
    /** Publishes rows; answers how long the index took to have them, in milliseconds. */
    async publish(from: number, to: number): Promise<number> {
      const listed = {
        path: 'rows.jsonl',
        bytes: 0,
        mediaType: 'application/jsonl',
        sha256: hash('sha256', String(from)),
        rows: await storeList(blobs, from, to),
      };
      const text = encodeManifest({ files: [listed] });
      const summary = summarizeContent(text, { files: [listed] });
      const content = { ...summary, visibility: 'public' as const };
      const record = drafts.record(alice.did, `rows from ${from}`, { id: summary.root, content });
      JSON.parse(await post(registry.url, 'application/json', (await signed(record, alice)).canonical)) as Submitted;
      const start = performance.now();
      // Its lists are there: with it, all there is to do is to fill the index.
      const put = await fetch(`${registry.url}/v1/blobs/${summary.manifest}`, { method: 'PUT', body: utf8(text) });
      if (put.status !== 201) throw new Error(await put.text());
      const lookUpFirst = lookUp([digestOfRow(from)]);
      while (parsed(await lookUpFirst()).index.pendingRows > 0) await new Promise((resolve) => setTimeout(resolve, 20));
      return performance.now() - start;
    },
    /** Look-ups of 10,000 rows from all over the first `rows`, over HTTP and of the index alone. */
    async among(rows: number) {
      const digests = Array.from({ length: limits.lookupDigests }, (_, i) =>
        digestOfRow(Math.floor(((i + 0.5) * rows) / limits.lookupDigests)),
      );
      const lookUpAll = lookUp(digests);
      const { matches } = parsed(await lookUpAll());
      if (matches.some(({ records }) => records.length !== 1)) throw new Error('a row was not found');
      const hex = digests.map((digest) => digest.slice('sha256:'.length)).join('');
      return { lookUp: lookUpAll, find: () => threads.find(hex, 5) };
    },
    /** Answers the size of the index, in bytes. */
    async close(): Promise<number> {
      agent.destroy();
      await threads.close();
      content.close();
      await stopChild(child);
      return statSync(file).size;
    },
  };
}

/** What looks these up, from a request that is ready to be sent until the last byte of its answer is there. */
function prepareLookup(url: string, agent: Agent, digests: readonly Digest[]): () => Promise<Buffer> {
  const body = Buffer.from(JSON.stringify({ digests }));
  const headers = { 'Content-Type': 'application/json', 'Content-Length': body.length };
  return () =>
    new Promise((resolve, reject) => {
      const sent = request(`${url}/v1/lookups`, { agent, method: 'POST', headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const answer = Buffer.concat(chunks);
          if (response.statusCode === 200) resolve(answer);
          else reject(new Error(answer.toString()));
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
}

const parsed = (answer: Buffer): LookupResponse => JSON.parse(answer.toString()) as LookupResponse;

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
