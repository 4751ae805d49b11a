import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createFileBlobs } from '../../worker/node/file-blobs.ts';
import { loadKeyFile } from '../../worker/node/key-file.ts';
import { openSqlite } from '../../worker/node/sqlite.ts';
import { startRegistry } from '../../worker/node/start.ts';
import type { Endpoint, Platform } from '../contract/harness.ts';

const pathOf = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

export const temporaryFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'firsthand-contract-'));

/** Real better-sqlite3 and files, in a folder that goes when the platform is closed. */
export async function nodePlatform(): Promise<Platform & { folder: string }> {
  const folder = await temporaryFolder();
  const database = openSqlite(join(folder, 'registry.sqlite'), pathOf('migrations/registry'));
  const content = openSqlite(join(folder, 'content-index.sqlite'), pathOf('migrations/content-index'));
  return {
    folder,
    database,
    content,
    blobs: createFileBlobs(join(folder, 'blobs')),
    assets: async (file) => new Response(await readFile(pathOf(`node_modules/swagger-ui-dist/${file}`))),
    async close() {
      database.close();
      content.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** The Node shell as `firsthand serve` starts it, over HTTP. */
export async function startedNode(): Promise<Endpoint & { url: string }> {
  const dataDir = await temporaryFolder();
  const running = await startRegistry({ dataDir, host: '127.0.0.1', port: 0, log: () => {} });
  return {
    url: running.url,
    fetch: (path, init) => fetch(`${running.url}${path}`, init),
    operator: await loadKeyFile(running.operatorKeyFile, 'operator', true),
    async close() {
      await running.close();
      await rm(dataDir, { recursive: true });
    },
  };
}
