import { sql, type CompiledQuery } from 'kysely';
import { limits } from '../../schemas/limits.ts';
import type { Did, StatementId } from '../../schemas/primitives.ts';
import type { Statement, StatementKind } from '../../schemas/statement.ts';
import { BoundedCache } from '../../protocol/bounded-cache.ts';
import type { Logged } from '../../protocol/evidence.ts';
import { db } from './port.ts';
import type { StatementRow } from './tables.ts';

export type EvidenceRow = LoggedRow & Pick<StatementRow, 'body'>;

// Every join here is a CROSS JOIN, which SQLite makes in the order written: from the few rows that were asked about to
// those they refer to. Left to choose, it begins with all references of one relation, and a commit then costs as much
// as the log is long.

/**
 * What decides whether new statements may be logged, in one query: the statements they name (`ids`), the credentials
 * and accreditations of their signers (`dids`) with the accreditations of those credentials' issuers, and every
 * revocation of any of these.
 */
export const admissionEvidence = (dids: readonly Did[], ids: readonly StatementId[]): CompiledQuery<EvidenceRow> =>
  sql<EvidenceRow>`WITH
    held AS (
      SELECT refs.log_index FROM json_each(${JSON.stringify(dids)}) AS did
      CROSS JOIN refs ON refs.relation IN ('attests', 'accredits') AND refs.target = did.value
    ),
    vouching AS (
      SELECT DISTINCT refs.log_index FROM held
      CROSS JOIN statements ON statements.log_index = held.log_index AND statements.kind = 'HumanCredential'
      CROSS JOIN refs ON refs.relation = 'accredits' AND refs.target = statements.issuer
    ),
    base AS (
      SELECT log_index FROM held UNION SELECT log_index FROM vouching
      UNION SELECT statements.log_index FROM json_each(${JSON.stringify(ids)}) AS named
        CROSS JOIN statements ON statements.id = named.value
    )
    ${withRevocations('base')}`.compile(db);

/** Where a statement is in the log. */
export type LoggedRow = Pick<StatementRow, 'log_index' | 'id' | 'kind' | 'logged_at'>;

/** Which of these statements are logged. */
export const loggedAlready = (ids: readonly StatementId[]): CompiledQuery<LoggedRow> =>
  sql<LoggedRow>`SELECT log_index, statements.id, kind, logged_at FROM json_each(${JSON.stringify(ids)}) AS named
    CROSS JOIN statements ON statements.id = named.value`.compile(db);

/** What admission asks of a statement that another names: no body, however large, is read for it. */
export interface Reference {
  id: StatementId;
  kind: StatementKind;
  issuer: Did;
  log_index: number;
  /** 1 where the body was erased. */
  erased: number;
}

export const references = (ids: readonly StatementId[]): CompiledQuery<Reference> =>
  sql<Reference>`SELECT statements.id, kind, issuer, log_index, body IS NULL AS erased
    FROM json_each(${JSON.stringify(ids)}) AS named
    CROSS JOIN statements ON statements.id = named.value`.compile(db);

/** A revocation that is logged already. */
export interface EarlierRevocation {
  target: StatementId;
  issuer: Did;
  invalid_since: string | null;
  erase: number | null;
}

export const earlierRevocations = (targets: readonly StatementId[]): CompiledQuery<EarlierRevocation> =>
  sql<EarlierRevocation>`SELECT refs.target, issuer, body ->> '$.credentialSubject.invalidSince' AS invalid_since,
      body ->> '$.credentialSubject.erase' AS erase
    FROM json_each(${JSON.stringify(targets)}) AS named
    CROSS JOIN refs ON refs.relation = 'revokes' AND refs.target = named.value
    CROSS JOIN statements ON statements.log_index = refs.log_index`.compile(db);

/** Records and all that they are made of, down to the last registered ancestor. */
const lineageOf = (subjects: readonly StatementId[]) => sql`lineage (log_index) AS (
      SELECT log_index FROM json_each(${JSON.stringify(subjects)}) AS subject
        CROSS JOIN statements ON statements.id = subject.value AND kind = 'DatasetRecord'
      UNION
      SELECT statements.log_index FROM lineage
        CROSS JOIN refs ON refs.log_index = lineage.log_index AND refs.relation IN ('part', 'source')
        CROSS JOIN statements ON statements.id = refs.target
      LIMIT ${limits.lineageRecords + 1}
    )`;

