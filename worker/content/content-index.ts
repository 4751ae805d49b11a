import { sql } from 'kysely';
import type { Digest } from '../../schemas/primitives.ts';
import { digestToBytes } from '../../protocol/digest.ts';
import type { ContentSummary } from '../../protocol/manifest.ts';
import { ROW_DIGEST_BYTES } from '../../protocol/rows/row-digests.ts';
import { db, type Database } from '../database/port.ts';
import type { ContentIndex } from '../deps.ts';
import { removeStep } from './removal.ts';
import { pathOf, placesOf } from './row-places.ts';
import {
  findRows,
  forgetRowLists,
  manifestsOfSegments,
  namesOf,
  listIn,
  rowListQueries,
  rowsIn,
  wantedOf,
} from './row-lists.ts';

/** Digests in one bound parameter: 64 hex digits each, well under D1's 2 MB. */
const CHUNK = 20_000;
/** Places of rows, and manifests, that one look-up goes through: the answer's own bound. */
const FOUND = 50_000;

/** The content index in a database of its own: it can be lost and rebuilt, so it never slows a commit. */
export const createContentIndex = (database: Database): ContentIndex => ({
  async add(manifest, content) {
    const files = [...new Set(content?.files.map((file) => file.sha256))];
    const inserts = chunksOf(files).map(
      (chunk) => sql`INSERT OR IGNORE INTO content (digest, manifest)
        SELECT unhex(value), ${digestToBytes(manifest)} FROM json_each(${JSON.stringify(chunk)})`,
    );
    // With the last part, in one transaction: a crash before it leaves nothing that is found, and `has` answers no.
    const complete = sql`INSERT OR IGNORE INTO manifests (digest, summary)
      VALUES (${digestToBytes(manifest)}, ${content === null ? null : JSON.stringify(content.summary)})`;
    const parts = [
      ...inserts.map((insert) => [insert]),
      ...(content === null ? [] : rowListQueries(manifest, content)),
    ];
    const last = parts.pop() ?? [];
    for (const part of [...parts, [...last, complete]]) await database.batch(part.map((query) => query.compile(db)));
  },

  async remove(manifest, files) {
    // What it lists goes last: until then a crash leaves nothing that is found, and the next run begins anew.
    const gone = [
      sql`DELETE FROM manifests WHERE digest = ${digestToBytes(manifest)}`,
      ...chunksOf(files).map(
        (chunk) => sql`DELETE FROM content WHERE (digest, manifest) IN
          (SELECT unhex(value), ${digestToBytes(manifest)} FROM json_each(${JSON.stringify(chunk)}))`,
      ),
    ];
    for (const query of gone) await database.batch([query.compile(db)]);
    await forgetRowLists(database, manifest);
  },

  async has(manifests) {
    const rows = await database.all(
      sql<{ manifest: Digest }>`SELECT value AS manifest FROM json_each(${JSON.stringify(manifests)})
        WHERE EXISTS (SELECT 1 FROM manifests WHERE digest = unhex(substr(value, 8)))`.compile(db),
    );
    return new Set(rows.map(({ manifest }) => manifest));
  },

  async find(digests, each) {
    const wanted = wantedOf(digests);
    const files = await database.all(
      sql<{ at: number; summary: string }>`SELECT wanted.key AS at, summary
        FROM ${wanted.each} CROSS JOIN manifests ON manifests.digest IN
          (SELECT manifest FROM content WHERE content.digest = ${wanted.bytes(ROW_DIGEST_BYTES)} LIMIT ${each})
        WHERE summary IS NOT NULL`.compile(db),
    );
    const segments = await findRows(database, wanted, each);
    const having = new Map<string, number[][]>();
    for (const { at, summary } of files) listIn(having, summary).push([at]);
    for (const { segment, summary } of await manifestsOfSegments(database, [...segments.keys()], each, FOUND)) {
      listIn(having, summary).push(segments.get(segment) ?? []);
    }
    // A hundred lists that have the same rows, in a hundred manifests, would be ten thousand finds of each of them.
    const share = { left: new Uint32Array(wanted.count).fill(each), last: new Uint32Array(wanted.count) };
    return Array.from(having, ([summary, lists], i) => ({
      manifest: JSON.parse(summary) as ContentSummary,
      places: sharedOut(lists, i + 1, share),
    })).filter(({ places }) => places.length > 0);
  },

  namesOf: (segment, rows) => namesOf(database, segment, rows),

  async stored(segment, bytes) {
    // Whoever has just looked and not found it must not call it absent after this: it is not `unseen` any more.
    const rows = rowsIn(bytes);
    const update =
      rows === null
        ? sql`UPDATE row_segments SET state = 'unseen' WHERE digest = ${digestToBytes(segment)} AND state = 'absent'`
        : sql`UPDATE row_segments SET state = 'stored', rows = ${rows}
            WHERE digest = ${digestToBytes(segment)} AND state IN ('unseen', 'absent')`;
    await database.batch([update.compile(db)]);
  },

  placesOf: (row) => placesOf(database, row),
  pathOf: (place) => pathOf(database, place),
  removeRows: (blobs, isNamed) => removeStep(database, blobs, isNamed),

  async watermark() {
    const [row] = await database.all(
      // A file is answered from once it was judged; until then its rows wait, as those of its lists may, too.
      sql<{ through: number; pendingRows: number }>`SELECT coalesce((SELECT through FROM watermark), 0) AS through,
        max(coalesce((SELECT sum(rows - indexed) FROM row_segments WHERE state = 'unseen'), 0)
          + coalesce((SELECT sum(rows - indexed) FROM row_segments WHERE state = 'stored'), 0)
          + coalesce((SELECT sum(rows - indexed) FROM row_segments WHERE state = 'proven'), 0),
          coalesce((SELECT sum(rows) FROM row_files WHERE state = 'due'), 0)) AS "pendingRows"`.compile(db),
    );
    return row ?? { through: 0, pendingRows: 0 };
  },

  async advance(from, through) {
    // Whoever went through the log while the index was emptied has gone through it for another index.
    await database.batch([
      sql`INSERT INTO watermark (id, through)
        SELECT 0, ${through} WHERE coalesce((SELECT through FROM watermark), 0) = ${from}
        ON CONFLICT (id) DO UPDATE SET through = excluded.through`.compile(db),
    ]);
  },
});

/** The places in these lists, once each, that have something left of their share; `number` tells who took of it last. */
function sharedOut(
  lists: readonly (readonly number[])[],
  number: number,
  { left, last }: { left: Uint32Array; last: Uint32Array },
): number[] {
  const places: number[] = [];
  for (const list of lists) {
    for (const at of list) {
      if (last[at] === number || left[at] === 0) continue;
      last[at] = number;
      left[at] = (left[at] ?? 0) - 1;
      places.push(at);
    }
  }
  return places;
}

function chunksOf(files: readonly string[]): string[][] {
  const chunks: string[][] = [];
  for (let at = 0; at < files.length; at += CHUNK) chunks.push(files.slice(at, at + CHUNK));
  return chunks;
}
