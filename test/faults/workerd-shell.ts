import type { D1Database } from '@cloudflare/workers-types';
import * as workers from 'cloudflare:workers';
import type { Bindings } from '../../worker/cloudflare/bindings.ts';
import { createD1 } from '../../worker/cloudflare/d1.ts';
import { createR2Blobs } from '../../worker/cloudflare/r2-blobs.ts';
import type { Shell } from './shell.ts';

/** All of a database's migrations, in their order. */
const textOf = (files: Record<string, string>): string =>
  Object.keys(files)
    .toSorted()
    .map((name) => files[name])
    .join('\n');
const registry = textOf(
  import.meta.glob<string>('../../migrations/registry/*.sql', { query: '?raw', import: 'default', eager: true }),
);
const contentIndex = textOf(
  import.meta.glob<string>('../../migrations/content-index/*.sql', { query: '?raw', import: 'default', eager: true }),
);

/** What wrangler.toml binds. */
export const bindings = (workers as unknown as { env: Bindings }).env;

export const workerdShell: Shell = {
  async open() {
    await reset(bindings.DB, registry);
    await reset(bindings.CONTENT_INDEX, contentIndex);
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
async function reset(d1: D1Database, migration: string): Promise<void> {
  const { results } = await d1
    .prepare(
      `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'
        AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'dataset_text_%' ORDER BY rowid DESC`,
    )
    .all<{ name: string }>();
  const drops = results.map(({ name }) => `DROP TABLE IF EXISTS "${name}"`);
  await d1.batch(
    [...drops, ...migration.split(/;\s*(?=\n\s*(?:--|CREATE)|$)/).filter((text) => text.trim() !== '')].map((text) =>
      d1.prepare(text),
    ),
  );
}