/** The newest grants of rights in any record of the lineage: to whomever, or to these licensees. */
const grantsOver = (licensees: readonly Did[] | null, most: number) => sql`SELECT * FROM (
        SELECT grants.log_index FROM lineage CROSS JOIN statements USING (log_index)
        CROSS JOIN grants ON grants.record = statements.id
        ${licensees === null ? sql`` : sql`AND grants.licensee IN (SELECT value FROM json_each(${JSON.stringify(licensees)}))`}
        ORDER BY grants.log_index DESC LIMIT ${most}
      )`;

/**
 * The closure that a certificate of `subject` needs (protocol.md §7), as the log had it at `size`: entry 0, the record
 * and its ancestors, its newest review by each reviewer, the newest grants of rights in any of them (to one licensee, if
 * given), the newest successor of each record, their signers' credentials and accreditations, the status service's
 * accreditation, and every revocation that touches any of them.
 */
export const certificateEvidence = (
  subject: StatementId,
  service: Did,
  size: number,
  licensee?: Did,
): CompiledQuery<BoundedRow> =>
  sql<BoundedRow>`WITH RECURSIVE
    ${lineageOf([subject])},
    records AS (
      SELECT log_index FROM lineage
      UNION SELECT * FROM (
        SELECT max(log_index) AS latest FROM refs CROSS JOIN statements USING (log_index)
        WHERE relation = 'reviews' AND target = ${subject}
        GROUP BY issuer ORDER BY latest DESC LIMIT ${limits.certificateReviews}
      )
      UNION ${grantsOver(licensee === undefined ? null : [licensee], limits.certificateGrants)}
      UNION SELECT max(next.log_index) FROM lineage
        CROSS JOIN statements AS old ON old.log_index = lineage.log_index
        CROSS JOIN refs ON refs.relation = 'replaces' AND refs.target = old.id
        CROSS JOIN statements AS next ON next.log_index = refs.log_index AND next.issuer = old.issuer
        GROUP BY old.log_index
    ),
    ${vouchersOf(service)}
    ${boundedBelow(size)}`.compile(db);

/**
 * What decides about rights in any of `subjects`, as the log had it at `size`, in one query: their lineages, the grants to
 * these licensees, and what the standing of all of them rests on. One grant, or statement, more than the bounds at most.
 */
export const decisionEvidence = (
  subjects: readonly StatementId[],
  licensees: readonly Did[],
  size: number,
): CompiledQuery<BoundedRow> =>
  sql<BoundedRow>`WITH RECURSIVE
    ${lineageOf(subjects)},
    records AS (SELECT log_index FROM lineage UNION ${grantsOver(licensees, limits.certificateGrants + 1)}),
    ${vouchersOf(null)}
    ${boundedBelow(size)}`.compile(db);

/**
 * What the standing of `statements`, and of all that `records` are made of, rests on, as the log had it at `size`. One
 * statement more than the bounds at most.
 */
export const standingEvidence = (
  records: readonly StatementId[],
  statements: readonly StatementId[],
  size: number,
): CompiledQuery<BoundedRow> =>
  sql<BoundedRow>`WITH RECURSIVE
    ${lineageOf(records)},
    records AS (
      SELECT log_index FROM lineage
      UNION SELECT statements.log_index FROM json_each(${JSON.stringify(statements)}) AS named
        CROSS JOIN statements ON statements.id = named.value
    ),
    ${vouchersOf(null)}
    ${boundedBelow(size)}`.compile(db);

/** Entry 0, “records”, their signers' credentials, and the accreditations behind all of them, as “base”. */
const vouchersOf = (service: Did | null) => sql`
    signers AS (SELECT DISTINCT issuer AS did FROM records CROSS JOIN statements USING (log_index)),
    credentials AS (
      SELECT refs.log_index FROM signers CROSS JOIN refs ON refs.relation = 'attests' AND refs.target = did
    ),
    accreditations AS (
      SELECT refs.log_index FROM (
        SELECT issuer AS did FROM credentials CROSS JOIN statements USING (log_index)
        UNION SELECT did FROM signers ${service === null ? sql`` : sql`UNION SELECT ${service}`}
      ) CROSS JOIN refs ON refs.relation = 'accredits' AND refs.target = did
    ),
    base AS (
      SELECT 0 AS log_index UNION SELECT log_index FROM records UNION SELECT log_index FROM credentials
      UNION SELECT log_index FROM accreditations
    )`;

/** How many exclusive grants of rights in a record there are that were not revoked; one more than `most` at most. */
export const countExclusive = (
  records: readonly StatementId[],
  most: number,
): CompiledQuery<{ record: StatementId; count: number }> =>
  sql<{ record: StatementId; count: number }>`SELECT named.value AS record,
      (SELECT count(*) FROM (SELECT 1 FROM grants WHERE grants.record = named.value AND exclusive = 1
        LIMIT ${most + 1})) AS count
    FROM json_each(${JSON.stringify(records)}) AS named`.compile(db);

