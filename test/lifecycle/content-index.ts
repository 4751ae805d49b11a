import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LookupResponse } from '../../schemas/api.ts';
import { limits } from '../../schemas/limits.ts';
import type { ManifestFile } from '../../schemas/manifest.ts';
import type { Digest, StatementId } from '../../schemas/primitives.ts';
import emptyIndex from '../../migrations/empty-content-index.sql?raw';
import { utf8, type Bytes } from '../../protocol/bytes.ts';
import { digestOf } from '../../protocol/digest.ts';
import { readContent } from '../../protocol/manifest.ts';
import { verifyRowProof } from '../../protocol/row-proof.ts';
import { catchUpStep } from '../../worker/content/catch-up.ts';
import { createContentIndex } from '../../worker/content/content-index.ts';
import { indexManifest } from '../../worker/content/index-manifest.ts';
import { indexSome } from '../../worker/content/index-step.ts';
import { rowProof } from '../../worker/content/row-proof.ts';
import { sweepErasedBlobs } from '../../worker/content/sweep.ts';
import { cast, expectProblem, log, post, putBlob, trustIn, type Cast } from '../contract/client.ts';
import { openRegistry, type Platform, type Registry } from '../contract/harness.ts';
import { digestOfRow, rowsRecord, someRows } from '../support/rows.ts';
import { drafts, signed } from '../support/statements.ts';
import { query } from '../faults/stored-log.ts';

