import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from 'kysely';
import { db } from '../../worker/database/port.ts';
import { assemble, growTo, sequencerOver, type Cast } from './cast.ts';
import type { Shell, Storage } from './shell.ts';
import { query, verifyStored } from './stored-log.ts';

const STATEMENTS = /statements are append-only/;
const TILES = /tiles only grow/;
const CHECKPOINTS = /checkpoints never change/;
const COVER = /a checkpoint covers the whole log and follows the newest one/;
const ID = `'sha256:' || hex(randomblob(32))`;
const statementAt = (index: number): string =>
  `INSERT INTO statements (log_index, id, kind, issuer, logged_at, body) VALUES (${index}, ${ID}, 'Accreditation', 'did', 0, '{}')`;
const checkpoint = (size: number, previous: number): string =>
  `INSERT INTO checkpoints (size, previous_size, note) VALUES (${size}, ${previous}, 'note')`;

/** What the database itself refuses, whoever asks: a log of 6 entries, whose last checkpoint follows size 3. */
const REFUSED: readonly [what: string, statements: string[], says: RegExp][] = [
  ['an entry changes its id', [`UPDATE statements SET id = ${ID} WHERE log_index = 2`], STATEMENTS],
  ['an entry changes its kind', [`UPDATE statements SET kind = 'Revocation' WHERE log_index = 2`], STATEMENTS],
  ['an entry changes its signer', [`UPDATE statements SET issuer = 'did:key:other' WHERE log_index = 2`], STATEMENTS],
  ['an entry changes its time', ['UPDATE statements SET logged_at = 0 WHERE log_index = 2'], STATEMENTS],
  ['an entry moves', ['UPDATE statements SET log_index = 99 WHERE log_index = 2'], STATEMENTS],
  ['a body changes', [`UPDATE statements SET body = '{}' WHERE log_index = 2`], STATEMENTS],
  [
    'an erased body comes back',
    ['UPDATE statements SET body = NULL WHERE log_index = 2', `UPDATE statements SET body = '{}' WHERE log_index = 2`],
    STATEMENTS,
  ],
  ['an entry is deleted', ['DELETE FROM statements WHERE log_index = 5'], STATEMENTS],
  ['a tile shrinks', ['UPDATE tiles SET hashes = substr(hashes, 1, 32)'], TILES],
  ['a tile changes', [`UPDATE tiles SET hashes = CAST(zeroblob(32) || substr(hashes, 33) AS BLOB)`], TILES],
  ['a tile moves', ['UPDATE tiles SET tile_index = 1'], TILES],
  ['a tile is deleted', ['DELETE FROM tiles'], TILES],
  [
    'a tile is not of whole hashes',
    ['UPDATE tiles SET hashes = CAST(hashes || zeroblob(1) AS BLOB)'],
    /CHECK constraint/,
  ],
  ['a tile is too wide', ['UPDATE tiles SET hashes = CAST(hashes || zeroblob(8192) AS BLOB)'], /CHECK constraint/],
  ['a checkpoint changes', [`UPDATE checkpoints SET note = 'other' WHERE size = 6`], CHECKPOINTS],
  ['a checkpoint is deleted', ['DELETE FROM checkpoints WHERE size = 6'], CHECKPOINTS],
  ['a checkpoint covers less than the log', [statementAt(6), statementAt(7), checkpoint(7, 6)], COVER],
  ['a checkpoint covers more than the log', [statementAt(6), checkpoint(8, 6)], COVER],
  ['a checkpoint skips the newest one', [statementAt(6), checkpoint(7, 3)], COVER],
  ['a checkpoint follows one that is not there', [statementAt(6), checkpoint(7, 5)], COVER],
  ['a checkpoint comes again', [checkpoint(6, 3)], COVER],
  ['two entries at one place', [statementAt(5)], /logged once/],
  [
    'a statement is logged twice',
    ['INSERT INTO statements SELECT 6, id, kind, issuer, logged_at, body FROM statements WHERE log_index = 2'],
    /logged once/,
  ],
  ['the log has a gap', [statementAt(7)], /logged once/],
  [
    'an entry is replaced in passing',
    ['INSERT OR REPLACE INTO statements SELECT 5, id, kind, issuer, 0, body FROM statements WHERE log_index = 5'],
    /logged once/,
  ],
  [
    'something refers to no entry',
    [`INSERT INTO refs (relation, target, log_index) VALUES ('attests', 'x', 77)`],
    /FOREIGN KEY/,
  ],
];

/** The schema's own guards, and that a batch which meets one leaves nothing behind: one log sees them all. */
export function appendOnly(shell: Shell): void {
  let cast: Cast;
  let storage: Storage;

  beforeAll(async () => {
    cast = await assemble();
    storage = await shell.open();
    await growTo(6, sequencerOver(storage.database, cast), cast);
  });
  afterAll(() => storage.close());

  test.each(REFUSED)('refused: %s', async (_, statements, says) => {
    const before = await dump();
    const batch = storage.database.batch(statements.map((text) => sql.raw(text).compile(db)));
    await expect(batch).rejects.toThrow(says);
    expect(await dump()).toEqual(before);
    await verifyStored(storage.database, cast.logKey);
  });

  test('allowed: a body is erased', async () => {
    await query(storage.database, 'UPDATE statements SET body = NULL WHERE log_index = 5');
    await verifyStored(storage.database, cast.logKey);
  });

  const dump = async (): Promise<unknown> => [
    await query(storage.database, 'SELECT * FROM statements'),
    await query(storage.database, 'SELECT level, tile_index, hex(hashes) AS hashes FROM tiles'),
    await query(storage.database, 'SELECT * FROM checkpoints'),
    await query(storage.database, 'SELECT * FROM refs'),
  ];
}
