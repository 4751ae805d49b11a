import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sql } from 'kysely';
import { db } from '../../worker/database/port.ts';
import { LogCorrupt } from '../../worker/log/log-corrupt.ts';
import { loadLog } from '../../worker/log/log-state.ts';
import { ORIGIN } from '../support/deps.ts';
import { signerOf } from '../support/statements.ts';
import { assemble, growTo, sequencerOver, type Cast } from './cast.ts';
import { skipPauses } from './pauses.ts';
import { recorded, type Recording } from './recording.ts';
import type { Shell, Storage } from './shell.ts';
import { query } from './stored-log.ts';

/** What someone with the database file could do to it, and how the registry puts it when it refuses the result. */
const MUTATIONS: readonly { name: string; sql: string; says: RegExp }[] = [
  {
    name: 'a tampered hash in the partial tile',
    sql: `UPDATE tiles SET hashes = CAST(substr(hashes, 1, 32) || zeroblob(32) || substr(hashes, 65) AS BLOB) WHERE level = 0 AND tile_index = 1`,
    says: /tiles do not have the root .* of size 260 .* restore/,
  },
  {
    name: 'a tampered root of a full tile',
    sql: 'UPDATE tiles SET hashes = zeroblob(32) WHERE level = 1',
    says: /tiles do not have the root/,
  },
  {
    name: 'a tile cut short',
    sql: 'UPDATE tiles SET hashes = substr(hashes, 1, 64) WHERE level = 0 AND tile_index = 1',
    says: /tile 0\/1 is missing or short/,
  },
  { name: 'a missing tile', sql: 'DELETE FROM tiles WHERE level = 1', says: /tile 1\/0 is missing or short/ },
  {
    name: 'another size in the checkpoint',
    sql: `UPDATE checkpoints SET note = replace(note, char(10) || '260' || char(10), char(10) || '259' || char(10)) WHERE size = 260`,
    says: /checkpoint of size 260 is malformed/,
  },
  {
    name: 'no signature on the checkpoint',
    sql: `UPDATE checkpoints SET note = substr(note, 1, instr(note, '— ') - 1) WHERE size = 260`,
    says: /checkpoint of size 260 is malformed/,
  },
  {
    name: 'a forged signature on the checkpoint',
    sql: `UPDATE checkpoints SET note = substr(note, 1, length(note) - 20) || 'AAAAAAAAAAAAAAAAA==' || char(10) WHERE size = 260`,
    says: /checkpoint of size 260 is not signed by this log’s key/,
  },
  {
    name: 'another root in the checkpoint',
    sql: `UPDATE checkpoints SET note = (SELECT note FROM checkpoints WHERE size = 3) WHERE size = 260`,
    says: /checkpoint of size 260 is malformed/,
  },
  {
    name: 'the last entry missing',
    sql: 'DELETE FROM statements WHERE log_index = 259',
    says: /entry 259 is missing/,
  },
];

const DROP_GUARDS = [
  'DELETE FROM refs WHERE log_index = 259',
  ...[
    'statements_change',
    'statements_delete',
    'tiles_change',
    'tiles_delete',
    'checkpoints_change',
    'checkpoints_delete',
  ].map((trigger) => `DROP TRIGGER ${trigger}`),
];

/** A stored log that does not add up is not appended to. */
export function corruption(shell: Shell): void {
  let cast: Cast;
  let storage: Storage;
  let world: Recording;
  skipPauses();
  const load = (): Promise<unknown> => loadLog(storage.database, ORIGIN, cast.logSigner.publicKey);
  const batch = (texts: readonly string[]) => storage.database.batch(texts.map((text) => sql.raw(text).compile(db)));

  beforeAll(async () => {
    cast = await assemble();
    world = await recorded(shell, (database) => growTo(260, sequencerOver(database, cast), cast));
  });
  beforeEach(async () => {
    storage = await shell.open();
    await world.replay(storage.database);
  });
  afterEach(() => storage.close());

  test('an untouched log loads', async () => {
    await expect(load()).resolves.toMatchObject({ lastLoggedAt: expect.any(Number) });
  });

  describe.each(MUTATIONS)('$name', ({ sql: mutation, says }) => {
    test('is refused, and nothing is appended', async () => {
      await batch([...DROP_GUARDS, mutation]);
      await expect(load()).rejects.toThrow(says);
      await expect(load()).rejects.toBeInstanceOf(LogCorrupt);
      const reports: string[] = [];
      const sequencer = sequencerOver(storage.database, cast, {
        report: (event, detail) => reports.push(`${event} ${detail}`),
      });
      const [outcome] = await sequencer.append([await cast.another()]);
      expect(outcome).toMatchObject({ ok: false, reason: { code: 'unavailable' } });
      expect(reports.at(-1)).toMatch(/^commit-failed/);
      expect(reports.at(-1)).toMatch(says);
      expect(await query(storage.database, 'SELECT 1 FROM statements WHERE log_index > 259')).toEqual([]);
    });
  });

  test('another origin is refused, naming both', async () => {
    const { publicKey } = cast.logSigner;
    await expect(loadLog(storage.database, 'elsewhere.example/log', publicKey)).rejects.toThrow(
      'this database holds the log registry.example/log, but the registry is configured as elsewhere.example/log',
    );
  });

  test('another log key is refused: it would fork the log', async () => {
    const { publicKey } = await signerOf('another log');
    await expect(loadLog(storage.database, ORIGIN, publicKey)).rejects.toThrow(/not signed by this log’s key/);
  });
}