/** The content index over time: behind, made anew, and rid of what was erased. */
export function describeContentIndex(name: string, openPlatform: () => Promise<Platform>): void {
  describe(`the content index on ${name}`, () => {
    let platform: Platform;
    let registry: Registry;
    let people: Cast;
    const rows = someRows('in time', 3);
    let published: { id: StatementId; files: string[]; digest: string; lists: Bytes[] };

    beforeAll(async () => {
      platform = await openPlatform();
      registry = await openRegistry(platform);
      people = await cast(registry, 'content index');
      published = await publish({ 'a.jsonl': rows, 'b.jsonl': ['1'] });
    });
    afterAll(() => registry.close());

    const publish = async (files: Record<string, string[]>) => {
      const made = rowsRecord(people.alice.did, files);
      const { id } = await log(registry, await signed(made.draft, people.alice));
      for (const blob of [made.manifest, ...made.lists]) await putBlob(registry, blob);
      return { ...made, id };
    };
    const ask = async (digests: readonly string[]): Promise<LookupResponse> =>
      (await (await post(registry, '/v1/lookups', JSON.stringify({ digests }))).json()) as LookupResponse;
    const erase = async (id: StatementId): Promise<void> =>
      void (await log(registry, await signed(drafts.revocation(id, { erase: true }), people.alice)));
    const indexed = async (steps: number): Promise<boolean> => {
      const filling = { database: platform.content, blobs: platform.blobs, log: () => {} };
      return indexSome({ ...platform, contentIndex: createContentIndex(platform.content) }, filling, steps);
    };
    const count = async (table: string): Promise<number> =>
      (await query<{ n: number }>(platform.content, `SELECT count(*) AS n FROM ${table}`))[0]?.n ?? -1;

    it('answers a look-up of any size with as few queries', async () => {
      const costOf = async (digests: string[]): Promise<number> => {
        const before = registry.queries();
        await ask(digests);
        return registry.queries() - before;
      };
      const few = await costOf([digestOfRow('1')]);
      const many = Array.from({ length: 9_996 }, (_, i) => digestOf(`row ${i}`));
      expect(await costOf([...many, ...rows.map(digestOfRow), digestOfRow('1')])).toBe(few);
      expect(few).toBeLessThanOrEqual(7);
    });

    it('says how far behind it is, until it was made anew from the log and the blobs, with the same answers', async () => {
      const asked = [...rows.map(digestOfRow), digestOfRow('1'), ...published.files, digestOf('unknown')];
      const before = await ask(asked);
      const { size } = before.index;
      expect(before.index).toEqual({ through: size, size, pendingRows: 0 });
      const statements = emptyIndex
        .replaceAll(/^--.*$/gm, '')
        .split(';')
        .filter((text) => text.trim() !== '');
      await platform.content.batch(statements.map((sql) => ({ sql, parameters: [] })));
      const behind = await ask(asked);
      expect(behind.index).toEqual({ through: size - 1, size, pendingRows: 0 });
      expect(behind.matches.every(({ records }) => records.length === 0)).toBe(true);
      const proof = await registry.fetch(`/v1/rows/${asked[0]}/proof`);
      await expectProblem(proof, [404, 'not-found', `the index is behind: it covers ${size - 1} of ${size} entries`]);
      const states = new Set<number>();
      while (await indexed(1)) states.add((await ask(asked)).index.pendingRows);
      expect([...states], 'its rows wait, then do not').toContain(4);
      expect(await ask(asked)).toEqual(before);
    });

    it('holds a row that is everywhere to its share', async () => {
      const [everywhere = '', ...own] = someRows('everywhere', 6);
      for (const row of own) await publish({ 'a.jsonl': [everywhere, row] });
      const index = createContentIndex(platform.content);
      const find = async (each: number): Promise<string[]> => {
        const wanted = [own[4] ?? '', everywhere].map((row) => digestOfRow(row).slice('sha256:'.length));
        const found = await index.find(wanted.join(''), each);
        return found.flatMap(({ places }) => places).map((at) => (at === 0 ? 'own' : 'everywhere'));
      };
      expect((await find(9)).toSorted()).toEqual([...Array<string>(5).fill('everywhere'), 'own']);
      expect((await find(2)).toSorted()).toEqual(['everywhere', 'everywhere', 'own']);
    });

    it('takes a list of the length that its own manifest says, however many others call it another', async () => {
      const others = rowsRecord(people.bob.did, { 'b.jsonl': someRows('called otherwise', 2) });
      const own = rowsRecord(people.alice.did, { 'a.jsonl': someRows('called otherwise', 2) });
      const [list = utf8('')] = own.lists;
      await log(registry, await signed(own.draft, people.alice));
      await log(registry, await signed(others.draft, people.bob));
      expect((await putBlob(registry, own.manifest)).status).toBe(201);
      const index = createContentIndex(platform.content);
      const content = readContent(new TextDecoder().decode(others.manifest));
      if (!content.ok) throw new Error(content.reason);
      const { files } = content.value;
      for (let i = 0; i < 101; i++) {
        const named = files.map((file) => ({ ...file, rows: { ...file.rows, count: 3 } as typeof file.rows }));
        await index.add(digestOf(`another ${i}`), { ...content.value, files: named });
      }
      expect((await index.namesOf(digestOf(list), null)).map(({ rows: count }) => count)).not.toContain(2);
      const wrong = await putBlob(registry, list.slice(0, 32), digestOf(list));
      await expectProblem(wrong, [400, 'invalid-request', 'has 96 bytes, not 32']);
      expect((await putBlob(registry, list)).status).toBe(201);
      expect((await registry.fetch(`/v1/blobs/${digestOf(list)}`)).status).toBe(200);
      const { matches } = await ask([digestOfRow(someRows('called otherwise', 1)[0] as string)]);
      expect(matches[0]?.records).toHaveLength(1);
    });

    it('counts a manifest once for a segment, in however many of its files it is', async () => {
      const segment = someRows('in many files', 2);
      const many = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`${i}.jsonl`, segment]));
      const first = await publish(many);
      const second = await publish({ 'once.jsonl': segment });
      const wanted = digestOfRow(segment[0] as string);
      const found = await createContentIndex(platform.content).find(wanted.slice('sha256:'.length), 2);
      expect(found.map(({ manifest }) => manifest.manifest)).toEqual([first.digest, second.digest]);
      const { matches } = await ask([wanted]);
      expect(matches[0]?.records).toEqual([first.id, second.id]);
    });

    it('gives each digest its share of manifests, the oldest, once each, however many lists of theirs have it', async () => {
      const [common = '', ...own] = someRows('in many lists', 7);
      const lists = Object.fromEntries(own.map((row, i) => [`${i}.jsonl`, [common, row]]));
      const honest = await publish({ 'first.jsonl': [common] });
      const others = [await publish(lists), await publish({ ...lists, 'z.jsonl': [own[0] ?? ''] })];
      const wanted = [own[0] ?? '', common].map(digestOfRow);
      const hex = wanted.map((digest) => digest.slice('sha256:'.length)).join('');
      const find = async (each: number) =>
        (await createContentIndex(platform.content).find(hex, each)).map(({ manifest, places }) => [
          manifest.manifest,
          places.toSorted(),
        ]);
      expect(await find(9)).toEqual([[honest.digest, [1]], ...others.map(({ digest }) => [digest, [0, 1]])]);
      expect(await find(1)).toEqual([
        [honest.digest, [1]],
        [others[0]?.digest, [0]],
      ]);
      const { matches } = await ask(wanted);
      expect(matches.map(({ records }) => records)).toEqual([
        others.map(({ id }) => id),
        [honest, ...others].map(({ id }) => id),
      ]);
    });

    it('proves a row by a block of a list and one of the manifest, however many files that lists', async () => {
      const [mine = '', ...others] = someRows('many lines', 601);
      const files: Record<string, string[]> = Object.fromEntries(
        others.map((row, i) => [`${String(i).padStart(3, '0')} – ${'long '.repeat(30)}.jsonl`, [row]]),
      );
      const made = rowsRecord(people.alice.did, { ...files, '512.jsonl': [mine] });
      await log(registry, await signed(made.draft, people.alice));
      const list = made.lists.at(-1) as Bytes;
      for (const blob of [made.manifest, list]) expect((await putBlob(registry, blob)).status).toBe(201);
      const reads: number[] = [];
      const blobs: typeof platform.blobs = {
        ...platform.blobs,
        size: (digest) => platform.blobs.size(digest),
        get(digest, range) {
          reads.push(range?.length ?? Infinity);
          return platform.blobs.get(digest, range);
        },
      };
      const row = digestOfRow(mine) as Digest;
      const contentIndex = createContentIndex(platform.content);
      const proof = await rowProof({ database: platform.database, blobs, contentIndex }, row);
      const trust = await trustIn(registry);
      expect(await verifyRowProof(proof ?? '', { trust, row })).toMatchObject({
        ok: true,
        value: { file: { path: '512.jsonl' } },
      });
      expect(reads).toHaveLength(2);
      expect(reads[0]).toBe(32);
      expect(reads[1], 'the last of three blocks, or the one before').toBeLessThan(made.manifest.length / 2);
    });

    it('has no entries of rows that no file is proven to have', async () => {
      const [rows, before] = [someRows('unproven', 3), await count('row_entries')];
      const lie = async (claim: (rows: NonNullable<ManifestFile['rows']>) => Partial<ManifestFile['rows']>) => {
        const made = rowsRecord(people.bob.did, { 'a.jsonl': rows }, {}, (file) => {
          const said = file.rows as NonNullable<ManifestFile['rows']>;
          return { ...file, rows: { ...said, ...claim(said) } };
        });
        await log(registry, await signed(made.draft, people.bob));
        for (const blob of [made.manifest, ...made.lists])
          expect([200, 201]).toContain((await putBlob(registry, blob)).status);
      };
      await lie(() => ({ root: digestOf('another') }));
      // The first segment never comes.
      await lie(({ digests }) => ({ count: limits.segmentRows + 3, digests: [digestOf('absent'), ...digests] }));
      expect(await count('row_entries')).toBe(before);
      const proven = await publish({ 'proven.jsonl': rows });
      expect(await count('row_entries')).toBe(before + 3);
      const asked = rows.map(digestOfRow);
      expect((await ask(asked)).matches.map(({ records }) => records)).toEqual(asked.map(() => [proven.id]));
      await erase(proven.id);
      await sweepErasedBlobs({ ...platform, contentIndex: createContentIndex(platform.content) });
      expect(await count('row_entries')).toBe(before);
      expect(await platform.blobs.size(digestOf(proven.lists[0] as Bytes)), 'which others name').toBe(96);
      const again = await publish({ 'again.jsonl': rows });
      const { matches, index } = await ask(asked);
      expect(matches.map(({ records }) => records)).toEqual(asked.map(() => [again.id]));
      expect(index).toMatchObject({ pendingRows: 0 });
    });

    it('is not held up by records whose manifest never came', async () => {
      await log(registry, await signed(drafts.record(people.alice.did, 'never uploaded'), people.alice));
      const { index } = await ask([digestOf('any')]);
      expect(index.through).toBe(index.size);
    });

    it('loses the rows of what was erased, and its lists, but none that another record has', async () => {
      const [shared, own] = [someRows('shared list', 3), someRows('own list', 5_000)];
      const kept = await publish({ 'shared.jsonl': shared });
      const gone = await publish({ 'renamed.jsonl': shared, 'own.jsonl': own });
      const entries = await count('row_entries');
      await erase(gone.id);
      const sweep = { ...platform, contentIndex: createContentIndex(platform.content) };
      expect(await sweepErasedBlobs(sweep)).toBe(1);
      expect(await count('row_entries')).toBe(entries - own.length);
      expect(await count(`row_blocks WHERE segment NOT IN (SELECT id FROM row_segments)`)).toBe(0);
      const [first, second] = gone.lists.map((list) => digestOf(list));
      expect([await platform.blobs.size(first as never), await platform.blobs.size(second as never)]).toEqual([
        96,
        null,
      ]);
      const { matches } = await ask([shared[0], own[0]].map((row) => digestOfRow(row as string)));
      expect(matches.map(({ records }) => records)).toEqual([[kept.id], []]);
    });

    it('keeps nothing of a manifest whose record was erased while it was read', async () => {
      for (const again of ['by the walk', 'by another upload']) {
        const made = await publish({ [`${again}.jsonl`]: someRows(again, 2) });
        await createContentIndex(platform.content).remove(made.digest, []);
        const index = createContentIndex(platform.content);
        const through = (await index.watermark()).through;
        const contentIndex: typeof index = {
          ...index,
          // As if it had been read, and were to be entered only now.
          async add(...what) {
            await erase(made.id);
            await sweepErasedBlobs({ ...platform, contentIndex: index });
            await index.add(...what);
          },
        };
        const { size } = (await ask([digestOf(again)])).index;
        await index.advance(through, size - 1);
        if (again === 'by the walk') await catchUpStep({ ...platform, contentIndex });
        else {
          const content = readContent(new TextDecoder().decode(made.manifest));
          if (!content.ok) throw new Error(content.reason);
          await indexManifest({ ...platform, contentIndex }, made.digest, content.value);
        }
        while (await index.removeRows(platform.blobs, async () => false));
        for (const [table, column] of [
          ['content', 'manifest'],
          ['manifests', 'digest'],
          ['row_files', 'manifest'],
        ]) {
          const sql = `SELECT count(*) AS n FROM ${table} WHERE lower(hex(${column})) = '${made.digest.slice(7)}'`;
          expect(await query(platform.content, sql), `${again}: ${table}`).toEqual([{ n: 0 }]);
        }
      }
    });

    it('deletes what was erased though one blob of it cannot be, and that one once it can', async () => {
      const made = await Promise.all(
        ['x', 'y', 'z'].map((text) => publish({ 'a.jsonl': someRows(`stuck ${text}`, 2) })),
      );
      for (const { id } of made) await erase(id);
      const digests = made.map(({ digest }) => digest).toSorted();
      const blobs: typeof platform.blobs = {
        ...platform.blobs,
        async delete(digest) {
          if (digest === digests[0]) throw new Error('stuck');
          await platform.blobs.delete(digest);
        },
      };
      const contentIndex = createContentIndex(platform.content);
      const left = async () =>
        (await Promise.all(digests.map((digest) => platform.blobs.size(digest)))).map((size) => size !== null);
      await expect(sweepErasedBlobs({ ...platform, blobs, contentIndex })).rejects.toThrow('stuck');
      expect(await left()).toEqual([true, false, false]);
      expect(await sweepErasedBlobs({ ...platform, contentIndex })).toBe(1);
      expect(await left()).toEqual([false, false, false]);
    });

    it('keeps no upload that ends after its record was erased', async () => {
      for (const what of ['guidelines', 'a list']) {
        const bytes = utf8(`guidelines that come late, of a length that no list has: ${what}`);
        const process = { guidelines: { name: 'Guidelines', version: '1', digest: digestOf(bytes) } };
        const made = rowsRecord(people.alice.did, { 'late.jsonl': someRows(`late: ${what}`, 2) }, { process });
        const { id } = await log(registry, await signed(made.draft, people.alice));
        await putBlob(registry, made.manifest);
        const late = what === 'a list' ? (made.lists[0] as Bytes) : bytes;
        const body = new ReadableStream<Uint8Array>(
          {
            async pull(controller) {
              await erase(id);
              controller.enqueue(late);
              controller.close();
            },
          },
          { highWaterMark: 0 },
        );
        const headers = { 'Content-Type': 'application/octet-stream', 'Content-Length': String(late.length) };
        const init = { method: 'PUT', headers, body, duplex: 'half' };
        const answer = await registry.fetch(`/v1/blobs/${digestOf(late)}`, init);
        await expectProblem(answer, [403, 'not-referenced', digestOf(late)]);
        await sweepErasedBlobs({ ...platform, contentIndex: createContentIndex(platform.content) });
        expect(await platform.blobs.size(digestOf(late)), what).toBeNull();
      }
    });
  });
}
