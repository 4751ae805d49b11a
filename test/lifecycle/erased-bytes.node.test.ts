import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { SqliteDatabase } from '../../worker/node/sqlite.ts';
import { cast, log, submit } from '../contract/client.ts';
import { openRegistry } from '../contract/harness.ts';
import { nodePlatform } from '../support/registry-node.ts';
import { drafts, signed } from '../support/statements.ts';

/** The files that hold any of these bytes. */
async function holding(folder: string, marker: string): Promise<string[]> {
  const files = (await readdir(folder)).filter((file) => file.startsWith('registry.sqlite'));
  const contents = await Promise.all(files.map(async (file) => [file, await readFile(join(folder, file))] as const));
  return contents.filter(([, bytes]) => bytes.includes(marker)).map(([file]) => file);
}

test('nothing of an erased body is left in the files of the database', async () => {
  const platform = await nodePlatform();
  const database = platform.database as SqliteDatabase;
  const registry = await openRegistry(platform);
  const { alice } = await cast(registry, 'erased bytes');
  // One word for the index, one for the body, and a body of many pages.
  const [word, phrase] = ['Xylophonist', 'unmistakable words of hers'];
  const description = `${phrase} `.repeat(70).trim();
  const derivedFrom = Array.from({ length: 10 }, (_, i) => ({
    url: `https://example.com/${phrase.replaceAll(' ', '-')}/${i}/${'a'.repeat(1800)}`,
    license: 'MIT',
    relation: 'filtered' as const,
  }));
  const more = { description, keywords: [word], domain: [word.toLowerCase()], derivedFrom };
  const record = await log(registry, await signed(drafts.record(alice.did, 'hers', more), alice));
  for (let i = 0; i < 40; i++)
    await submit(registry, await signed(drafts.record(alice.did, `other ${i}`, { keywords: [`Other ${i}`] }), alice));
  const markers = [word, word.toLowerCase(), phrase, phrase.replaceAll(' ', '-')];
  database.checkpoint();
  for (const marker of markers) expect(await holding(platform.folder, marker), marker).toEqual(['registry.sqlite']);

  await log(registry, await signed(drafts.revocation(record.id, { erase: true }), alice));
  database.checkpoint();
  for (const marker of markers) expect(await holding(platform.folder, marker), marker).toEqual([]);
  expect(await holding(platform.folder, record.id), 'its entry stays').toEqual(['registry.sqlite']);
  await registry.close();
});
