import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { Digest, Did } from '../../schemas/primitives.ts';
import { digestOf } from '../../protocol/digest.ts';
import { readContent } from '../../protocol/manifest.ts';
import { createContentIndex } from '../../worker/content/content-index.ts';
import { fillStep, isPending } from '../../worker/content/fill.ts';
import type { Blobs } from '../../worker/deps.ts';
import { openSqlite } from '../../worker/node/sqlite.ts';
import { CountingDatabase } from '../support/counting-database.ts';
import { digestOfRow, rowsRecord, someRows } from '../support/rows.ts';

/** Segments held in memory. */
function blobsOf(lists: readonly Uint8Array[]): Pick<Blobs, 'get' | 'size' | 'delete'> {
  const held = new Map(lists.map((list) => [digestOf(list), list]));
  return {
    size: async (digest) => held.get(digest)?.length ?? null,
    async get(digest, range) {
      const list = held.get(digest);
      if (list === undefined) return null;
      const { offset, length } = range ?? { offset: 0, length: list.length };
      return { size: list.length, body: new Blob([list.slice(offset, offset + length)]).stream() };
    },
    async delete(digest) {
      held.delete(digest);
    },
  };
}

test('no query of the content index reads more of it than it is asked about, or than is pending', async () => {
  const sqlite = openSqlite(':memory:', fileURLToPath(new URL('../../migrations/content-index', import.meta.url)));
  const database = new CountingDatabase(sqlite);
  const index = createContentIndex(database);
  const rows = someRows('plans', 10);
  const made = rowsRecord('did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK' as Did, { 'a.jsonl': rows });
  const content = readContent(new TextDecoder().decode(made.manifest));
  if (!content.ok) throw new Error(content.reason);
  const blobs = blobsOf(made.lists);
  const [row, segment] = [digestOfRow(rows[3] as string) as Digest, digestOf(made.lists[0] as Uint8Array)];
  const filling = { database, blobs, log: () => {} };

  await index.add(made.digest, content.value);
  await index.stored(segment, (made.lists[0] as Uint8Array).length);
  expect(await isPending(database)).toBe(true);
  while (await fillStep(filling, 2));
  expect(await isPending(database)).toBe(false);
  await index.advance(0, 1);
  expect(await index.watermark()).toEqual({ through: 1, pendingRows: 0 });
  expect(await index.find(row.slice('sha256:'.length), 5)).toHaveLength(1);
  for (const count of [10, null]) expect(await index.namesOf(segment, count)).toMatchObject([{ rows: 10 }]);
  expect(await index.namesOf(segment, 9)).toEqual([]);
  const [place] = await index.placesOf(row);
  if (place === undefined) throw new Error('no place');
  await index.pathOf(place);
  expect(await index.has([made.digest])).toEqual(new Set([made.digest]));
  await index.remove(made.digest, []);
  while (await index.removeRows(blobs, async () => false));

  const pending = /^SCAN (row_files USING (COVERING )?INDEX row_files_due|watermark\b)/;
  expect((await database.scans()).filter((scan) => !pending.test(scan))).toEqual([]);
  sqlite.close();
});