/** These grants themselves, with every revocation of any. */
export const exclusiveGrants = (records: readonly StatementId[]): CompiledQuery<EvidenceRow> =>
  sql<EvidenceRow>`WITH base AS (
      SELECT grants.log_index FROM json_each(${JSON.stringify(records)}) AS named
      CROSS JOIN grants ON grants.record = named.value AND grants.exclusive = 1
    )
    ${withRevocations('base')}`.compile(db);

/**
 * A page of the human credentials that an issuer signed, one row more than it holds; with the issuer's accreditations
 * and every revocation of any of these.
 */
export const issuedEvidence = (
  issuer: Did,
  { after, limit, subject }: { after: number; limit: number; subject?: Did | undefined },
): CompiledQuery<EvidenceRow> => {
  const attesting =
    subject === undefined
      ? sql`statements`
      : sql`refs CROSS JOIN statements USING (log_index) WHERE relation = 'attests' AND target = ${subject}`;
  return sql<EvidenceRow>`WITH
    page AS (
      SELECT statements.log_index FROM ${attesting} ${subject === undefined ? sql`WHERE` : sql`AND`}
        issuer = ${issuer} AND kind = 'HumanCredential' AND body IS NOT NULL AND statements.log_index >= ${after}
      ORDER BY statements.log_index LIMIT ${limit + 1}
    ),
    base AS (
      SELECT log_index FROM page
      UNION SELECT log_index FROM refs WHERE relation = 'accredits' AND target = ${issuer}
    )
    ${withRevocations('base')} ORDER BY statements.log_index`.compile(db);
};

const withRevocations = (base: string) => sql`
  SELECT statements.log_index, id, kind, logged_at, body FROM statements
  WHERE statements.log_index IN (${revocationsToo(base)})`;

const revocationsToo = (base: string) => sql`
    SELECT log_index FROM ${sql.ref(base)}
    UNION SELECT refs.log_index FROM ${sql.ref(base)} AS touched
      CROSS JOIN statements AS target ON target.log_index = touched.log_index
      CROSS JOIN refs ON refs.relation = 'revokes' AND refs.target = target.id`;

/** A row of what may be more than is read at once. */
interface BoundedRow extends EvidenceRow {
  /** 1 where the bodies up to this one are more than a certificate has room for. */
  isOver: number;
}

/** “base” below `size`, with every revocation of any of it, in log order: one statement more than a certificate has at most. */
const boundedBelow = (size: number) => sql`,
    sized AS (
      SELECT statements.log_index, coalesce(octet_length(body), 0) AS bytes FROM statements
      WHERE statements.log_index IN (${revocationsToo('base')}) AND statements.log_index < ${size}
      ORDER BY statements.log_index LIMIT ${limits.certificateStatements + 1}
    ),
    summed AS (
      SELECT log_index, bytes, sum(bytes) OVER (ORDER BY log_index ROWS UNBOUNDED PRECEDING) AS total FROM sized
    )
  SELECT statements.log_index, id, kind, logged_at, body, total > ${limits.certificateBytes} AS "isOver"
  FROM summed CROSS JOIN statements USING (log_index)
  WHERE total - bytes <= ${limits.certificateBytes}
  ORDER BY statements.log_index`;

/** Whether rows of a bounded query are more than a certificate may carry, so that some may be missing. */
export const isTooMuch = (rows: readonly BoundedRow[]): boolean =>
  rows.length > limits.certificateStatements || rows.at(-1)?.isOver === 1;

/** What such rows are more than. */
export const MOST = `${limits.certificateStatements} statements with ${limits.certificateBytes} bytes`;

/** Documents never change, so a parsed one may be kept; large ones are not, which bounds the cache to a few MiB. */
const documents = new BoundedCache<StatementId, Statement>(1024);
const CACHED_BYTES = 4096;

const parseBody = (id: StatementId, body: string): Statement => {
  const parse = () => JSON.parse(body) as Statement;
  return body.length > CACHED_BYTES ? parse() : documents.get(id, parse);
};

/** Rows as the protocol's functions read them. The bodies were checked before they were logged. */
export const toLogged = (row: EvidenceRow): Logged => ({
  id: row.id,
  kind: row.kind,
  index: row.log_index,
  loggedAt: row.logged_at,
  document: row.body === null ? null : parseBody(row.id, row.body),
});
