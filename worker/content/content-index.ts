import { sql } from 'kysely';
import { toHex } from '../../protocol/bytes.ts';
import { db, type Database } from '../database/port.ts';
import type { Tables } from '../database/tables.ts';
import type { ContentIndex } from '../deps.ts';

/** Digests in one bound parameter: 64 hex digits each, well under D1's 2 MB. */
const CHUNK = 20_000;

/** The content index in a database of its own: it can be lost and rebuilt, so it never slows a commit. */
export const createContentIndex = (database: Database): ContentIndex => ({
  async add(logIndex, digests) {
    for (let at = 0; at < digests.length; at += CHUNK) {
      const chunk = JSON.stringify(digests.slice(at, at + CHUNK));
      await database.batch([
        sql`INSERT OR IGNORE INTO content (digest, log_index)
          SELECT unhex(value), ${logIndex} FROM json_each(${chunk})`.compile(db),
      ]);
    }
  },
  async find(digests) {
    const rows = await database.all(
      sql<Tables['content']>`SELECT digest, log_index FROM json_each(${JSON.stringify(digests)}) AS wanted
        JOIN content ON digest = unhex(wanted.value) ORDER BY log_index`.compile(db),
    );
    return rows.map((row) => ({ digest: toHex(row.digest), logIndex: row.log_index }));
  },
});
