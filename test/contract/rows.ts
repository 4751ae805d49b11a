import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LookupResponse } from '../../schemas/api.ts';
import type { Digest } from '../../schemas/primitives.ts';
import { utf8 } from '../../protocol/bytes.ts';
import { digestOf } from '../../protocol/digest.ts';
import { encodeManifest, summarizeContent } from '../../protocol/manifest.ts';
import { verifyRowProof } from '../../protocol/row-proof.ts';
import { digestOfRow, rowFile, rowsRecord, someRows } from '../support/rows.ts';
import { drafts, signed } from '../support/statements.ts';
import { cast, expectProblem, log, post, putBlob, trustIn, type Cast } from './client.ts';
import type { Endpoint, OpenEndpoint } from './harness.ts';

/** Row-digest lists, and what they make possible. */
export function describeRows(name: string, open: OpenEndpoint): void {
  describe(`rows on ${name}`, () => {
    let registry: Endpoint;
    let people: Cast;

    beforeAll(async () => {
      registry = await open();
      people = await cast(registry, 'rows');
    });
    afterAll(() => registry.close());

    const ask = async (digests: readonly string[]): Promise<LookupResponse> => {
      const response = await post(registry, '/v1/lookups', JSON.stringify({ digests }));
      expect(response.status).toBe(200);
      return (await response.json()) as LookupResponse;
    };
    /** What is found once nothing is pending: where the index is filled in the background, that takes a while. */
    const find = async (digests: readonly string[]): Promise<string[][]> => {
      for (;;) {
        const { matches, index } = await ask(digests);
        if (index.pendingRows === 0 && index.through === index.size) return matches.map(({ records }) => records);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    /** Logs a record over rows and uploads all that belongs to it. */
    const publish = async (...given: Parameters<typeof rowsRecord>) => {
      const made = rowsRecord(...given);
      const { id } = await log(registry, await signed(made.draft, people.alice));
      for (const blob of [made.manifest, ...made.lists])
        expect([200, 201]).toContain((await putBlob(registry, blob)).status);
      return { ...made, id };
    };

    it('takes a list once its manifest is stored, and finds the record by its rows and files, in one call', async () => {
      const rows = someRows('first', 4_200);
      const { draft, manifest, lists, files } = rowsRecord(people.alice.did, { 'a.jsonl': rows });
      const [list] = lists;
      if (list === undefined) throw new Error('no list');
      await expectProblem(await putBlob(registry, list), [403, 'not-referenced', /then its manifest/]);
      const { id } = await log(registry, await signed(draft, people.alice));
      await expectProblem(await putBlob(registry, list), [403, 'not-referenced', /then its manifest/]);
      expect((await putBlob(registry, manifest)).status).toBe(201);
      expect(await find([digestOfRow(rows[0] as string)]), 'nothing is known of its rows yet').toEqual([[]]);
      expect((await putBlob(registry, list)).status).toBe(201);
      expect((await putBlob(registry, list)).status, 'again').toBe(200);
      const asked = [rows[4_199], rows[0], 'unknown', rows[4_095], rows[4_096]].map((row) =>
        digestOfRow(row as string),
      );
      expect(await find([...asked, files[0] as string])).toEqual([[id], [id], [], [id], [id], [id]]);
      const served = await registry.fetch(`/v1/blobs/${digestOf(list)}`);
      expect(new Uint8Array(await served.arrayBuffer())).toEqual(list);
    });

    it('finds every record that has a row, the oldest first, however many files and lists it is in', async () => {
      const [shared = '', ...own] = someRows('shared', 4);
      const first = await publish(people.alice.did, { 'a.jsonl': [shared, shared, own[0] ?? ''], 'b.jsonl': [shared] });
      const second = await publish(people.alice.did, { 'c.jsonl': [own[1] ?? '', shared] });
      const version = rowsRecord(people.alice.did, { 'c.jsonl': [own[1] ?? '', shared] }, { version: '2.0.0' });
      const third = await log(registry, await signed(version.draft, people.alice));
      const found = await find([shared, own[0] ?? '', own[1] ?? ''].map(digestOfRow));
      expect(found).toEqual([[first.id, second.id, third.id], [first.id], [second.id, third.id]]);
    });

    it('indexes a list that another manifest brought here', async () => {
      const rows = someRows('brought', 3);
      const first = await publish(people.alice.did, { 'a.jsonl': rows });
      const { draft, manifest } = rowsRecord(people.alice.did, { 'renamed.jsonl': rows });
      const { id } = await log(registry, await signed(draft, people.alice));
      expect((await putBlob(registry, manifest)).status).toBe(201);
      expect(await find(rows.map(digestOfRow))).toEqual(rows.map(() => [first.id, id]));
    });

    it('answers from no file whose lists are not all there', async () => {
      const [one, two] = [someRows('one of two', 3), someRows('two of two', 3)];
      const made = rowsRecord(people.alice.did, { 'a.jsonl': one, 'b.jsonl': two });
      const { id } = await log(registry, await signed(made.draft, people.alice));
      for (const blob of [made.manifest, ...made.lists.slice(1)])
        expect((await putBlob(registry, blob)).status).toBe(201);
      expect(await find([...one, ...two].map(digestOfRow))).toEqual([[], [], [], [id], [id], [id]]);
    });

    it('answers from no file whose lists are not what its manifest says', async () => {
      const rows = someRows('lies', 3);
      const other = rowFile('other', someRows('lies: other', 3)).file.rows;
      await publish(people.alice.did, { 'root.jsonl': rows }, {}, (file) => ({
        ...file,
        rows: { ...(file.rows as NonNullable<typeof other>), root: other?.root ?? ('' as never) },
      }));
      expect(await find(rows.map(digestOfRow)), 'another root').toEqual([[], [], []]);

      const honest = await publish(people.bob.did, { 'honest.jsonl': rows });
      expect(await find(rows.map(digestOfRow)), 'which keeps nobody from it').toEqual(rows.map(() => [honest.id]));
      const miscounted = rowsRecord(people.alice.did, { 'count.jsonl': rows }, {}, (file) => ({
        ...file,
        rows: { ...(file.rows as NonNullable<typeof other>), count: 4 },
      }));
      await log(registry, await signed(miscounted.draft, people.alice));
      expect((await putBlob(registry, miscounted.manifest)).status).toBe(201);
      expect(await find(rows.map(digestOfRow)), 'nor does a wrong count').toEqual(rows.map(() => [honest.id]));
    });

    it('refuses a list of another size, or of other bytes, and keeps nothing', async () => {
      const made = rowsRecord(people.alice.did, { 'a.jsonl': someRows('sizes', 3) });
      const [list = utf8('')] = made.lists;
      await log(registry, await signed(made.draft, people.alice));
      expect((await putBlob(registry, made.manifest)).status).toBe(201);
      const digest = digestOf(list);
      for (const wrong of [list.slice(0, 64), new Uint8Array(128), new Uint8Array(0), new Uint8Array(95)]) {
        await expectProblem(await putBlob(registry, wrong, digest), [400, 'invalid-request', /has 96 bytes, not \d+/]);
      }
      await expectProblem(await putBlob(registry, new Uint8Array(96), digest), [422, 'digest-mismatch', digest]);
      await expectProblem(await registry.fetch(`/v1/blobs/${digest}`), [404, 'not-found', digest]);
      expect((await putBlob(registry, list)).status, 'the right bytes are still welcome').toBe(201);
    });

    it('takes what is named as a list and as something else, whichever it is', async () => {
      // A text whose length is that of a list: guidelines that some manifest calls a segment.
      const guidelines = utf8('Write 64 bytes, which is as long as the digests of two rows are.');
      const process = { guidelines: { name: 'Guidelines', version: '1', digest: digestOf(guidelines) } };
      const made = rowsRecord(people.alice.did, { 'a.jsonl': someRows('two at once', 2) }, { process }, (file) => ({
        ...file,
        rows: { ...(file.rows as NonNullable<typeof file.rows>), digests: [digestOf(guidelines)] },
      }));
      await log(registry, await signed(made.draft, people.alice));
      expect((await putBlob(registry, made.manifest)).status).toBe(201);
      expect((await putBlob(registry, guidelines)).status).toBe(201);
      expect(await find(someRows('two at once', 2).map(digestOfRow))).toEqual([[], []]);

      // A manifest that another's manifest calls a segment, of a size that it cannot have.
      const victim = rowsRecord(people.bob.did, { 'b.jsonl': someRows('victim', 2) });
      const claim = rowsRecord(people.alice.did, { 'c.jsonl': someRows('claim', 2) }, {}, (file) => ({
        ...file,
        rows: { ...(file.rows as NonNullable<typeof file.rows>), digests: [victim.digest] },
      }));
      await log(registry, await signed(claim.draft, people.alice));
      expect((await putBlob(registry, claim.manifest)).status).toBe(201);
      const honest = await log(registry, await signed(victim.draft, people.bob));
      for (const blob of [victim.manifest, ...victim.lists]) expect((await putBlob(registry, blob)).status).toBe(201);
      const asked = [...someRows('victim', 2), ...someRows('claim', 2)].map(digestOfRow);
      expect(await find(asked)).toEqual([[honest.id], [honest.id], [], []]);
    });

    it('indexes nothing of withheld content, whoever uploads its manifest or claims its digests', async () => {
      const rows = someRows('withheld', 3);
      const { file, lists } = rowFile('secret.jsonl', rows);
      const salted = { salt: 'A'.repeat(43), files: [file] };
      const text = encodeManifest(salted);
      const summary = summarizeContent(text, salted);
      const draft = drafts.record(people.bob.did, 'withheld rows', {
        id: summary.root,
        content: { ...summary, visibility: 'withheld' },
      });
      await log(registry, await signed(draft, people.bob));
      await expectProblem(await putBlob(registry, utf8(text)), [403, 'not-referenced', /submit the statement/]);
      const leaked = {
        ...draft,
        subject: { ...draft.subject, content: { ...summary, visibility: 'public' as const } },
      };
      await log(registry, await signed(leaked, people.alice));
      await expectProblem(await putBlob(registry, utf8(text)), [422, 'invalid-manifest', /withheld/]);
      await expectProblem(await putBlob(registry, lists[0] ?? utf8('')), [403, 'not-referenced', /manifest/]);
      expect(await find([...rows.map(digestOfRow), `sha256:${file.sha256}`])).toEqual([[], [], [], []]);

      const claimed = await publish(people.alice.did, { 'secret.jsonl': rows });
      expect(await find(rows.map(digestOfRow)), 'only who claims it in public is named').toEqual(
        rows.map(() => [claimed.id]),
      );
    });

    it('proves a row, for whoever has the log’s key, wherever it is in its file', async () => {
      const rows = someRows('proven', 4_200);
      const files = { 'a.jsonl': someRows('proven: before', 2), 'b.jsonl': rows, 'c.jsonl': ['1'] };
      const { id } = await publish(people.alice.did, files);
      await find([digestOfRow('1')]);
      const trust = await trustIn(registry);
      for (const at of [1, 4_095, 4_096, 4_199]) {
        const row = digestOfRow(rows[at] as string) as Digest;
        const response = await registry.fetch(`/v1/rows/${row}/proof`);
        expect(response.status).toBe(200);
        expect(response.headers.get('Content-Type')).toBe('application/vnd.firsthand.row-proof.v1+json');
        expect(response.headers.get('Cache-Control')).toBe('public, max-age=300');
        const result = await verifyRowProof(await response.text(), { trust, row });
        expect(result).toMatchObject({ ok: true, value: { index: at, record: id, file: { path: 'b.jsonl' } } });
        const held = { 'If-None-Match': response.headers.get('ETag') as string };
        expect((await registry.fetch(`/v1/rows/${row}/proof`, { headers: held })).status).toBe(304);
      }
    });

    it('proves a row of the oldest record that has it, or of the one that is asked for', async () => {
      const rows = someRows('proven of several', 3);
      const row = digestOfRow(rows[1] as string) as Digest;
      const first = await publish(people.alice.did, { 'a.jsonl': rows });
      const second = await publish(people.alice.did, { 'b.jsonl': [...rows, '2'] });
      await find([row]);
      const trust = await trustIn(registry);
      const recordOf = async (query: string): Promise<unknown> => {
        const response = await registry.fetch(`/v1/rows/${row}/proof${query}`);
        const result = await verifyRowProof(await response.text(), { trust, row });
        return result.ok ? result.value.record : result.reason;
      };
      expect(await recordOf('')).toBe(first.id);
      expect(await recordOf(`?record=${second.id}`)).toBe(second.id);
      await log(registry, await signed(drafts.revocation(first.id, { reason: 'legal', erase: true }), people.alice));
      expect(await recordOf('')).toBe(second.id);
      const gone = await registry.fetch(`/v1/rows/${row}/proof?record=${first.id}`);
      await expectProblem(gone, [404, 'not-found', first.id]);
    });

    it('has no proof of what is no row here, and refuses what is no digest', async () => {
      const row = digestOfRow('"unknown"');
      await expectProblem(await registry.fetch(`/v1/rows/${row}/proof`), [404, 'not-found', row]);
      await expectProblem(await registry.fetch('/v1/rows/sha256:00/proof'), [400, 'invalid-request', '/digest']);
      const query = await registry.fetch(`/v1/rows/${row}/proof?record=1`);
      await expectProblem(query, [400, 'invalid-request', '/record']);
      const twice = await registry.fetch(`/v1/rows/${row}/proof?record=${row}&record=${row}`);
      await expectProblem(twice, [400, 'invalid-request', 'twice']);
    });

    it('no longer finds nor serves the rows of a record that was erased', async () => {
      const rows = someRows('erased', 3);
      const made = await publish(people.alice.did, { 'a.jsonl': rows });
      expect(await find(rows.map(digestOfRow))).toEqual(rows.map(() => [made.id]));
      const [list = utf8('')] = made.lists;
      await log(registry, await signed(drafts.revocation(made.id, { reason: 'legal', erase: true }), people.alice));
      expect(await find(rows.map(digestOfRow))).toEqual([[], [], []]);
      await expectProblem(await registry.fetch(`/v1/blobs/${digestOf(list)}`), [404, 'not-found', digestOf(list)]);
      await expectProblem(await putBlob(registry, list), [403, 'not-referenced', digestOf(list)]);
    });
  });
}
