import { sql, type CompiledQuery, type RawBuilder } from 'kysely';
import { ASSISTANCE_LEVELS } from '../../schemas/dataset-record.ts';
import { limits } from '../../schemas/limits.ts';
import type { StatementId } from '../../schemas/primitives.ts';
import { isKind, type Statement } from '../../schemas/statement.ts';
import { CONTENT_KEY_FIELDS, contentKey } from '../../protocol/manifest.ts';
import type { Listed } from '../rights/listing.ts';
import { enterListed, revokePermitted } from './permitted.ts';
import { db, type Write } from './port.ts';
import type { Relation } from './tables.ts';

/** A statement that the same transaction inserts at `index`. */
export interface Inserted {
  id: StatementId;
  index: number;
  document: Statement;
}

/**
 * What the statements of a commit project to; of its records, `listed` says how each is listed. Everything here follows
 * from the log alone, in its order, so all of it can be made again.
 */
export function projectionsOf(inserted: readonly Inserted[], listed: ReadonlyMap<number, Listed>): Write[] {
  const records = inserted.filter((each): each is RecordInserted => isKind(each.document, 'DatasetRecord'));
  const revocations = inserted.filter(({ document }) => isKind(document, 'Revocation'));
  const grants = inserted.flatMap(({ index, document }) =>
    isKind(document, 'RightsGrant') ? [grantRow(index, document)] : [],
  );
  const composed = records.filter(
    ({ document: { credentialSubject } }) => 'parts' in credentialSubject || 'derivedFrom' in credentialSubject,
  );
  return [
    {
      sql: 'INSERT OR IGNORE INTO refs (relation, target, log_index) VALUES (?, ?, ?)',
      rows: inserted.flatMap(({ index, document }) =>
        referencesOf(document).map(([relation, target]) => [relation, target, index]),
      ),
    },
    {
      sql: 'INSERT OR IGNORE INTO blob_refs (digest, max_bytes, content, log_index) VALUES (?, ?, ?, ?)',
      rows: inserted.flatMap(({ index, document }) => blobsOf(document).map((blob) => [...blob, index])),
    },
    {
      sql: `INSERT INTO datasets (log_index, name, version, task_type, license, manifest, assistance)
        VALUES (?, ?, ?, ?, ?, ?, ?)`,
      rows: records.map(datasetRow),
    },
    { sql: 'INSERT INTO dataset_terms (facet, term, log_index) VALUES (?, ?, ?)', rows: records.flatMap(termRows) },
    {
      sql: 'INSERT INTO dataset_text (rowid, name, description, keywords) VALUES (?, ?, ?, ?)',
      rows: records.map(textRow),
    },
    { sql: 'INSERT INTO grants (record, licensee, log_index, exclusive) VALUES (?, ?, ?, ?)', rows: grants },
    ...(composed.length === 0 ? [] : [inheritAssistance(composed.map(({ index }) => index))]),
    ...enterListed(listed),
    ...(revocations.length === 0 ? [] : revocationQueries(revocations[0]?.index ?? 0)),
  ];
}

type RecordInserted = Inserted & { document: Statement<'DatasetRecord'> };

function referencesOf(document: Statement): [Relation, string][] {
  if (isKind(document, 'Accreditation')) return [['accredits', document.credentialSubject.id]];
  if (isKind(document, 'HumanCredential')) return [['attests', document.credentialSubject.id]];
  if (isKind(document, 'ReviewRecord')) return [['reviews', document.credentialSubject.id]];
  if (isKind(document, 'RightsGrant')) return [['grants', document.credentialSubject.record]];
  if (isKind(document, 'Revocation')) return [['revokes', document.credentialSubject.id]];
  const { replaces, parts = [], derivedFrom = [] } = document.credentialSubject;
  return [
    ...(replaces === undefined ? [] : [['replaces', replaces] as [Relation, string]]),
    ...parts.map((id): [Relation, string] => ['part', id]),
    ...derivedFrom.flatMap((source): [Relation, string][] => ('id' in source ? [['source', source.id]] : [])),
  ];
}

/** Where {@link blobsOf} finds a digest; the first is a manifest's. */
const BLOB_PATHS = [
  'content.manifest',
  'process.guidelines.digest',
  'process.rubric.digest',
  'rubric.digest',
  'ratings',
].map((path) => `$.credentialSubject.${path}`);

/** The blobs that a statement names, how large each may be, and what is said of a manifest. */
function blobsOf(document: Statement): [digest: string, bytes: number, content: string][] {
  if (isKind(document, 'ReviewRecord')) {
    const { ratings, rubric } = document.credentialSubject;
    return [rubric.digest, ...(ratings === undefined ? [] : [ratings])].map((digest) => [digest, limits.blobBytes, '']);
  }
  if (!isKind(document, 'DatasetRecord')) return [];
  const { content, process } = document.credentialSubject;
  const documents = [process?.guidelines, process?.rubric].flatMap((each) => (each === undefined ? [] : [each.digest]));
  return [
    ...(content?.visibility === 'public'
      ? [[content.manifest, content.manifestBytes, contentKey(content)] as [string, number, string]]
      : []),
    ...documents.map((digest): [string, number, string] => [digest, limits.blobBytes, '']),
  ];
}

