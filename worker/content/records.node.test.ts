import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sql, type CompiledQuery } from 'kysely';
import { expect, test } from 'vitest';
import { Did } from '../../schemas/primitives.ts';
import { DatasetRecordSubject } from '../../schemas/dataset-record.ts';
import { contentKey } from '../../protocol/manifest.ts';
import { CountingDatabase } from '../../test/support/counting-database.ts';
import { rowsRecord, someRows } from '../../test/support/rows.ts';
import { db, type Database } from '../database/port.ts';
import { openSqlite } from '../node/sqlite.ts';
import { recordsOver } from './records.ts';

const migrations = fileURLToPath(new URL('../../migrations/registry', import.meta.url));
const alice = Did.parse('did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK');
const { draft } = rowsRecord(alice, { 'a.jsonl': someRows('named', 3) });
const content = DatasetRecordSubject.shape.content.unwrap().parse(draft.subject.content);
const { rows: _, ...withoutRows } = content;

const run = (database: Database, ...queries: ReturnType<typeof sql>[]): Promise<void> =>
  database.batch(queries.map((query) => query.compile(db)));
const statement = (index: number, said: object) =>
  sql`INSERT INTO statements (log_index, id, kind, issuer, logged_at, body)
    VALUES (${index}, ${`sha256:${String(index).padStart(64, '0')}`}, 'DatasetRecord', ${alice}, 0,
      ${JSON.stringify({ credentialSubject: { content: said } })})`;

test('records that falsely name a manifest are not gone through', async () => {
  const sqlite = openSqlite(':memory:', migrations);
  const name = (index: number, said: typeof withoutRows) =>
    run(
      sqlite,
      statement(index, said),
      sql`INSERT INTO blob_refs (digest, max_bytes, content, log_index)
        VALUES (${said.manifest}, ${said.manifestBytes}, ${contentKey(said)}, ${index})`,
    );
  for (let index = 0; index < 10; index++) await name(index, { ...content, bytes: index + 1_000_000 });
  await name(10, content);
  await name(11, withoutRows);
  await name(12, content);

  const database = new CountingDatabase(sqlite);
  expect((await recordsOver(database, [content], 1)).get(content.manifest)).toMatchObject([{ index: 10 }]);
  expect((await recordsOver(database, [content], 9)).get(content.manifest)).toMatchObject([
    { index: 10 },
    { index: 12 },
  ]);
  expect((await recordsOver(database, [withoutRows], 9)).get(content.manifest)).toMatchObject([{ index: 11 }]);
  const [query] = database.seen.values();
  const plan = await sqlite.all({ ...query, sql: `EXPLAIN QUERY PLAN ${query?.sql}` } as CompiledQuery<{
    detail: string;
  }>);
  expect(plan.map(({ detail }) => detail)).toContain(
    'SEARCH blob_refs USING PRIMARY KEY (digest=? AND max_bytes=? AND content=?)',
  );
  sqlite.close();
});

test('what records of before said of their manifests is found, and their other blobs are as they were', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'migrations-'));
  cpSync(migrations, folder, { recursive: true, filter: (file) => !file.includes('0008_') });
  const file = join(folder, 'registry.sqlite');
  const before = openSqlite(file, folder);
  for (const [index, said] of [content, { ...content, files: 7 }, withoutRows].entries()) {
    await run(
      before,
      statement(index, said),
      sql`INSERT INTO datasets (log_index, name, version, task_type, license, assistance, manifest)
        VALUES (${index}, 'n', '1', 'evaluation', 'MIT', 0, ${said.manifest})`,
      sql`INSERT INTO blob_refs (digest, log_index, max_bytes) VALUES
        (${said.manifest}, ${index}, ${said.manifestBytes}), (${content.root}, ${index}, 4096)`,
    );
  }
  before.close();

  const database = openSqlite(file, migrations);
  expect((await recordsOver(database, [content], 9)).get(content.manifest)).toMatchObject([{ index: 0 }]);
  expect((await recordsOver(database, [withoutRows], 9)).get(content.manifest)).toMatchObject([{ index: 2 }]);
  const others = sql`SELECT max_bytes, content, log_index FROM blob_refs WHERE digest = ${content.root}`;
  expect(await database.all(others.compile(db))).toEqual(
    [0, 1, 2].map((index) => ({ max_bytes: 4096, content: '', log_index: index })),
  );
  database.close();
  rmSync(folder, { recursive: true });
});
