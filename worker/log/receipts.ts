import { sql } from 'kysely';
import type { StatementId } from '../../schemas/primitives.ts';
import { entryText } from '../../protocol/log/entry.ts';
import { planInclusion, proofsFromTiles } from '../../protocol/log/proof.ts';
import { encodeReceipt } from '../../protocol/log/receipt.ts';
import { logTimeOf } from '../../protocol/time.ts';
import type { LoggedRow } from '../database/evidence.ts';
import { db, type Database } from '../database/port.ts';
import type { Tables } from '../database/tables.ts';
import { readTiles } from './read-tiles.ts';
import type { Appended } from './sequencer.ts';

/**
 * The first receipts of logged statements: against the checkpoint that first covered each. They are the bytes that the
 * original submission was answered with. Two queries, however large the log.
 */
export async function receiptsOf(database: Database, rows: readonly LoggedRow[]): Promise<Map<StatementId, Appended>> {
  if (rows.length === 0) return new Map();
  const indices = JSON.stringify(rows.map((row) => row.log_index));
  const heads = await database.all(
    sql<Pick<Tables['checkpoints'], 'size' | 'note'> & { log_index: number }>`
      SELECT wanted.value AS log_index, size, note FROM json_each(${indices}) AS wanted
      JOIN checkpoints ON size = (SELECT min(size) FROM checkpoints WHERE size > wanted.value)`.compile(db),
  );
  const headOf = new Map(heads.map((head) => [head.log_index, head]));
  const plans = rows.map((row) => planInclusion(row.log_index, headOf.get(row.log_index)?.size ?? 0));
  const newest = Math.max(...heads.map((head) => head.size));
  // Each plan names tiles at the widths of its own tree; as prefixes they all come from the newest of them.
  const proofs = await proofsFromTiles(plans, readTiles(database, newest));
  return new Map(
    rows.map((row, i) => {
      const { id, kind, log_index: index } = row;
      const loggedAt = logTimeOf(row.logged_at);
      const entry = entryText({ id, kind, loggedAt });
      const checkpoint = headOf.get(index)?.note ?? '';
      const receipt = encodeReceipt({ entry, index, proof: proofs[i] ?? [], checkpoint });
      return [id, { id, kind, index, loggedAt, receipt, isNew: false }];
    }),
  );
}
