import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApp } from '../../worker/app.ts';
import type { App } from '../../worker/http/route.ts';
import { loadLog } from '../../worker/log/log-state.ts';
import type { Sequencer } from '../../worker/log/sequencer.ts';
import { assemble, growTo, logAll, sequencerOver, START, type Cast } from '../faults/cast.ts';
import { nodeShell } from '../faults/node-shell.ts';
import type { Storage } from '../faults/shell.ts';
import { CountingDatabase, type Cost } from '../support/counting-database.ts';
import { depsOver, ORIGIN } from '../support/deps.ts';
import { fillerId, fillLog } from '../support/filler.ts';
import { drafts, signed, signerOf } from '../support/statements.ts';
import {
  checkHashTiles,
  checkRoot,
  openCheckpoint,
  openProof,
  readEntries,
  Tree,
  type ReadTile,
} from '../support/tlog-client.ts';

// What the log costs must not depend on how long it is. Both sizes are 232 past a multiple of 256, so that the tiles at
// the right edge are equally wide, and a small group completes none.
const SMALL = 1_000;
const LARGE = 1_000_168;
const GROUP = 10;

interface Log {
  size: number;
  storage: Storage;
  database: CountingDatabase;
  sequencer: Sequencer;
  app: App;
  costs: Record<string, Cost>;
}

let cast: Cast;
const logs: Log[] = [];
beforeAll(async () => {
  cast = await assemble();
}, 120_000);
afterAll(async () => {
  for (const { storage } of logs) await storage.close();
});

/** A log of `size` entries: a true beginning, then rows in bulk, and the tiles and the checkpoint by the registry's code. */
async function build(size: number): Promise<Log> {
  const storage = await nodeShell.open();
  const database = new CountingDatabase(storage.database);
  await growTo(4, sequencerOver(storage.database, cast), cast);
  await fillLog(storage.database, { logSigner: cast.logSigner, issuer: cast.issuer.did, loggedAt: START }, 4, size);
  const sequencer = sequencerOver(database, cast);
  const app = createApp(await depsOver({ ...storage, database }, { sequencer, now: () => START }));
  const log = { size, storage, database, sequencer, app, costs: {} };
  logs.push(log);
  return log;
}

const levelsOf = (size: number): number => Math.ceil(Math.log(size) / Math.log(256));

