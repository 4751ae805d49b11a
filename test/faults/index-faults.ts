import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Digest } from '../../schemas/primitives.ts';
import { digestOf } from '../../protocol/digest.ts';
import { createContentIndex } from '../../worker/content/content-index.ts';
import { fillStep } from '../../worker/content/fill.ts';
import { catchUpStep } from '../../worker/content/catch-up.ts';
import type { Database } from '../../worker/database/port.ts';
import { rowFile, rowsRecord, someRows } from '../support/rows.ts';
import { encodeManifest, summarizeContent } from '../../protocol/manifest.ts';
import emptyIndex from '../../migrations/empty-content-index.sql?raw';
import { drafts, signed } from '../support/statements.ts';
import { assemble, logAll, sequencerOver } from './cast.ts';
import { FaultyDatabase, Injected, type Fate } from './faulty.ts';
import type { Shell, Storage } from './shell.ts';
import { query } from './stored-log.ts';

/** Everything that the index says, but for the numbers that it gives things: what a row says, and where it is. */
const DUMPS = [
  [`'digest', hex(digest), 'manifest', hex(manifest)`, 'content'],
  [`'digest', hex(digest), 'summary', summary`, 'manifests'],
  [`'manifest', hex(manifest), 'line', line, 'rows', rows, 'root', hex(root), 'state', state`, 'row_files'],
  [
    `'digest', hex(digest), 'rows', rows, 'hashed', hashed, 'indexed', indexed, 'state', state, 'root', hex(root),
      'answers', answers`,
    'row_segments',
  ],
  [
    `'manifest', hex(manifest), 'line', line, 'number', number, 'digest', hex(digest)`,
    'row_lists JOIN row_files ON row_files.id = file JOIN row_segments ON row_segments.id = segment',
  ],
  [
    `'manifest', hex(manifest), 'digest', hex(digest), 'rows', segment_names.rows, 'isPending', file IS NULL`,
    'segment_names JOIN row_segments ON row_segments.id = segment',
  ],
  [
    `'digest', hex(digest), 'block', block, 'root', hex(row_blocks.root)`,
    'row_blocks JOIN row_segments ON id = segment',
  ],
  [`'manifest', hex(manifest), 'block', block, 'offset', "offset", 'root', hex(root)`, 'manifest_blocks'],
  [`'through', through`, 'watermark'],
  // The many in one text: a digest's first bytes are enough to tell segments apart.
  [
    `'entries', group_concat(hex(prefix) || hex(substr(digest, 1, 4)) || row, ' ' ORDER BY prefix, digest, row)`,
    'row_entries JOIN row_segments ON id = segment',
  ],
].map(
  ([says, from]) =>
    `json((SELECT json_group_array(json(said) ORDER BY said) FROM (SELECT json_object(${says}) AS said FROM ${from})))`,
);

