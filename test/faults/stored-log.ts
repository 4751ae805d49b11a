import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { expect } from 'vitest';
import { db, type Database } from '../../worker/database/port.ts';
import { openCheckpoint, checkRoot, tilesOf, Tree, type LogKey } from '../support/tlog-client.ts';

interface StoredStatement {
  log_index: number;
  id: string;
  kind: string;
  logged_at: number;
  body: string | null;
}

/** Runs SQL of the test's own through the port. */
export const query = <R>(database: Database, text: string): Promise<R[]> =>
  database.all(sql<R>`${sql.raw(text)}`.compile(db));

/**
 * Recomputes everything that the log's tables say from its statements, with none of the registry's own code, and fails
 * where a table says otherwise. Answers the ids in log order.
 */
export async function verifyStored(database: Database, key: LogKey): Promise<string[]> {
  const statements = await query<StoredStatement>(
    database,
    'SELECT log_index, id, kind, logged_at, body FROM statements ORDER BY log_index',
  );
  const ids = statements.map(({ id }) => id);
  expect(
    statements.map((row) => row.log_index),
    'indices have no gaps',
  ).toEqual([...statements.keys()]);
  expect(new Set(ids).size, 'nothing is logged twice').toBe(ids.length);
  for (const [i, { id, body, logged_at }] of statements.entries()) {
    expect(logged_at, `entry ${i} is no older than the one before`).toBeGreaterThanOrEqual(
      statements[i - 1]?.logged_at ?? 0,
    );
    if (body !== null) expect(`sha256:${createHash('sha256').update(body).digest('hex')}`).toBe(id);
  }
  const tree = new Tree(statements.map(entryOf));
  await verifyTiles(database, tree);
  await verifyCheckpoints(database, tree, key);
  await verifyProjections(database);
  return ids;
}

/** protocol.md §4; none of its values needs escaping, and its keys are in canonical order. */
const entryOf = ({ id, kind, logged_at }: StoredStatement): Uint8Array =>
  new TextEncoder().encode(JSON.stringify({ id, kind, loggedAt: new Date(logged_at).toISOString() }));

async function verifyTiles(database: Database, tree: Tree): Promise<void> {
  const stored = await query<{ level: number; tile_index: number; hashes: Uint8Array }>(
    database,
    'SELECT level, tile_index, hashes FROM tiles ORDER BY level, tile_index',
  );
  const expected = [0, 1, 2].flatMap((level) => tilesOf(level, tree.size).map((tile) => ({ level, ...tile })));
  expect(
    stored.map(({ level, tile_index, hashes }) => ({ level, index: tile_index, width: hashes.length / 32 })),
    'each tile is there once, at its widest, and no other',
  ).toEqual(expected);
  for (const { level, tile_index, hashes } of stored) {
    expect(hashes, `tile ${level}/${tile_index}`).toEqual(tree.tile(level, tile_index, hashes.length / 32));
  }
}

async function verifyCheckpoints(database: Database, tree: Tree, key: LogKey): Promise<void> {
  const rows = await query<{ size: number; previous_size: number; note: string }>(
    database,
    'SELECT size, previous_size, note FROM checkpoints ORDER BY size',
  );
  let previous = 0;
  for (const { size, previous_size, note } of rows) {
    expect(previous_size, 'checkpoints form one chain').toBe(previous);
    const checkpoint = await openCheckpoint(note, key);
    expect(checkpoint.size).toBe(size);
    checkRoot(tree, checkpoint);
    previous = size;
  }
  expect(previous, 'the newest checkpoint covers the log').toBe(tree.size);
}

/** What is projected from a statement was written with it: none is missing, none is there twice. */
async function verifyProjections(database: Database): Promise<void> {
  const [counts] = await query<Record<string, number>>(
    database,
    `SELECT
      (SELECT count(*) FROM statements WHERE kind IN ('Accreditation', 'HumanCredential', 'ReviewRecord', 'RightsGrant', 'Revocation')) AS referring,
      (SELECT count(*) FROM refs WHERE relation IN ('accredits', 'attests', 'reviews', 'grants', 'revokes')) AS refs,
      (SELECT count(*) FROM statements WHERE kind = 'Revocation') AS revoking,
      (SELECT count(*) FROM revocations) AS revocations,
      (SELECT count(*) FROM statements WHERE kind = 'DatasetRecord' AND body IS NOT NULL) AS records,
      (SELECT count(*) FROM datasets) AS datasets,
      (SELECT count(*) FROM dataset_text) AS texts,
      (SELECT count(*) FROM dataset_terms) AS terms,
      (SELECT coalesce(sum(coalesce(json_array_length(body, '$.credentialSubject.domain'), 0) +
        coalesce(json_array_length(body, '$.credentialSubject.language'), 0)), 0) FROM statements) AS tagged`,
  );
  expect(counts?.['refs']).toBe(counts?.['referring']);
  expect(counts?.['revocations']).toBe(counts?.['revoking']);
  expect(counts?.['datasets']).toBe(counts?.['records']);
  expect(counts?.['texts']).toBe(counts?.['records']);
  expect(counts?.['terms']).toBe(counts?.['tagged']);
}
