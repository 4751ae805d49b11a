import { sql } from 'kysely';
import type { Digest, StatementId } from '../../schemas/primitives.ts';
import { contentKey, type ContentSummary } from '../../protocol/manifest.ts';
import { db, type Database } from '../database/port.ts';

/** Summaries in one bound parameter: some 250 bytes each, well under D1's 2 MB. */
const CHUNK = 4_000;

/** A record over a manifest. */
export interface Fitting {
  index: number;
  id: StatementId;
}

/**
 * The records whose content these manifests are, the oldest `each` of every one. Anyone may name a manifest in a record
 * that it does not fit: those are not gone through, however many there are. Erased records are none.
 */
export async function recordsOver(
  database: Database,
  manifests: readonly ContentSummary[],
  each: number,
): Promise<Map<Digest, Fitting[]>> {
  const records = new Map<Digest, Fitting[]>();
  for (let at = 0; at < manifests.length; at += CHUNK) {
    const chunk = manifests
      .slice(at, at + CHUNK)
      .map((summary) => [summary.manifest, summary.manifestBytes, contentKey(summary)]);
    const rows = await database.all(
      sql<{ manifest: Digest; index: number; id: StatementId }>`
        SELECT wanted.value ->> 0 AS manifest, log_index AS "index", statements.id
        FROM json_each(${JSON.stringify(chunk)}) AS wanted
        CROSS JOIN statements ON log_index IN (
          SELECT log_index FROM blob_refs WHERE digest = wanted.value ->> 0 AND max_bytes = wanted.value ->> 1
            AND content = wanted.value ->> 2 ORDER BY log_index LIMIT ${each})
        ORDER BY log_index`.compile(db),
    );
    for (const { manifest, index, id } of rows) {
      const list = records.get(manifest) ?? [];
      list.push({ index, id });
      records.set(manifest, list);
    }
  }
  return records;
}
