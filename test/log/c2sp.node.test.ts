import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ParsedStatement } from '../../protocol/statement.ts';
import { startRegistry, type RunningRegistry } from '../../worker/node/start.ts';
import { signerFrom, submitBatch, submitOne, type Answer } from '../support/http-registry.ts';
import { drafts, signed, signerOf } from '../support/statements.ts';
import {
  checkHashTiles,
  checkRoot,
  decodeEntries,
  httpTiles,
  openCheckpoint,
  openProof,
  parseVkey,
  readEntries,
  tilePathOf,
  Tree,
  type Checkpoint,
  type LogKey,
  type ReadTile,
} from '../support/tlog-client.ts';

// A log as strangers find it: over HTTP, with a client that shares nothing with the server but the C2SP standards.

let folder: string;
let registry: RunningRegistry;
let key: LogKey;
let read: ReadTile;
/** Every checkpoint that was ever seen, in a receipt or as the newest one. */
const checkpoints = new Map<number, Checkpoint>();
const answers: Answer[] = [];
let newest: Checkpoint;
let entries: Uint8Array[];
let tree: Tree;

const start = (port: number): Promise<RunningRegistry> =>
  startRegistry({ dataDir: folder, host: '127.0.0.1', port, log: () => {} });

async function fetchCheckpoint(): Promise<Checkpoint> {
  const response = await fetch(`${registry.url}/log/checkpoint`);
  expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  const checkpoint = await openCheckpoint(await response.text(), key);
  checkpoints.set(checkpoint.size, checkpoint);
  return checkpoint;
}

async function single(statement: ParsedStatement): Promise<void> {
  answers.push(await submitOne(registry.url, statement));
  await fetchCheckpoint();
}

async function batch(statements: readonly ParsedStatement[]): Promise<void> {
  answers.push(...(await submitBatch(registry.url, statements)));
  await fetchCheckpoint();
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'firsthand-c2sp-'));
  registry = await start(0);
  key = parseVkey(registry.vkey);
  read = httpTiles(`${registry.url}/log`);
  await grow();
  newest = await fetchCheckpoint();
  entries = await readEntries(read, newest.size);
  tree = new Tree(entries);
});
afterAll(async () => {
  await registry.close();
  await rm(folder, { recursive: true });
});

/** By all six kinds, in singles, batches and several connections at once, past 600 entries. */
async function grow(): Promise<void> {
  const [operator, issuer, alice] = [
    await signerFrom(registry.operatorKeyFile),
    await signerOf('issuer'),
    await signerOf('alice'),
  ];
  const bob = await signerOf('bob');
  const record = (name: string): Promise<ParsedStatement> => signed(drafts.record(alice.did, name), alice);
  const many = (name: string, count: number): Promise<ParsedStatement[]> =>
    Promise.all(Array.from({ length: count }, (_, i) => record(`${name} ${i}`)));
  await fetchCheckpoint();
  await single(await signed(drafts.identityIssuer(issuer.did), operator));
  await single(await signed(drafts.credential(alice.did, 'Alice'), issuer));
  const [first, second] = (await many('first', 2)) as [ParsedStatement, ParsedStatement];
  await batch([first, second]);
  await single(await signed(drafts.review(first.id), alice));
  await single(await signed(drafts.grant(bob.did, first.id), alice));
  await single(await signed(drafts.composition(alice.did, [first.id, second.id]), alice));
  await single(await signed(drafts.revocation(second.id), alice));
  for (const statement of await many('single', 20)) await single(statement);
  await batch(await many('to 250', 250 - (await fetchCheckpoint()).size));
  // Singles over the first boundary, so that a checkpoint of each size from 251 to 262 is published.
  for (const statement of await many('boundary', 12)) await single(statement);
  await Promise.all((await many('at once', 100)).map(single));
  await Promise.all([batch(await many('batch a', 120)), batch(await many('batch b', 90))]);
  for (const statement of await many('some more', 20)) await single(statement);
  await batch(await many('last', 100));
}

test('the log has grown as it should, and all was acknowledged', () => {
  expect(answers.filter(({ status }) => status !== 201)).toEqual([]);
  expect(newest.size).toBe(2 + answers.length);
  expect(newest.size).toBeGreaterThan(600);
  for (const size of [255, 256, 257]) expect(checkpoints.has(size), `a checkpoint of size ${size}`).toBe(true);
});