describe.each([SMALL, LARGE])('a log of %i entries', (size) => {
  let log: Log;
  beforeAll(async () => {
    const start = performance.now();
    log = await build(size);
    console.log(`built ${size} entries in ${Math.round(performance.now() - start)} ms`);
  }, 120_000);
  const measure = async (name: string, work: () => Promise<unknown>): Promise<Cost> => {
    const cost = await log.database.costOf(work);
    log.costs[name] = cost;
    console.log(`${size} entries, ${name}: ${JSON.stringify(cost)}`);
    return cost;
  };

  test('starts from its right edge', async () => {
    const cost = await measure('start', () => loadLog(log.database, ORIGIN, cast.logSigner.publicKey));
    expect(cost.queries).toBe(4);
    expect(cost.tiles).toBeLessThanOrEqual(3 * levelsOf(size));
  });

  test('appends a group in a constant number of queries, and writes the right-most tile alone', async () => {
    await logAll(log.sequencer, [await cast.another()]);
    const cost = await measure('append', async () => logAll(log.sequencer, await cast.several(GROUP)));
    expect(cost.tileBytes).toBe(((size % 256) + 1 + GROUP) * 32);
    const single = await measure('append one', async () => logAll(log.sequencer, [await cast.another()]));
    expect(single.queries).toBe(cost.queries);
  });

  test.each([0.3, 0.5, 0.999])(
    'makes a receipt from O(log n) tiles in a constant number of queries (at %d of it)',
    async (share) => {
      const index = Math.floor(size * share);
      let receipt = '';
      const cost = await measure(`receipt ${share}`, async () => {
        receipt = await (await log.app.request(`/v1/statements/${fillerId(index)}/receipt`)).text();
      });
      expect(cost.queries, 'the statement, its checkpoint, the tiles').toBe(3);
      expect(cost.tiles).toBeLessThanOrEqual(2 * levelsOf(size));
      expect((await openProof(receipt, cast.logKey)).index).toBe(index);
    },
  );

  test('appends every kind in queries that do not depend on the size', async () => {
    const { operator, issuer, alice } = cast;
    const carol = await signerOf(`carol of ${size}`);
    const [first, second] = [
      await signed(drafts.record(alice.did, `first of ${size}`), alice),
      await signed(
        drafts.record(alice.did, `second of ${size}`, { domain: ['mathematics'], keywords: ['sums'] }),
        alice,
      ),
    ];
    await logAll(log.sequencer, [first, second]);
    const group = [
      await signed(drafts.identityIssuer(carol.did), operator),
      await signed(drafts.credential(carol.did, 'Carol'), issuer),
      await signed(drafts.composition(alice.did, [first.id, second.id]), alice),
      await signed(drafts.review(first.id), alice),
      await signed(drafts.grant(carol.did, first.id), alice),
      await signed(drafts.revocation(second.id, { erase: true }), alice),
    ];
    await measure('every kind', () => logAll(log.sequencer, group));
    // Read too: the plans of these are judged below.
    for (const path of [
      `/v1/statements/${second.id}`,
      '/v1/datasets?q=first',
      '/v1/datasets?use=train&purpose=research',
      '/v1/datasets?use=train&domain=mathematics&taskType=evaluation&q=first&maxAssistance=none',
      '/v1/datasets?domain=mathematics',
      '/v1/datasets?taskType=evaluation&language=en',
      '/v1/changes',
      '/v1/status/0',
      '/log/tile/entries/000',
    ]) {
      expect((await log.app.request(path)).status, path).toBeLessThan(500);
    }
  });

  test('makes a certificate in a constant number of queries', async () => {
    const record = await signed(drafts.record(cast.alice.did, `record at ${size}`), cast.alice);
    await logAll(log.sequencer, [record]);
    let certificate = { statements: [] as { index: number }[] };
    const cost = await measure('certificate', async () => {
      certificate = (await (
        await log.app.request(`/v1/datasets/${record.id}/certificate`)
      ).json()) as typeof certificate;
    });
    const { length } = certificate.statements;
    expect(length, 'operator, issuer, Alice, the record').toBe(4);
    expect(cost.tiles).toBeLessThanOrEqual(2 * levelsOf(size) * length);
    const lists = new Set(certificate.statements.map(({ index }) => Math.floor(index / 131_072))).size;
    const what = 'the checkpoint, the closure, the tiles, the stored status lists; and to sign one, and store it';
    expect(cost.queries, what).toBeLessThanOrEqual(4 + 2 * lists);
  });

  test('answers a statement that is logged already in a constant number of queries', async () => {
    const cost = await measure('replay', async () => logAll(log.sequencer, cast.opening.slice(1)));
    expect(cost.queries).toBeLessThanOrEqual(3);
  });

  test('no query of these reads a whole table', async () => {
    const scans = await log.database.scans();
    expect(scans).toEqual([]);
  });
});

test('costs what it costs, whatever the size', () => {
  const [small, large] = logs as [Log, Log];
  for (const name of ['start', 'append', 'append one', 'every kind', 'replay']) {
    expect(large.costs[name]?.queries, `queries: ${name}`).toBe(small.costs[name]?.queries);
    expect(large.costs[name]?.tileBytes, `bytes: ${name}`).toBe(small.costs[name]?.tileBytes);
  }
});

test('a log of 70,000 entries has the tiles of the standard’s own example', async () => {
  const { app } = await build(70_000);
  const bytesOf = async (path: string) => new Uint8Array(await (await app.request(path)).arrayBuffer());
  const read: ReadTile = async (path) => bytesOf(`/log/${path}`);
  const checkpoint = await openCheckpoint(new TextDecoder().decode(await bytesOf('/log/checkpoint')), cast.logKey);
  const tree = new Tree(await readEntries(read, checkpoint.size));
  checkRoot(tree, checkpoint);
  // 273 full and one 112 wide at level 0; one full and one 17 wide at level 1; one 1 wide at level 2.
  expect(await checkHashTiles(read, tree, 70_000)).toBe(274 + 2 + 1);
  expect((await app.request('/log/tile/2/000.p/2')).status).toBe(404);
  const receipt = await (await app.request(`/v1/statements/${fillerId(69_938)}/receipt`)).text();
  expect((await openProof(receipt, cast.logKey)).index).toBe(69_938);
});
