import { sql } from 'kysely';
import { type Database, db } from '../database/port.ts';
import type { Tables } from '../database/tables.ts';
import type { ReadTiles } from '../../protocol/log/proof.ts';
import { tileWidth } from '../../protocol/log/tile.ts';
import { LogCorrupt } from './log-corrupt.ts';

/**
 * Reads hash tiles of the tree of `size` in one query. A stored tile may have grown past that tree; a narrower partial
 * tile is a prefix of it, so it is cut to width.
 */
export const readTiles =
  (database: Database, size: number): ReadTiles =>
  async (addresses) => {
    if (addresses.length === 0) return [];
    const keys = JSON.stringify(addresses.map(({ level, index }) => [level, index]));
    const rows = await database.all(
      sql<Tables['tiles']>`SELECT level, tile_index, hashes FROM json_each(${keys}) AS wanted
        JOIN tiles ON level = wanted.value ->> 0 AND tile_index = wanted.value ->> 1`.compile(db),
    );
    const found = new Map(rows.map((row) => [`${row.level}/${row.tile_index}`, row.hashes]));
    return addresses.map(({ level, index }) => {
      const hashes = found.get(`${level}/${index}`);
      const width = tileWidth(level, index, size);
      if (hashes === undefined || hashes.length < width * 32)
        throw new LogCorrupt(`tile ${level}/${index} is missing or short`);
      return hashes.subarray(0, width * 32);
    });
  };