/** An index whose database fails while it is filled, and while rows are removed: it ends as one that nothing befell. */
export function indexFaults(shell: Shell): void {
  describe('the content index', () => {
    let storage: Storage;
    let faulty: FaultyDatabase;
    let whole: unknown[][];
    let manifest: ReturnType<typeof rowsRecord>['digest'];

    beforeAll(async () => {
      storage = await shell.open();
      faulty = new FaultyDatabase(storage.content);
      const cast = await assemble();
      const sequencer = sequencerOver(storage.database, cast);
      await logAll(sequencer, ...cast.opening.map((statement) => [statement]));
      // A block and a bit, in steps of one; a row that stands in both, and in a file that is too little.
      const rows = someRows('faults', 4_200);
      rows[4_150] = rows[1] as string;
      const made = rowsRecord(cast.alice.did, { 'a.jsonl': rows, 'b.jsonl': rows.slice(0, 2) });
      manifest = made.digest;
      const { file, lists } = rowFile('bad.jsonl', someRows('bad', 2));
      const bad = {
        files: [{ ...file, rows: { ...(file.rows as NonNullable<typeof file.rows>), root: digestOf('x') } }],
      };
      const text = encodeManifest(bad);
      const content = { ...summarizeContent(text, bad), visibility: 'public' as const };
      const lie = drafts.record(cast.alice.did, 'bad', { id: content.root, content });
      await logAll(sequencer, [await signed(made.draft, cast.alice), await signed(lie, cast.alice)]);
      for (const blob of [made.manifest, ...made.lists, new TextEncoder().encode(text), ...lists]) {
        await storage.blobs.put(digestOf(blob), new Blob([blob]).stream(), blob.length);
      }
      await fill(storage.content);
      whole = await dump();
    });
    afterAll(() => storage.close());

    // One query: a dump follows every write that fails.
    const dump = async (): Promise<unknown[][]> => {
      const [row] = await query<{ all: string }>(storage.content, `SELECT json_array(${DUMPS.join()}) AS "all"`);
      return JSON.parse(row?.all ?? '[]') as unknown[][];
    };
    const entriesOf = (dumped: unknown[][]): number =>
      (dumped.at(-1) as [{ entries: string | null }])[0].entries?.split(' ').length ?? 0;
    /** Fills from the log and the blobs, as a new registry does; whatever fails is begun again, as maintenance does. */
    async function fill(database: Database): Promise<void> {
      const { blobs } = storage;
      const contentIndex = createContentIndex(database);
      const step = async (): Promise<boolean> =>
        (await catchUpStep({ database: storage.database, blobs, contentIndex })) ||
        fillStep({ database, blobs, log: () => {} }, 1);
      while (await step().catch(orAgain));
    }
    const orAgain = (error: unknown): true => {
      if (!(error instanceof Injected)) throw error;
      return true;
    };
    const empty = async (): Promise<void> => {
      const statements = emptyIndex
        .replaceAll(/^--.*$/gm, '')
        .split(';')
        .filter((text) => text.trim() !== '');
      await storage.content.batch(statements.map((sql) => ({ sql, parameters: [] })));
    };

    test('holds all rows of what is as its manifest says, and nothing of what is not is answered', () => {
      const [, manifests, files, segments, , names, blocks, lines] = whole;
      const lengths = [manifests, names, blocks, lines].map((all) => all?.length);
      expect([...lengths, entriesOf(whole)]).toEqual([2, 3, 2 + 1 + 1, 2, 4_199 + 2]);
      const states = files?.map((row) => (row as { state: string }).state);
      expect(states?.toSorted()).toEqual(['bad', 'proven', 'proven']);
      expect(segments?.filter((row) => (row as { answers: number }).answers === 1)).toHaveLength(2);
    });

    test.each<Fate>(['fails', 'persists'])('is whole when each of its writes in turn %s', async (fate) => {
      for (let at = 0; ; at++) {
        await empty();
        faulty.break({ name: `write ${at} ${fate}`, writes: [...Array<Fate>(at).fill('works'), fate] });
        await fill(faulty);
        const { writes } = faulty;
        expect(await dump(), `write ${at} ${fate}`).toEqual(whole);
        if (writes <= at) break;
        expect(at).toBeLessThan(40);
      }
    });

    test('is whole when two fill it at once', async () => {
      await empty();
      await Promise.all([fill(storage.content), fill(storage.content), fill(faulty)]);
      expect(await dump()).toEqual(whole);
    });

    test('misses no list that comes just after it was looked for in vain', async () => {
      await empty();
      const { blobs } = storage;
      const contentIndex = createContentIndex(storage.content);
      const missed = new Set<string>();
      const late = {
        get: blobs.get.bind(blobs),
        async size(digest: Digest): Promise<number | null> {
          const size = await blobs.size(digest);
          if (size === null || missed.has(digest)) return size;
          missed.add(digest);
          await contentIndex.stored(digest, size);
          return null;
        },
      };
      while (await catchUpStep({ database: storage.database, blobs, contentIndex }));
      while (await fillStep({ database: storage.content, blobs: late, log: () => {} }, 2));
      expect(missed.size).toBe(3);
      expect(await dump()).toEqual(whole);
    });

    test.each<Fate>(['fails', 'persists'])(
      'forgets all of a manifest when each write of it in turn %s',
      async (fate) => {
        const files = ['a.jsonl', 'b.jsonl'];
        const named = async (): Promise<boolean> => true;
        for (let at = 0; ; at++) {
          await empty();
          await fill(storage.content);
          faulty.break({ name: `write ${at} ${fate}`, writes: [...Array<Fate>(at).fill('works'), fate] });
          const index = createContentIndex(faulty);
          await index.remove(manifest, files).catch(() => index.remove(manifest, files));
          while (await index.removeRows(storage.blobs, named).catch(orAgain));
          const left = await dump();
          const [, manifests, rows, segments, , names, blocks, lines] = left;
          const lengths = [manifests, rows, segments, names, blocks, lines].map((all) => all?.length);
          expect([...lengths, entriesOf(left)]).toEqual([1, 1, 1, 1, 1, 1, 0]);
          if (faulty.writes <= at) break;
          expect(at).toBeLessThan(40);
        }
      },
    );

    test('takes up what was on its way out where a manifest names it again', async () => {
      await empty();
      await fill(storage.content);
      const index = createContentIndex(storage.content);
      await index.remove(manifest, []);
      expect(await index.removeRows(storage.blobs, async () => true)).toBe(true);
      await query(storage.content, 'UPDATE watermark SET through = 0 RETURNING through');
      await fill(storage.content);
      const again = await dump();
      expect(again.slice(2, 8)).toEqual(whole.slice(2, 8));
      expect(entriesOf(again)).toBe(entriesOf(whole));
    });
  });
}
