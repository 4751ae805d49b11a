import { sql, type RawBuilder } from 'kysely';
import type { Digest } from '../../schemas/primitives.ts';
import { BoundedCache } from '../../protocol/bounded-cache.ts';
import { digestOf } from '../../protocol/digest.ts';
import { encodePermits } from '../../protocol/rights/permits.ts';
import type { Listed, Listing } from '../rights/listing.ts';
import { db, type BulkWrite, type Write } from './port.ts';

/** Enters new records as they are listed, by place. */
export function enterListed(listed: ReadonlyMap<number, Listed>): Write[] {
  const rows = [...listed].flatMap(([index, listing]) => (isListing(listing) ? spanRows(index, listing) : []));
  const due = [...listed].flatMap(([index, listing]) => (listing === 'due' ? [[index, index]] : []));
  return [
    enterPermits(listed),
    {
      // Ignored where there is no id: its signer has added too many answers.
      sql: `INSERT OR IGNORE INTO permitted (permits, log_index, since, until, depth, records)
        VALUES ((SELECT id FROM permits WHERE digest = ?), ?, ?, ?, ?, ?)`,
      rows,
    },
    { sql: 'INSERT INTO permitted_due (log_index, doubted) VALUES (?, ?)', rows: due },
  ];
}

/** Enters records that were due, except those that were doubted again since `doubted`, or fell. */
export function enterJudged(judged: ReadonlyMap<number, { listing: Listing | null; doubted: number }>): Write[] {
  const listed = new Map([...judged].map(([index, { listing }]) => [index, listing]));
  const doubts = JSON.stringify([...judged].map(([index, { doubted }]) => [index, doubted]));
  return [
    enterPermits(listed),
    {
      // Where nothing is due any more there is nothing to be null, and the row is ignored.
      sql: `INSERT OR IGNORE INTO permitted (permits, log_index, since, until, depth, records)
        VALUES ((SELECT permits.id FROM permits CROSS JOIN permitted_due AS due
          WHERE digest = ? AND due.log_index = ? AND doubted = ?), ?, ?, ?, ?, ?)`,
      rows: [...judged].flatMap(([index, { listing, doubted }]) =>
        listing === null ? [] : spanRows(index, listing).map(([digest, ...row]) => [digest, index, doubted, ...row]),
      ),
    },
    sql`DELETE FROM permitted_due WHERE (log_index, doubted) IN
      (SELECT value ->> 0, value ->> 1 FROM json_each(${doubts}))`.compile(db),
  ];
}

const isListing = (listed: Listed): listed is Listing => listed !== null && listed !== 'due';

function enterPermits(listed: ReadonlyMap<number, Listed>): BulkWrite {
  const needed = new Map<string, number>();
  for (const [index, listing] of listed) {
    for (const { permits } of isListing(listing) ? listing.spans : []) {
      const text = encodePermits(permits);
      if (!needed.has(text)) needed.set(text, index);
    }
  }
  return {
    sql: `INSERT OR IGNORE INTO permits (digest, text, signer)
      VALUES (?, ?, (SELECT issuer FROM statements WHERE log_index = ?))`,
    rows: [...needed].map(([text, index]) => [digestOfText(text), text, index]),
  };
}

const digests = new BoundedCache<string, Digest>(1024);
const digestOfText = (text: string): Digest => digests.get(text, () => digestOf(text));

type SpanRow = [digest: string, index: number, since: number, until: number, depth: number, records: number];

const spanRows = (index: number, { spans, depth, records }: Listing): SpanRow[] =>
  spans.map(({ permits, from, until }) => [digestOfText(encodePermits(permits)), index, from, until, depth, records]);

/**
 * Takes out what the revocations logged at `from` and after put an end to: what they revoke, with all that is made of it.
 * What was signed under a credential or an accreditation that they declare invalid, or erase, is due to be judged anew,
 * with all that is made of that; until then it is not listed. To be run while erased references are still there.
 */
export function revokePermitted(from: number): RawBuilder<unknown>[] {
  const revoked = sql`FROM statements AS revocation
    CROSS JOIN statements AS target ON target.id = revocation.body ->> '$.credentialSubject.id'
    WHERE revocation.log_index >= ${from} AND revocation.kind = 'Revocation'`;
  const since = sql`CASE revocation.body ->> '$.credentialSubject.erase' WHEN 1 THEN 0
    ELSE unixepoch(revocation.body ->> '$.credentialSubject.invalidSince') * 1000 END`;
  // Those whom it vouches for; of an issuer, those whom that vouched for. What was logged before the credential does not
  // rest on it: whoever attests a stranger's key, and takes that back, casts no doubt on what the stranger signed before.
  const doubtful = sql`
    voided (log_index, since) AS (
      SELECT target.log_index, ${since} ${revoked} AND target.kind IN ('HumanCredential', 'Accreditation')
    ),
    vouched (did, since, place) AS (
      SELECT refs.target, since, voided.log_index FROM voided
        CROSS JOIN refs ON refs.log_index = voided.log_index AND refs.relation IN ('attests', 'accredits')
        WHERE since IS NOT NULL
    ),
    signers (did, since, place) AS (
      SELECT did, min(since), min(place) FROM (
        SELECT did, since, place FROM vouched
        UNION ALL SELECT refs.target, since, max(place, credential.log_index) FROM vouched
          CROSS JOIN statements AS credential ON credential.issuer = did AND credential.kind = 'HumanCredential'
          CROSS JOIN refs ON refs.log_index = credential.log_index AND refs.relation = 'attests'
      ) GROUP BY did
    ),
    seeds (log_index) AS (
      SELECT statements.log_index FROM signers CROSS JOIN statements
        ON issuer = did AND kind = 'DatasetRecord' AND logged_at >= since AND statements.log_index > place
    )`;
  const fallen = sql`seeds (log_index) AS (SELECT target.log_index ${revoked} AND target.kind = 'DatasetRecord')`;
  return [
    sql`INSERT INTO permitted_due (log_index, doubted)
      WITH RECURSIVE ${doubtful}, ${made} SELECT log_index, ${from} FROM made WHERE true
      ON CONFLICT (log_index) DO UPDATE SET doubted = excluded.doubted`,
    sql`DELETE FROM permitted WHERE log_index IN (WITH RECURSIVE ${doubtful}, ${made} SELECT log_index FROM made)`,
    // In this order: what has rows is reached by way of what has rows.
    sql`DELETE FROM permitted_due WHERE log_index IN (WITH RECURSIVE ${fallen}, ${made} SELECT log_index FROM made)`,
    sql`DELETE FROM permitted WHERE log_index IN (WITH RECURSIVE ${fallen}, ${made} SELECT log_index FROM made)`,
  ];
}

const isKnown = (place: string) => sql`(EXISTS (SELECT 1 FROM permitted WHERE permitted.log_index = ${sql.ref(place)})
  OR EXISTS (SELECT 1 FROM permitted_due AS due WHERE due.log_index = ${sql.ref(place)}))`;

/** Seeds, and what is made of them: only by way of what is listed or due itself, so that it costs what it takes out. */
const made = sql`made (log_index) AS (
      SELECT seeds.log_index FROM seeds WHERE ${isKnown('seeds.log_index')}
      UNION SELECT refs.log_index FROM made
        CROSS JOIN statements ON statements.log_index = made.log_index
        CROSS JOIN refs ON refs.relation IN ('part', 'source') AND refs.target = statements.id
        WHERE ${isKnown('refs.log_index')}
    )`;
