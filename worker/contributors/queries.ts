import { sql, type CompiledQuery } from 'kysely';
import type { Did } from '../../schemas/primitives.ts';
import { db } from '../database/port.ts';
import type { StatementRow, Tables } from '../database/tables.ts';

// Joins are made in the order written, as in ../database/evidence.ts: from the few rows asked about to what they name.

/** Records, and reviews of either direction, that a profile goes through: the newest. */
const WINDOW = 1000;

/** A statement that bears on a contributor, and why it does; 1 is yes. */
export interface ProfileRow extends StatementRow {
  attests: number;
  counted: number;
  received: number;
  /** Rank of a counted record's effective assistance; null once erased. */
  assistance: number | null;
}

/** Of records and reviews, what their standing and their place in a profile depend on: bodies may be large. */
const brief = sql`json_patch('{}', json_object(
  'type', body -> '$.type', 'issuer', issuer, 'validFrom', body ->> '$.validFrom', 'validUntil', body ->> '$.validUntil',
  'credentialSubject', json_object('id', body ->> '$.credentialSubject.id', 'verdict', body ->> '$.credentialSubject.verdict',
    'content', body ->> '$.credentialSubject.content.root', 'replaces', body ->> '$.credentialSubject.replaces')))`;

/**
 * All that a profile is made of: the key's credentials, its newest records, the successors of those on the page, its
 * newest reviews, the newest reviews of its records with their signers' credentials, the accreditations behind all
 * these, and every revocation of any.
 */
export const profileEvidence = (did: Did, before: number, limit: number): CompiledQuery<ProfileRow> =>
  sql<ProfileRow>`WITH
    own AS (SELECT log_index FROM refs WHERE relation = 'attests' AND target = ${did}),
    records AS (SELECT log_index FROM statements WHERE issuer = ${did} AND kind = 'DatasetRecord'
      ORDER BY log_index DESC LIMIT ${WINDOW}),
    page AS (SELECT log_index FROM statements WHERE issuer = ${did} AND kind = 'DatasetRecord' AND log_index < ${before}
      ORDER BY log_index DESC LIMIT ${limit}),
    successors AS (
      SELECT refs.log_index FROM page
        CROSS JOIN statements AS old ON old.log_index = page.log_index
        CROSS JOIN refs ON refs.relation = 'replaces' AND refs.target = old.id
        CROSS JOIN statements AS next ON next.log_index = refs.log_index AND next.issuer = ${did}
    ),
    given AS (SELECT log_index FROM statements WHERE issuer = ${did} AND kind = 'ReviewRecord'
      ORDER BY log_index DESC LIMIT ${WINDOW}),
    received AS (
      SELECT refs.log_index FROM records
        CROSS JOIN statements AS reviewed ON reviewed.log_index = records.log_index
        CROSS JOIN refs ON refs.relation = 'reviews' AND refs.target = reviewed.id
        ORDER BY refs.log_index DESC LIMIT ${WINDOW}
    ),
    signers AS (SELECT ${did} AS did UNION SELECT issuer FROM received CROSS JOIN statements USING (log_index)),
    credentials AS (
      SELECT refs.log_index FROM signers CROSS JOIN refs ON refs.relation = 'attests' AND refs.target = did
    ),
    accreditations AS (
      SELECT refs.log_index FROM (
        SELECT ${did} AS did UNION SELECT issuer FROM credentials CROSS JOIN statements USING (log_index)
      ) CROSS JOIN refs ON refs.relation = 'accredits' AND refs.target = did
    ),
    -- D1 takes five terms in one compound select.
    work AS (
      SELECT log_index FROM records UNION SELECT log_index FROM page UNION SELECT log_index FROM successors
      UNION SELECT log_index FROM given UNION SELECT log_index FROM received
    ),
    base AS (
      SELECT log_index FROM work UNION SELECT log_index FROM credentials UNION SELECT log_index FROM accreditations
    ),
    touched AS (
      SELECT log_index FROM base
      UNION SELECT refs.log_index FROM base
        CROSS JOIN statements AS target ON target.log_index = base.log_index
        CROSS JOIN refs ON refs.relation = 'revokes' AND refs.target = target.id
    )
    SELECT log_index, id, kind, issuer, logged_at,
      CASE WHEN body IS NOT NULL AND kind IN ('DatasetRecord', 'ReviewRecord') THEN ${brief} ELSE body END AS body,
      log_index IN (SELECT log_index FROM own) AS attests,
      log_index IN (SELECT log_index FROM records) AS counted,
      log_index IN (SELECT log_index FROM received) AS received,
      (SELECT assistance FROM datasets WHERE datasets.log_index = statements.log_index) AS assistance
    FROM touched CROSS JOIN statements USING (log_index) ORDER BY log_index`.compile(db);

/** A record on a page of a profile; what it says is null once erased. */
export type PageRow = Pick<StatementRow, 'log_index' | 'id' | 'logged_at'> & {
  [Column in 'name' | 'version' | 'task_type' | 'license' | 'assistance']: Tables['datasets'][Column] | null;
};

/** A key's records before a place in the log, newest first. */
export const recordsOf = (did: Did, before: number, limit: number): CompiledQuery<PageRow> =>
  db
    .selectFrom('statements')
    .leftJoin('datasets', 'datasets.log_index', 'statements.log_index')
    .select(['statements.log_index', 'id', 'logged_at', 'name', 'version', 'task_type', 'license', 'assistance'])
    .where('issuer', '=', did)
    .where('kind', '=', 'DatasetRecord')
    .where('statements.log_index', '<', before)
    .orderBy('statements.log_index', 'desc')
    .limit(limit)
    .compile();

/** How many statements of each kind these keys signed. */
export const talliesOf = (dids: readonly Did[]): CompiledQuery<Tables['tallies']> =>
  sql<Tables['tallies']>`SELECT issuer, kind, logged, revoked FROM json_each(${JSON.stringify(dids)}) AS did
    CROSS JOIN tallies ON issuer = did.value`.compile(db);

/** An accreditation of a party on a page of issuers, or a revocation of one. */
export interface AccreditationRow extends StatementRow {
  /** Whom it accredits; null of a revocation. */
  did: Did | null;
}

/**
 * Every accreditation of the next parties by DID that were ever accredited to verify people, and its revocations. One
 * party more than `limit`, where there is one, tells that there is another page.
 */
export const issuersAfter = (after: string, limit: number): CompiledQuery<AccreditationRow> =>
  sql<AccreditationRow>`WITH
    page AS (
      SELECT DISTINCT refs.target AS did FROM refs
        CROSS JOIN statements ON statements.log_index = refs.log_index
        WHERE refs.relation = 'accredits' AND refs.target > ${after}
          AND EXISTS (SELECT 1 FROM json_each(body, '$.credentialSubject.roles') WHERE value = 'identity-issuer')
        ORDER BY refs.target LIMIT ${limit + 1}
    ),
    base AS (
      SELECT refs.log_index, did FROM page CROSS JOIN refs ON refs.relation = 'accredits' AND refs.target = did
    ),
    touched AS (
      SELECT log_index, did FROM base
      UNION SELECT refs.log_index, NULL FROM base
        CROSS JOIN statements AS target ON target.log_index = base.log_index
        CROSS JOIN refs ON refs.relation = 'revokes' AND refs.target = target.id
    )
    SELECT log_index, id, kind, issuer, logged_at, body, did
    FROM touched CROSS JOIN statements USING (log_index) ORDER BY log_index`.compile(db);
