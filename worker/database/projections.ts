import { sql, type CompiledQuery } from 'kysely';
import { ASSISTANCE_LEVELS } from '../../schemas/dataset-record.ts';
import { limits } from '../../schemas/limits.ts';
import type { StatementKind } from '../../schemas/statement.ts';
import type { Relation } from './tables.ts';
import { db } from './port.ts';

type Compile = (from: number) => CompiledQuery<unknown>[];

/**
 * What each kind projects to, read in SQL from the bodies that the same transaction has just inserted at `from` and
 * after. Nothing here depends on more than the log, so all of it can be rebuilt from it.
 */
const PROJECTIONS: Record<StatementKind, Compile> = {
  Accreditation: (from) => [reference('Accreditation', 'accredits', '$.credentialSubject.id', from)],
  HumanCredential: (from) => [reference('HumanCredential', 'attests', '$.credentialSubject.id', from)],
  ReviewRecord: (from) => [
    reference('ReviewRecord', 'reviews', '$.credentialSubject.id', from),
    blobReference('ReviewRecord', '$.credentialSubject.ratings', from),
    blobReference('ReviewRecord', '$.credentialSubject.rubric.digest', from),
  ],
  RightsGrant: (from) => [reference('RightsGrant', 'grants', '$.credentialSubject.record', from)],
  Revocation: (from) => [
    reference('Revocation', 'revokes', '$.credentialSubject.id', from),
    revocationPlace(from),
    ...erasures(from),
  ],
  DatasetRecord: (from) => [
    reference('DatasetRecord', 'replaces', '$.credentialSubject.replaces', from),
    listReference('part', sql`item.value`, '$.credentialSubject.parts', from),
    listReference('source', sql`item.value ->> '$.id'`, '$.credentialSubject.derivedFrom', from),
    manifestReference(from),
    ...['$.credentialSubject.process.guidelines.digest', '$.credentialSubject.process.rubric.digest'].map((path) =>
      blobReference('DatasetRecord', path, from),
    ),
    dataset(from),
    terms('domain', '$.credentialSubject.domain', from),
    terms('language', '$.credentialSubject.language', from),
    datasetText(from),
  ],
};

/** The projections of the statements logged at `from` and after, for the kinds that are among them. */
export const projectionsOf = (kinds: Iterable<StatementKind>, from: number): CompiledQuery<unknown>[] =>
  [...new Set(kinds)].flatMap((kind) => PROJECTIONS[kind](from));

const reference = (kind: StatementKind, relation: Relation, path: string, from: number): CompiledQuery<unknown> =>
  sql`INSERT INTO refs (relation, target, log_index)
    SELECT ${relation}, body ->> ${path}, log_index FROM statements
    WHERE log_index >= ${from} AND kind = ${kind} AND body ->> ${path} IS NOT NULL`.compile(db);

const listReference = (
  relation: Relation,
  target: ReturnType<typeof sql>,
  path: string,
  from: number,
): CompiledQuery<unknown> =>
  sql`INSERT OR IGNORE INTO refs (relation, target, log_index)
    SELECT ${relation}, ${target}, log_index FROM statements, json_each(body, ${path}) AS item
    WHERE log_index >= ${from} AND kind = 'DatasetRecord' AND ${target} IS NOT NULL`.compile(db);

const revocationPlace = (from: number): CompiledQuery<unknown> =>
  sql`INSERT INTO revocations (target_index, log_index)
    SELECT target.log_index, revocation.log_index FROM statements AS revocation
    JOIN statements AS target ON target.id = revocation.body ->> '$.credentialSubject.id'
    WHERE revocation.log_index >= ${from} AND revocation.kind = 'Revocation'`.compile(db);

const blobReference = (kind: StatementKind, path: string, from: number): CompiledQuery<unknown> =>
  sql`INSERT OR IGNORE INTO blob_refs (digest, log_index, max_bytes)
    SELECT body ->> ${path}, log_index, ${limits.blobBytes} FROM statements
    WHERE log_index >= ${from} AND kind = ${kind} AND body ->> ${path} IS NOT NULL`.compile(db);

const manifestReference = (from: number): CompiledQuery<unknown> =>
  sql`INSERT OR IGNORE INTO blob_refs (digest, log_index, max_bytes)
    SELECT body ->> '$.credentialSubject.content.manifest', log_index, body ->> '$.credentialSubject.content.manifestBytes'
    FROM statements
    WHERE log_index >= ${from} AND kind = 'DatasetRecord'
      AND body ->> '$.credentialSubject.content.visibility' = 'public'`.compile(db);

const dataset = (from: number): CompiledQuery<unknown> =>
  sql`INSERT INTO datasets (log_index, name, version, task_type, license, assistance, manifest)
    SELECT log_index, body ->> '$.credentialSubject.name', body ->> '$.credentialSubject.version',
      body ->> '$.credentialSubject.taskType', body ->> '$.credentialSubject.rights.license',
      max(
        (SELECT key FROM json_each(${JSON.stringify(ASSISTANCE_LEVELS)})
          WHERE value = body ->> '$.credentialSubject.authorship.assistance.level'),
        coalesce((SELECT max(ancestor.assistance) FROM refs
          JOIN statements AS named ON named.id = refs.target
          JOIN datasets AS ancestor ON ancestor.log_index = named.log_index
          WHERE refs.log_index = statements.log_index AND refs.relation IN ('part', 'source')), 0)
      ),
      CASE WHEN body ->> '$.credentialSubject.content.visibility' = 'public'
        THEN body ->> '$.credentialSubject.content.manifest' END
    FROM statements WHERE log_index >= ${from} AND kind = 'DatasetRecord'`.compile(db);

const terms = (facet: string, path: string, from: number): CompiledQuery<unknown> =>
  sql`INSERT INTO dataset_terms (facet, term, log_index)
    SELECT ${facet}, item.value, log_index FROM statements, json_each(body, ${path}) AS item
    WHERE log_index >= ${from} AND kind = 'DatasetRecord'`.compile(db);

const datasetText = (from: number): CompiledQuery<unknown> =>
  sql`INSERT INTO dataset_text (rowid, name, description, keywords)
    SELECT log_index, body ->> '$.credentialSubject.name', body ->> '$.credentialSubject.description',
      (SELECT group_concat(value, ' ') FROM json_each(body, '$.credentialSubject.keywords'))
    FROM statements WHERE log_index >= ${from} AND kind = 'DatasetRecord'`.compile(db);

/** Takes the bodies that a new revocation erases, and what search would still show of them. */
function erasures(from: number): CompiledQuery<unknown>[] {
  const erased = sql`(SELECT target.log_index FROM statements AS revocation
    JOIN statements AS target ON target.id = revocation.body ->> '$.credentialSubject.id'
    WHERE revocation.log_index >= ${from} AND revocation.kind = 'Revocation'
      AND revocation.body ->> '$.credentialSubject.erase' = 1)`;
  return [
    sql`DELETE FROM dataset_text WHERE rowid IN ${erased}`,
    sql`DELETE FROM dataset_terms WHERE log_index IN ${erased}`,
    sql`DELETE FROM datasets WHERE log_index IN ${erased}`,
    sql`UPDATE statements SET body = NULL WHERE log_index IN ${erased}`,
  ].map((query) => query.compile(db));
}
