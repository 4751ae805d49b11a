import { env } from 'cloudflare:workers';
import type { Bindings } from '../../worker/cloudflare/bindings.ts';
import { createD1 } from '../../worker/cloudflare/d1.ts';
import { createR2Blobs } from '../../worker/cloudflare/r2-blobs.ts';
import { remake } from '../support/remake-d1.ts';
import type { Shell } from './shell.ts';

/** What wrangler.toml binds. */
export const bindings: Bindings = env;
const migrations = env.MIGRATIONS;

export const workerdShell: Shell = {
  async open() {
    await remake(bindings.DB, migrations.registry);
    await remake(bindings.CONTENT_INDEX, migrations.contentIndex);
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
