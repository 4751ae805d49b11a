import { sql } from 'kysely';
import type { Digest, StatementId } from '../../schemas/primitives.ts';
import { SUMMARY_FIELDS, type ContentSummary } from '../../protocol/manifest.ts';
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
 * that it does not fit: the bound counts only those that it fits. Erased records are none.
 */
export async function recordsOver(
  database: Database,
  manifests: readonly ContentSummary[],
  each: number,
): Promise<Map<Digest, Fitting[]>> {
  const records = new Map<Digest, Fitting[]>();
  const fits = sql.join(
    SUMMARY_FIELDS.map((field) => {
      const declared = sql.lit(`$.credentialSubject.content.${field}`);
      return sql`record.body ->> ${declared} IS wanted.value ->> ${sql.lit(`$.${field}`)}`;
    }),
    sql` AND `,
  );
  for (let at = 0; at < manifests.length; at += CHUNK) {
    const chunk = JSON.stringify(manifests.slice(at, at + CHUNK));
    // By blob_refs, which has the digest as its key. `datasets` lost what was erased, and says who names it as a manifest.
    const rows = await database.all(
      sql<{ manifest: Digest; index: number; id: StatementId }>`
        SELECT wanted.value ->> '$.manifest' AS manifest, log_index AS "index", statements.id
        FROM json_each(${chunk}) AS wanted
        CROSS JOIN statements ON log_index IN (
          SELECT blob_refs.log_index FROM blob_refs
          CROSS JOIN datasets ON datasets.log_index = blob_refs.log_index AND datasets.manifest = blob_refs.digest
          CROSS JOIN statements AS record ON record.log_index = blob_refs.log_index
          WHERE blob_refs.digest = wanted.value ->> '$.manifest' AND record.body IS NOT NULL AND ${fits}
          ORDER BY blob_refs.log_index LIMIT ${each})
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
