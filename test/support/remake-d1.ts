import type { D1Database } from '@cloudflare/workers-types';
import type { D1Migration } from 'cloudflare:test';

/** Empties a database by dropping its tables, which append-only triggers do not see, and makes them anew. */
export async function remake(d1: D1Database, migrations: readonly D1Migration[]): Promise<void> {
  const { results } = await d1
    .prepare(
      `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'
        AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'dataset_text_%' ORDER BY rowid DESC`,
    )
    .all<{ name: string }>();
  const drops = results.map(({ name }) => `DROP TABLE IF EXISTS "${name}"`);
  await d1.batch([...drops, ...migrations.flatMap(({ queries }) => queries)].map((text) => d1.prepare(text)));
}
