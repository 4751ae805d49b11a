import type { D1Database } from '@cloudflare/workers-types';
import type { D1Migration } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import type { Bindings } from '../../worker/cloudflare/bindings.ts';
import { createD1 } from '../../worker/cloudflare/d1.ts';
import { createR2Blobs } from '../../worker/cloudflare/r2-blobs.ts';
import type { Shell } from './shell.ts';

/** What wrangler.toml binds. */
export const bindings: Bindings = env;
const migrations = env.MIGRATIONS;

export const workerdShell: Shell = {
  async open() {
    await reset(bindings.DB, migrations.registry);
    await reset(bindings.CONTENT_INDEX, migrations.contentIndex);
    for (const { key } of (await bindings.BLOBS.list()).objects) await bindings.BLOBS.delete(key);
    return {
      database: createD1(bindings.DB),
      connect: () => createD1(bindings.DB),
      content: createD1(bindings.CONTENT_INDEX),
      blobs: createR2Blobs(bindings.BLOBS),
      close: async () => {},
    };
  },
};

/** Empties a database by dropping its tables, which append-only triggers do not see, and makes them anew. */
async function reset(d1: D1Database, migrations: readonly D1Migration[]): Promise<void> {
  const { results } = await d1
    .prepare(
      `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'
        AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'dataset_text_%' ORDER BY rowid DESC`,
    )
    .all<{ name: string }>();
  const drops = results.map(({ name }) => `DROP TABLE IF EXISTS "${name}"`);
  await d1.batch([...drops, ...migrations.flatMap(({ queries }) => queries)].map((text) => d1.prepare(text)));
}
