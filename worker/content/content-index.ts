import { sql } from 'kysely';
import type { Digest } from '../../schemas/primitives.ts';
import type { ContentSummary } from '../../protocol/manifest.ts';
import { db, type Database } from '../database/port.ts';
import type { ContentIndex } from '../deps.ts';

/** Digests in one bound parameter: 64 hex digits each, well under D1's 2 MB. */
const CHUNK = 20_000;

/** The content index in a database of its own: it can be lost and rebuilt, so it never slows a commit. */
export const createContentIndex = (database: Database): ContentIndex => ({
  async add(manifest, content) {
    const files = [...new Set(content?.files.map((file) => file.sha256))];
    for (let at = 0; at < files.length || at === 0; at += CHUNK) {
      const chunk = JSON.stringify(files.slice(at, at + CHUNK));
      const insert = sql`INSERT OR IGNORE INTO content (digest, manifest)
        SELECT unhex(value), unhex(${hexOf(manifest)}) FROM json_each(${chunk})`;
      // With the last part, in one transaction: a crash before it leaves nothing that is found, and `has` answers no.
      const complete = sql`INSERT OR IGNORE INTO manifests (digest, summary)
        VALUES (unhex(${hexOf(manifest)}), ${content === null ? null : JSON.stringify(content.summary)})`;
      const isLast = at + CHUNK >= files.length;
      await database.batch((isLast ? [insert, complete] : [insert]).map((query) => query.compile(db)));
    }
  },

  async remove(manifest, files) {
    // What it lists goes last: until then a crash leaves nothing that is found, and the next run begins anew.
    const gone = [sql`DELETE FROM manifests WHERE digest = unhex(${hexOf(manifest)})`];
    for (let at = 0; at < files.length; at += CHUNK) {
      const chunk = JSON.stringify(files.slice(at, at + CHUNK));
      gone.push(sql`DELETE FROM content WHERE (digest, manifest) IN
        (SELECT unhex(value), unhex(${hexOf(manifest)}) FROM json_each(${chunk}))`);
    }
    for (const query of gone) await database.batch([query.compile(db)]);
  },

  async has(manifest) {
    const rows = await database.all(sql`SELECT 1 FROM manifests WHERE digest = unhex(${hexOf(manifest)})`.compile(db));
    return rows.length > 0;
  },

  async find(files, each) {
    const rows = await database.all(
      sql<{ file: string; summary: string }>`SELECT wanted.value AS file, summary
        FROM json_each(${JSON.stringify(files)}) AS wanted
        CROSS JOIN manifests ON manifests.digest IN
          (SELECT manifest FROM content WHERE content.digest = unhex(wanted.value) LIMIT ${each})
        WHERE summary IS NOT NULL`.compile(db),
    );
    const summaries = new Map<string, ContentSummary>();
    return rows.map(({ file, summary }) => {
      const manifest = summaries.get(summary) ?? (JSON.parse(summary) as ContentSummary);
      summaries.set(summary, manifest);
      return { file, manifest };
    });
  },
});

const hexOf = (digest: Digest): string => digest.slice('sha256:'.length);
