import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { utf8 } from '../../protocol/bytes.ts';
import { digestOf } from '../../protocol/digest.ts';
import { sweepErasedBlobs } from '../../worker/content/sweep.ts';
import { createContentIndex } from '../../worker/content/content-index.ts';
import type { Digest } from '../../schemas/primitives.ts';
import { cast, expectProblem, filesRecord, getJson, log, post, putBlob, type Cast } from '../contract/client.ts';
import { openRegistry, type Platform, type Registry } from '../contract/harness.ts';
import { drafts, signed } from '../support/statements.ts';

/** What erasure takes away besides the body. */
export function describeErasure(name: string, openPlatform: () => Promise<Platform>): void {
  describe(`erasure on ${name}`, () => {
    let platform: Platform;
    let registry: Registry;
    let people: Cast;
    beforeAll(async () => {
      platform = await openPlatform();
      registry = await openRegistry(platform);
      people = await cast(registry, 'erasure');
    });
    afterAll(() => registry.close());

    const sweep = (): Promise<number> =>
      sweepErasedBlobs({ ...platform, contentIndex: createContentIndex(platform.content) });
    const erase = async (id: Parameters<typeof drafts.revocation>[0]): Promise<void> =>
      void (await log(registry, await signed(drafts.revocation(id, { erase: true }), people.alice)));
    const statusOf = async (digest: string): Promise<number> => (await registry.fetch(`/v1/blobs/${digest}`)).status;

    it('ends the serving of every blob that the record named, and then deletes it', async () => {
      const guidelines = utf8('guidelines that name a person');
      const rubric = utf8('a rubric that names a person');
      const process = {
        guidelines: { name: 'Guidelines', version: '1', digest: digestOf(guidelines) },
        rubric: { name: 'Rubric', version: '1', digest: digestOf(rubric) },
      };
      const { draft, manifest, digest, files } = filesRecord(
        people.alice.did,
        { 'ada-lovelace.txt': 'hers' },
        { process },
      );
      const record = await log(registry, await signed(draft, people.alice));
      for (const blob of [manifest, guidelines, rubric]) expect((await putBlob(registry, blob)).status).toBe(201);
      const digests = [digest, digestOf(guidelines), digestOf(rubric)] as Digest[];
      for (const each of digests) expect(await statusOf(each)).toBe(200);
      expect(await sweep(), 'nothing is erased yet').toBe(0);

      await erase(record.id);
      for (const each of digests) {
        await expectProblem(await registry.fetch(`/v1/blobs/${each}`), [404, 'not-found', each]);
        const held = await registry.fetch(`/v1/blobs/${each}`, { headers: { 'If-None-Match': `"${each}"` } });
        expect(held.status, 'nor is a copy confirmed').toBe(404);
      }
      await expectProblem(await putBlob(registry, manifest), [403, 'not-referenced', digest]);
      expect(await sweep()).toBe(3);
      for (const each of digests) expect(await platform.blobs.size(each)).toBeNull();
      const index = createContentIndex(platform.content);
      expect(await index.has([digest])).toEqual(new Set());
      const lookup = await post(registry, '/v1/lookups', JSON.stringify({ digests: files }));
      expect(await lookup.json()).toMatchObject({ matches: [{ digest: files[0], records: [] }] });
      expect(await sweep(), 'it is done once').toBe(0);
    });

    it('leaves a blob that another living record names, and takes it with the last of them', async () => {
      const { draft, manifest, digest } = filesRecord(people.alice.did, { 'shared.txt': 'shared' });
      const first = await log(registry, await signed(draft, people.alice));
      const again = { ...draft, subject: { ...draft.subject, version: '2' } };
      const second = await log(registry, await signed(again, people.alice));
      await putBlob(registry, manifest);
      await erase(first.id);
      expect([await statusOf(digest), await sweep(), await statusOf(digest)]).toEqual([200, 0, 200]);
      await erase(second.id);
      expect([await statusOf(digest), await sweep(), await platform.blobs.size(digest)]).toEqual([404, 1, null]);
    });

    it('can be begun anew: what is named again may be uploaded again', async () => {
      const { draft, manifest, digest } = filesRecord(people.alice.did, { 'again.txt': 'again' });
      const first = await log(registry, await signed(draft, people.alice));
      await putBlob(registry, manifest);
      await erase(first.id);
      const again = { ...draft, subject: { ...draft.subject, version: '2' } };
      const second = await log(registry, await signed(again, people.alice));
      expect([await statusOf(digest), await sweep()], 'it was not gone yet').toEqual([200, 0]);
      await erase(second.id);
      await sweep();
      await log(registry, await signed({ ...draft, subject: { ...draft.subject, version: '3' } }, people.alice));
      expect(await statusOf(digest)).toBe(404);
      expect((await putBlob(registry, manifest)).status).toBe(201);
      expect(await statusOf(digest)).toBe(200);
    });

    it('takes a review’s ratings with the review', async () => {
      const ratings = utf8('{"row":"…","criterion":"tone","value":1}');
      const { id } = await log(registry, await signed(drafts.record(people.alice.did, 'rated'), people.alice));
      const draft = drafts.review(id, { ratings: digestOf(ratings) });
      const review = await log(registry, await signed(draft, people.bob));
      await putBlob(registry, ratings);
      expect(await statusOf(digestOf(ratings))).toBe(200);
      await log(registry, await signed(drafts.revocation(review.id, { erase: true }), people.bob));
      expect(await statusOf(digestOf(ratings))).toBe(404);
      expect(await sweep(), 'the ratings, and the rubric that nobody uploaded').toBe(2);
      expect(await platform.blobs.size(digestOf(ratings))).toBeNull();
      expect(await getJson(registry, `/v1/datasets/${id}`)).toMatchObject({ reviews: { accept: 0 } });
    });
  });
}