describe('tiles', () => {
  test('every hash tile of every level is what the entry bundles say', async () => {
    // 600-odd entries: three tiles of leaves, and one of the roots of the two that are full.
    expect(await checkHashTiles(read, tree, newest.size)).toBe(4);
  });

  test('the partial tiles and bundles of every published checkpoint are still served', async () => {
    expect(checkpoints.size).toBeGreaterThan(50);
    for (const { size } of checkpoints.values()) {
      await checkHashTiles(read, tree, size, true);
      const width = size % 256;
      if (width === 0) continue;
      const from = size - width;
      const bundle = await read(tilePathOf('entries', from / 256, width));
      expect(decodeEntries(bundle as Uint8Array)).toEqual(entries.slice(from, size));
    }
  });

  test('a partial tile is served at every width', async () => {
    const last = Math.floor(newest.size / 256);
    for (let width = 1; width <= newest.size % 256; width++) {
      expect(await read(tilePathOf(0, last, width)), `width ${width}`).toEqual(tree.tile(0, last, width));
    }
  });

  test('full tiles may be kept for ever, the checkpoint for seconds', async () => {
    const cachingOf = async (path: string) => (await fetch(`${registry.url}/log/${path}`)).headers.get('cache-control');
    expect(await cachingOf('tile/0/000')).toMatch(/max-age=31536000.*immutable/);
    expect(await cachingOf('checkpoint')).toMatch(/max-age=[0-5]$/);
  });

  test.each([
    ['past the published size', () => tilePathOf(0, Math.floor(newest.size / 256), (newest.size % 256) + 1)],
    ['a full tile that is not full yet', () => tilePathOf(0, Math.floor(newest.size / 256), 256)],
    ['a bundle past the published size', () => tilePathOf('entries', 3, 1)],
    ['a level that the tree does not reach', () => 'tile/2/000.p/1'],
    ['an empty tile', () => 'tile/0/000.p/0'],
    ['a full tile by a partial name', () => 'tile/0/000.p/256'],
    ['a level past the last', () => 'tile/64/000'],
    ['an index with a needless group', () => 'tile/0/x000/000'],
    ['an index without padding', () => 'tile/0/0'],
    ['a path that climbs', () => 'tile/0/%2e%2e/checkpoint'],
  ])('not served: %s', async (_, path) => {
    expect(await read(path())).toBeNull();
  });
});

describe('checkpoints', () => {
  test('each has the root of its first entries, so any two are consistent', () => {
    for (const checkpoint of checkpoints.values()) checkRoot(tree, checkpoint);
  });

  test('a checkpoint is refused by another key, and when a byte of it differs', async () => {
    const other = parseVkey(registry.vkey);
    other.publicKey = new Uint8Array((await signerOf('other')).publicKey);
    await expect(openCheckpoint(newest.note, other)).rejects.toThrow('signature is wrong');
    const altered = newest.note.replace(`\n${newest.size}\n`, `\n${newest.size + 1}\n`);
    await expect(openCheckpoint(altered, key)).rejects.toThrow('signature is wrong');
  });
});

describe('entries and receipts', () => {
  test('entries are in canonical form, in the order of their times, and each once', () => {
    const parsed = entries.map((entry) => JSON.parse(new TextDecoder().decode(entry)) as Record<string, string>);
    let before = '';
    for (const [i, { id, kind, loggedAt = '' }] of parsed.entries()) {
      expect(new TextDecoder().decode(entries[i])).toBe(JSON.stringify({ id, kind, loggedAt }));
      expect(loggedAt >= before, `entry ${i} is no older than the one before`).toBe(true);
      before = loggedAt;
    }
    expect(new Set(parsed.map(({ id }) => id)).size).toBe(entries.length);
  });

  test('every acknowledged statement has its entry where it was told, and its receipt verifies', async () => {
    for (const { id, index = -1, loggedAt, receipt = '' } of answers) {
      const { extra, checkpoint, index: proven } = await openProof(receipt, key);
      expect(proven).toBe(index);
      expect(extra).toEqual(entries[index]);
      expect(JSON.parse(new TextDecoder().decode(extra))).toMatchObject({ id, loggedAt });
      checkRoot(tree, checkpoint);
      const served = await (await fetch(`${registry.url}/v1/statements/${id}/receipt`)).text();
      expect(served).toBe(receipt);
    }
  });

  test('every served statement hashes to the id in its entry', async () => {
    for (const entry of entries) {
      const { id } = JSON.parse(new TextDecoder().decode(entry)) as { id: string };
      const body = new Uint8Array(await (await fetch(`${registry.url}/v1/statements/${id}`)).arrayBuffer());
      expect(`sha256:${createHash('sha256').update(body).digest('hex')}`).toBe(id);
    }
  });

  test('a receipt for another entry, or another place, is refused', async () => {
    const receipt = answers.at(-1)?.receipt ?? '';
    const index = answers.at(-1)?.index as number;
    await expect(openProof(receipt.replace(`index ${index}`, `index ${index - 1}`), key)).rejects.toThrow(
      'is not what the entries say',
    );
    const other = Buffer.from(entries[7] as Uint8Array).toString('base64');
    await expect(openProof(receipt.replace(/extra .*/, `extra ${other}`), key)).rejects.toThrow(
      'is not what the entries say',
    );
  });
});

describe('after a restart', () => {
  test('the log is the same, under the same key', async () => {
    const { url, vkey } = registry;
    await registry.close();
    registry = await start(Number(new URL(url).port));
    expect(registry.vkey).toBe(vkey);
    expect((await fetchCheckpoint()).note).toBe(newest.note);
    expect(await readEntries(read, newest.size)).toEqual(entries);
    await checkHashTiles(read, tree, newest.size);
  });

  test('the registry refuses to start under another origin, or with another key', async () => {
    await registry.close();
    const elsewhere = startRegistry({
      dataDir: folder,
      host: '127.0.0.1',
      port: 0,
      origin: 'elsewhere.example/log',
      log: () => {},
    });
    await expect(elsewhere).rejects.toThrow(
      /holds the log .*, but the registry is configured as elsewhere.example\/log/,
    );
    await rm(join(folder, 'keys', 'log.json'));
    await expect(start(0)).rejects.toThrow(/log\.json is missing; restore it/);
  });
});
