import { sql, type CompiledQuery, type RawBuilder } from 'kysely';
import type { Did, StatementId } from '../../schemas/primitives.ts';
import type { StatementKind } from '../../schemas/statement.ts';
import { db } from './port.ts';
import type { Relation, StatementRow } from './tables.ts';

// Joins are made in the order written, as in evidence.ts: from what is touched to what names it.

/** A statement that may be withdrawn, with what its place among others depends on. */
export type TargetRow = Pick<StatementRow, 'log_index' | 'id' | 'kind' | 'issuer'> & {
  erased: number;
  /** Of an accreditation, whom it is about; of a grant or a review, the record. */
  about: string | null;
  /** Nothing before this place is touched: of a grant or a review the record's, else its own. */
  root: number;
};

export const targetOf = (id: StatementId): CompiledQuery<TargetRow> =>
  sql<TargetRow>`SELECT log_index, id, kind, issuer, erased, about,
      coalesce((SELECT record.log_index FROM statements AS record
        WHERE record.id = about AND target.kind IN ('RightsGrant', 'ReviewRecord')), log_index) AS root
    FROM (SELECT log_index, id, kind, issuer, body IS NULL AS erased,
        coalesce(body ->> '$.credentialSubject.record', body ->> '$.credentialSubject.id') AS about
      FROM statements WHERE id = ${id}) AS target`.compile(db);

/** A statement that may be touched, and the first touched one that it names, or that vouches for its signer. */
export type TouchedRow = Pick<StatementRow, 'log_index' | 'id' | 'kind' | 'logged_at'> & {
  name: string | null;
  revoked: number;
  relation: Extract<Relation, 'part' | 'source' | 'grants' | 'reviews'> | null;
  named: StatementId | null;
  credential: StatementId | null;
};

/** One row, without a statement, where there are none: how many were gone through is told in any case. */
export type WalkRow = { visited: number } & (TouchedRow | { log_index: null });

/** What a walk begins at, and along which references it goes on. */
interface Walk {
  seeds: readonly { kind: StatementKind; by: Did; from: number }[];
  statements: readonly StatementId[];
  along: readonly Relation[];
}

const NAMES = ['part', 'source', 'grants', 'reviews'] as const satisfies readonly Relation[];

/** Where the withdrawal of each kind of statement may be felt. */
function walkFrom({ log_index, id, kind, about }: TargetRow): Walk {
  const from = { statements: [id], seeds: [], along: NAMES };
  if (kind === 'Accreditation') {
    const by = about as Did;
    // What was attested under an earlier accreditation may rest on this one later.
    const seeds = [
      { kind: 'HumanCredential' as const, by, from: -1 },
      { kind: 'DatasetRecord' as const, by, from: log_index },
    ];
    return { ...from, seeds };
  }
  if (kind === 'RightsGrant') return { ...from, statements: [id, about as StatementId], along: ['part', 'source'] };
  return kind === 'ReviewRecord' ? { ...from, statements: [id, about as StatementId], along: [] } : from;
}

/** Credentials that fall with the statement, a condition on `credential`; null where none may. */
function falling({ kind, id, about }: TargetRow): RawBuilder<unknown> | null {
  if (kind === 'HumanCredential') return sql`credential.id = ${id}`;
  return kind === 'Accreditation' ? sql`credential.issuer = ${about} AND credential.kind = 'HumanCredential'` : null;
}

/**
 * Of each key whose credentials fall, the first that does: what the key signed after that may be touched. Key by key, as
 * each of a key's many records with each of its many credentials is more than anybody can go through.
 */
const firstOf = (held: RawBuilder<unknown> | null) => sql`firsts (did, log_index) AS MATERIALIZED (
      ${held === null ? sql`SELECT NULL, NULL WHERE FALSE` : sql`SELECT held.target, min(held.log_index) ${held} GROUP BY held.target`}
    )`;

/** What such a key signed since: conditions on `own`. */
const signedBy = (target: TargetRow) =>
  sql`own.issuer = firsts.did AND own.kind IN ('DatasetRecord', 'ReviewRecord')
          AND own.log_index > max(firsts.log_index, ${target.log_index})`;

/** Which statements of the log are asked about, and how many may be gone through for it. */
interface Reach {
  after: number;
  below: number;
  limit: number;
  most: number;
}

/**
 * The statements of `[after, below)` that the withdrawal of one may touch, in log order: `limit` at most. Walks from the
 * statement to what names it, and so to all that comes before: `most` statements. Nothing is named before it is logged, so
 * whatever lies beyond `below` is not gone to; what was erased names nothing any more.
 */
export function touchedBetween(target: TargetRow, reach: Reach): CompiledQuery<WalkRow> {
  const { seeds, statements, along } = walkFrom(target);
  const { below, most } = reach;
  const fallen = falling(target);
  const held =
    fallen === null
      ? null
      : sql`FROM (SELECT log_index FROM statements AS credential WHERE ${fallen} AND log_index < ${below} LIMIT ${most + 1})
        CROSS JOIN refs AS held USING (log_index) WHERE held.relation = 'attests'`;
  const touched = sql`${firstOf(held)},
    touched (log_index) AS MATERIALIZED (
      SELECT statements.log_index FROM json_each(${JSON.stringify(statements)}) AS named
        CROSS JOIN statements ON statements.id = named.value AND statements.log_index < ${below}
      UNION
      SELECT statements.log_index FROM json_each(${JSON.stringify(seeds)}) AS seed
        CROSS JOIN statements ON issuer = seed.value ->> '$.by' AND kind = seed.value ->> '$.kind'
          AND statements.log_index > seed.value ->> '$.from' AND statements.log_index < ${below}
      UNION
      SELECT * FROM (
        SELECT own.log_index FROM firsts CROSS JOIN statements AS own ON ${signedBy(target)} AND own.log_index < ${below}
        LIMIT ${most + 1}
      )
      UNION
      SELECT refs.log_index FROM touched
        CROSS JOIN statements AS named ON named.log_index = touched.log_index AND named.body IS NOT NULL
        CROSS JOIN refs ON refs.relation IN (${listOf(along)}) AND refs.target = named.id AND refs.log_index < ${below}
      LIMIT ${most + 1}
    )`;
  return pageOf(touched, 'touched', along, reach);
}