function datasetRow({ index, document }: RecordInserted) {
  const { name, version, taskType, rights, content, authorship } = document.credentialSubject;
  const manifest = content?.visibility === 'public' ? content.manifest : null;
  const assistance = ASSISTANCE_LEVELS.indexOf(authorship.assistance.level);
  return [index, name, version, taskType, rights.license, manifest, assistance];
}

/** A record's effective assistance is the worst of its own and its ancestors', which were logged before this commit. */
const inheritAssistance = (indices: readonly number[]): CompiledQuery =>
  sql`UPDATE datasets SET assistance = max(assistance, coalesce((SELECT max(ancestor.assistance) FROM refs
      CROSS JOIN statements AS named ON named.id = refs.target
      CROSS JOIN datasets AS ancestor ON ancestor.log_index = named.log_index
      WHERE refs.log_index = datasets.log_index AND refs.relation IN ('part', 'source')), 0))
    WHERE log_index IN (SELECT value FROM json_each(${JSON.stringify(indices)}))`.compile(db);

function grantRow(index: number, { credentialSubject: { id, record, rules } }: Statement<'RightsGrant'>) {
  return [record, id, index, rules.some(({ exclusive }) => exclusive === true) ? 1 : 0];
}

function termRows({ index, document }: RecordInserted) {
  const { domain = [], language = [] } = document.credentialSubject;
  return [...domain.map((term) => ['domain', term, index]), ...language.map((term) => ['language', term, index])];
}

function textRow({ index, document }: RecordInserted) {
  const { name, description = '', keywords = [] } = document.credentialSubject;
  return [index, name, description, keywords.join(' ')];
}

/** Places the revocations logged at `from` and after, and takes the bodies that they erase out of everything. */
function revocationQueries(from: number): CompiledQuery[] {
  const target = sql`FROM statements AS revocation
    CROSS JOIN statements AS target ON target.id = revocation.body ->> '$.credentialSubject.id'
    WHERE revocation.log_index >= ${from} AND revocation.kind = 'Revocation'`;
  const erased = sql`(SELECT target.log_index ${target} AND revocation.body ->> '$.credentialSubject.erase' = 1)`;
  // Read from the bodies while they are there, as below: blob_refs is not indexed by place.
  const said = (field: string) => sql`body ->> ${sql.lit(`$.credentialSubject.content.${field}`)}`;
  const content = sql.join(
    CONTENT_KEY_FIELDS.map((field) => sql`coalesce(${said(field)}, '')`),
    sql` || ' ' || `,
  );
  const ofManifest = (its: RawBuilder<unknown>, others: unknown) => sql`iif(path.key = 0, ${its}, ${others})`;
  const named = sql`(SELECT body ->> path.value, ${ofManifest(said('manifestBytes'), limits.blobBytes)},
      ${ofManifest(content, '')}, log_index FROM statements
    CROSS JOIN json_each(${JSON.stringify(BLOB_PATHS)}) AS path WHERE log_index IN ${erased})`;
  return [
    sql`INSERT INTO revocations (target_index, log_index) SELECT target.log_index, revocation.log_index ${target}`,
    ...revokePermitted(from),
    // Nobody is held against what was revoked, so that it is not read again.
    sql`UPDATE grants SET exclusive = 0 WHERE exclusive = 1 AND log_index IN (SELECT target.log_index ${target})`,
    sql`DELETE FROM dataset_text WHERE rowid IN ${erased}`,
    sql`INSERT OR IGNORE INTO erased_blobs
      SELECT digest FROM blob_refs WHERE (digest, max_bytes, content, log_index) IN ${named}`,
    sql`DELETE FROM blob_refs WHERE (digest, max_bytes, content, log_index) IN ${named}`,
    sql`DELETE FROM dataset_terms WHERE (facet, term, log_index) IN (
      SELECT facet.value, term.value, log_index FROM statements
      CROSS JOIN json_each('["domain","language"]') AS facet
      CROSS JOIN json_each(body, '$.credentialSubject.' || facet.value) AS term
      WHERE log_index IN ${erased})`,
    sql`DELETE FROM datasets WHERE log_index IN ${erased}`,
    // Whose a credential was is no other statement's matter.
    sql`DELETE FROM refs WHERE log_index IN ${erased} AND relation = 'attests'`,
    sql`DELETE FROM grants WHERE log_index IN ${erased}`,
    sql`UPDATE statements SET body = NULL WHERE log_index IN ${erased}`,
  ].map((query) => query.compile(db));
}