/**
 * The same, where too much comes before: walks from all that is logged in `[after, below)` up to what it names and who
 * vouches for it, no further back than the statement, and from there down again. Costs what the window holds.
 */
export function touchedWithin(target: TargetRow, reach: Reach): CompiledQuery<WalkRow> {
  const { seeds, statements, along } = walkFrom(target);
  const { after, below, most } = reach;
  const fallen = falling(target);
  const named = sql`CROSS JOIN refs ON refs.log_index = up.log_index AND refs.relation IN (${listOf(along)})
        CROSS JOIN statements AS parent ON parent.id = refs.target AND parent.log_index >= ${target.root}`;
  const held =
    fallen === null
      ? null
      : sql`FROM (SELECT DISTINCT issuer AS did FROM up CROSS JOIN statements USING (log_index)) AS signer
        CROSS JOIN refs AS held ON held.relation = 'attests' AND held.target = signer.did
        CROSS JOIN statements AS credential ON credential.log_index = held.log_index AND ${fallen}`;
  const window =
    fallen === null
      ? sql`SELECT log_index FROM refs WHERE log_index >= ${after} AND log_index < ${below}
        AND +relation IN (${listOf(along)})`
      : sql`SELECT log_index FROM statements WHERE log_index >= ${after} AND log_index < ${below}`;
  const touched = sql`up (log_index) AS MATERIALIZED (
      ${window}
      UNION SELECT parent.log_index FROM up ${named}
      LIMIT ${most + 1}
    ),
    ${firstOf(held)},
    ways (child, parent) AS MATERIALIZED (
      SELECT up.log_index, parent.log_index FROM up ${named}
    ),
    touched (log_index) AS MATERIALIZED (
      SELECT statements.log_index FROM json_each(${JSON.stringify(statements)}) AS named
        CROSS JOIN statements ON statements.id = named.value
      UNION
      SELECT up.log_index FROM up CROSS JOIN statements USING (log_index)
        CROSS JOIN json_each(${JSON.stringify(seeds)}) AS seed ON issuer = seed.value ->> '$.by'
          AND kind = seed.value ->> '$.kind' AND up.log_index > seed.value ->> '$.from'
      UNION
      SELECT own.log_index FROM up CROSS JOIN statements AS own USING (log_index) CROSS JOIN firsts ON ${signedBy(target)}
      UNION
      SELECT ways.child FROM touched
        CROSS JOIN statements AS named ON named.log_index = touched.log_index AND named.body IS NOT NULL
        CROSS JOIN ways ON ways.parent = touched.log_index
    )`;
  return pageOf(touched, 'up', along, reach);
}

const listOf = (relations: readonly Relation[]) => sql.join(relations.map((relation) => sql.lit(relation)));

/** A page of what is touched, with what leads to each; `walked` is what was gone through. */
function pageOf(
  touched: RawBuilder<unknown>,
  walked: string,
  along: readonly Relation[],
  { after, below, limit }: Reach,
): CompiledQuery<WalkRow> {
  const relations = listOf(along);
  return sql<WalkRow>`WITH RECURSIVE
    ${touched},
    page AS (
      SELECT log_index FROM touched CROSS JOIN statements USING (log_index)
      WHERE log_index >= ${after} AND log_index < ${below} AND body IS NOT NULL ORDER BY log_index LIMIT ${limit}
    ),
    -- Of each on the page, the first that leads to it: SQLite takes the other columns from the row with the least.
    named AS (
      SELECT page.log_index, min(parent.log_index), refs.relation, parent.id FROM page
        CROSS JOIN refs ON refs.log_index = page.log_index AND refs.relation IN (${relations})
        CROSS JOIN statements AS parent ON parent.id = refs.target
      -- With the sign it is looked up, once a row, and not gone through.
      WHERE +parent.log_index IN (SELECT log_index FROM touched) GROUP BY page.log_index
    ),
    vouching AS (
      SELECT page.log_index, held.id FROM page
        CROSS JOIN statements AS own ON own.log_index = page.log_index
        CROSS JOIN firsts ON firsts.did = own.issuer AND firsts.log_index < page.log_index
        CROSS JOIN statements AS held ON held.log_index = firsts.log_index
    ),
    listed AS (
      SELECT log_index, statements.id, kind, logged_at, relation, named.id AS named, vouching.id AS credential,
        (SELECT name FROM datasets WHERE datasets.log_index = page.log_index) AS name,
        EXISTS (SELECT 1 FROM revocations WHERE target_index = page.log_index) AS revoked
      FROM page CROSS JOIN statements USING (log_index)
        LEFT JOIN named USING (log_index) LEFT JOIN vouching USING (log_index)
    )
    SELECT visited, log_index, id, kind, logged_at, name, revoked, relation, named, credential
    FROM (SELECT count(*) AS visited FROM ${sql.ref(walked)}) LEFT JOIN listed ORDER BY log_index`.compile(db);
}
