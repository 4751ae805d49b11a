import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limits } from '../../schemas/limits.ts';
import { utf8 } from '../../protocol/bytes.ts';
import { digestFromBytes, digestOf } from '../../protocol/digest.ts';
import type { Draft } from '../../protocol/statement.ts';
import { drafts, idOf, signed } from '../support/statements.ts';
import { cast, expectProblem, filesRecord, getJson, log, post, putBlob, type Cast } from './client.ts';
import type { Endpoint, OpenEndpoint } from './harness.ts';

type Content = NonNullable<Draft<'DatasetRecord'>['subject']['content']>;

interface Matches {
  matches: { digest: string; records: string[] }[];
}

/** Blobs, and the look-ups that manifests make possible. */
export function describeBlobs(name: string, open: OpenEndpoint): void {
  describe(`blobs on ${name}`, () => {
    let registry: Endpoint;
    let people: Cast;
    const rubric = utf8('Score one point for each step that holds.\n');

    beforeAll(async () => {
      registry = await open();
      people = await cast(registry, 'blobs');
      const process = { rubric: { name: 'House rubric', version: '3', digest: digestOf(rubric) } };
      await log(registry, await signed(drafts.record(people.alice.did, 'with a rubric', { process }), people.alice));
      expect((await putBlob(registry, rubric)).status).toBe(201);
    });
    afterAll(() => registry.close());

    /** A record that declares something else of its content. */
    const claiming = (draft: Draft<'DatasetRecord'>, claim: Partial<Content>): Draft<'DatasetRecord'> => {
      const content = { ...draft.subject.content, ...claim } as Content;
      return { ...draft, subject: { ...draft.subject, id: content.root, content } };
    };
    /** A record that calls some blob its manifest. */
    const claimOf = (digest: string, manifestBytes: number): Draft<'DatasetRecord'> =>
      claiming(drafts.record(people.alice.did, 'claim'), { manifest: digest, manifestBytes });
    const versionOf = (draft: Draft<'DatasetRecord'>, version: string): Draft<'DatasetRecord'> => ({
      ...draft,
      subject: { ...draft.subject, version },
    });
    const lookup = async (digests: string[]): Promise<Matches> => {
      const response = await post(registry, '/v1/lookups', JSON.stringify({ digests }));
      expect(response.status).toBe(200);
      return (await response.json()) as Matches;
    };

    it('takes a manifest once its record is logged, and finds the record by its files', async () => {
      const { draft, manifest, digest, files } = filesRecord(people.alice.did, { 'a.txt': 'alpha', 'b/c.txt': 'beta' });
      await expectProblem(await putBlob(registry, manifest), [403, 'not-referenced', /submit the statement first/]);
      const record = await log(registry, await signed(draft, people.alice));
      expect((await lookup(files)).matches.map((match) => match.records)).toEqual([[], []]);
      expect((await putBlob(registry, manifest)).status).toBe(201);
      expect((await putBlob(registry, manifest)).status, 'again').toBe(200);
      const asked = [...files, digestOf('unknown'), files[0] as string];
      expect((await lookup(asked)).matches).toEqual([
        { digest: files[0], records: [record.id] },
        { digest: files[1], records: [record.id] },
        { digest: digestOf('unknown'), records: [] },
        { digest: files[0], records: [record.id] },
      ]);
      const served = await registry.fetch(`/v1/blobs/${digest}`);
      expect(new Uint8Array(await served.arrayBuffer())).toEqual(manifest);
    });

    it('finds a later record over the same manifest without another upload', async () => {
      const { draft, manifest, digest, files } = filesRecord(people.alice.did, { 'shared.txt': 'shared' });
      const first = await log(registry, await signed(draft, people.alice));
      await putBlob(registry, manifest);
      const second = await log(registry, await signed(versionOf(draft, '2.0.0'), people.alice));
      expect((await lookup(files)).matches[0]?.records).toEqual([first.id, second.id]);
      expect((await putBlob(registry, utf8('unread'), digest)).status, 'nothing is read again').toBe(200);
    });

    it('no longer finds a record that was erased', async () => {
      const { draft, manifest, files } = filesRecord(people.alice.did, { 'erased.txt': 'to be erased' });
      const erased = await log(registry, await signed(draft, people.alice));
      expect((await putBlob(registry, manifest)).status).toBe(201);
      const kept = await log(registry, await signed(versionOf(draft, '2.0.0'), people.alice));
      expect((await lookup(files)).matches[0]?.records).toEqual([erased.id, kept.id]);
      const revocation = drafts.revocation(erased.id, { reason: 'legal', erase: true });
      await log(registry, await signed(revocation, people.alice));
      expect((await lookup(files)).matches[0]?.records).toEqual([kept.id]);
    });

    it('finds nothing by records that name a manifest and do not fit it, however many came first', async () => {
      const { draft, manifest, files } = filesRecord(people.bob.did, { 'crowded.txt': 'crowded' });
      const { manifestBytes, root } = draft.subject.content as Content;
      const lies: Partial<Content>[] = [
        { root: digestOf('other') },
        { manifestBytes: manifestBytes + 1 },
        { manifestBytes: manifestBytes - 1 },
        { files: 2 },
        { rows: 1 },
        { bytes: 8 },
      ];
      for (const lie of lies) await log(registry, await signed(claiming(draft, { root, ...lie }), people.alice));
      await expectProblem(await putBlob(registry, manifest), [422, 'invalid-manifest', /content\.files 1,/]);
      const honest = await log(registry, await signed(draft, people.bob));
      expect((await putBlob(registry, manifest)).status).toBe(201);
      // Of 10,000 digests, each is answered with five records: fewer than the lies.
      const many = [...files, ...Array.from({ length: 9_999 }, (_, i) => digestOf(`crowd ${i}`))];
      expect((await lookup(many)).matches[0]?.records).toEqual([honest.id]);

      const versions = ['2', '3', '4', '5', '6', '7'].map((version) => versionOf(draft, version));
      for (const version of versions) await log(registry, await signed(version, people.bob));
      expect((await lookup(many)).matches[0]?.records).toHaveLength(5);
      expect((await lookup(files)).matches[0]?.records).toHaveLength(7);
    });

    it('takes guidelines that another’s record calls its manifest, whichever was logged first', async () => {
      for (const order of ['claim first', 'claim last']) {
        const bytes = utf8(`Guidelines, and the ${order}.\n`);
        const claim = await signed(claimOf(digestOf(bytes), bytes.length), people.alice);
        const process = { guidelines: { name: 'Guidelines', version: '1', digest: digestOf(bytes) } };
        const victim = await signed(drafts.record(people.bob.did, order, { process }), people.bob);
        if (order === 'claim first') {
          await log(registry, claim);
          await expectProblem(await putBlob(registry, bytes), [422, 'invalid-manifest', /line 1/]);
          await log(registry, victim);
        } else {
          await log(registry, victim);
          await log(registry, claim);
        }
        await expectProblem(await putBlob(registry, utf8('other'), digestOf(bytes)), [422, 'digest-mismatch', /hash/]);
        expect((await putBlob(registry, bytes)).status, order).toBe(201);
        expect((await putBlob(registry, bytes)).status, order).toBe(200);
      }
    });

    it('takes what is too large for a manifest where it is also named as something else', async () => {
      const bytes = new Uint8Array(limits.manifestBytes + 1).fill(0x20);
      const digest = digestFromBytes(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
      await log(registry, await signed(claimOf(digest, limits.manifestBytes), people.alice));
      await expectProblem(await putBlob(registry, bytes, digest), [413, 'too-large', `${limits.manifestBytes} bytes`]);
      const process = { guidelines: { name: 'Guidelines', version: '1', digest } };
      await log(registry, await signed(drafts.record(people.bob.did, 'large', { process }), people.bob));
      expect((await putBlob(registry, bytes, digest)).status).toBe(201);
      expect((await putBlob(registry, utf8('unread'), digest)).status).toBe(200);
    });

    it('indexes a manifest that was stored as something else, once it is put again', async () => {
      const { draft, manifest, digest, files } = filesRecord(people.alice.did, { 'late.txt': 'late' });
      const process = { guidelines: { name: 'Guidelines', version: '1', digest } };
      await log(registry, await signed(drafts.record(people.bob.did, 'early', { process }), people.bob));
      expect((await putBlob(registry, manifest)).status).toBe(201);
      const record = await log(registry, await signed(draft, people.alice));
      expect((await putBlob(registry, manifest)).status).toBe(200);
      expect((await lookup(files)).matches[0]?.records).toEqual([record.id]);
    });

    it('refuses a manifest that is not the record’s, and keeps nothing', async () => {
      const { draft, manifest, digest, files } = filesRecord(people.alice.did, { 'a.txt': 'not its root' });
      await log(registry, await signed(claiming(draft, { root: digestOf('other') }), people.alice));
      await expectProblem(await putBlob(registry, manifest), [422, 'invalid-manifest', /content\.root/]);
      await expectProblem(await registry.fetch(`/v1/blobs/${digest}`), [404, 'not-found', digest]);

      // Whoever names another's manifest first, in a record that it does not fit, keeps nobody from uploading it.
      const honest = await log(registry, await signed(draft, people.bob));
      expect((await putBlob(registry, manifest)).status).toBe(201);
      expect((await lookup(files)).matches[0]?.records).toEqual([honest.id]);
    });

    it('refuses a file that claims to be a manifest', async () => {
      const bytes = utf8('{"firsthand":"manifest/v1"}\n{"path":"../etc/passwd"}\n');
      await log(registry, await signed(claimOf(digestOf(bytes), bytes.length), people.alice));
      await expectProblem(await putBlob(registry, bytes), [422, 'invalid-manifest', /line 2/]);
    });

    it.each([
      ['other bytes than the digest says', 'other'],
      ['no bytes', ''],
    ])('refuses %s, and keeps nothing', async (what, text) => {
      const digest = digestOf(what);
      const process = { guidelines: { name: 'Guidelines', version: '1', digest } };
      await log(registry, await signed(drafts.record(people.alice.did, what, { process }), people.alice));
      await expectProblem(await putBlob(registry, utf8(text), digest), [422, 'digest-mismatch', digest]);
      await expectProblem(await registry.fetch(`/v1/blobs/${digest}`), [404, 'not-found', digest]);
      expect((await putBlob(registry, utf8(what))).status, 'the right bytes are still welcome').toBe(201);
    });

    it('refuses a manifest larger than its record declares', async () => {
      const { draft, manifest, digest } = filesRecord(people.alice.did, { 'a.txt': 'larger' });
      await log(registry, await signed(draft, people.alice));
      const larger = utf8('x'.repeat(manifest.length + 1));
      await expectProblem(await putBlob(registry, larger, digest), [413, 'too-large', `${manifest.length} bytes`]);
    });

    it('refuses a digest that is none, and does not know one that is nowhere named', async () => {
      await expectProblem(await putBlob(registry, rubric, 'sha256:00'), [400, 'invalid-request', '/digest']);
      await expectProblem(await registry.fetch('/v1/blobs/..%2f..%2fkeys'), [400, 'invalid-request', '/digest']);
      await expectProblem(await putBlob(registry, rubric, idOf('nowhere')), [403, 'not-referenced', idOf('nowhere')]);
      await expectProblem(await registry.fetch(`/v1/blobs/${idOf('nowhere')}`), [404, 'not-found', idOf('nowhere')]);
    });

    it('does not ask for the manifest of withheld content', async () => {
      const { draft, manifest } = filesRecord(people.alice.did, { 'a.txt': 'withheld' });
      const content = { ...draft.subject.content, visibility: 'withheld' } as NonNullable<typeof draft.subject.content>;
      await log(registry, await signed({ ...draft, subject: { ...draft.subject, content } }, people.alice));
      await expectProblem(await putBlob(registry, manifest), [403, 'not-referenced', /no logged statement names/]);
    });

    const size = rubric.length;
    it.each([
      ['bytes=0-4', 0, 5],
      ['bytes=5-', 5, size - 5],
      ['bytes=-4', size - 4, 4],
      ['bytes=-9999', 0, size],
      [`bytes=3-${size + 50}`, 3, size - 3],
      [`bytes=${size - 1}-${size - 1}`, size - 1, 1],
    ])('serves the range %s', async (range, offset, length) => {
      const response = await registry.fetch(`/v1/blobs/${digestOf(rubric)}`, { headers: { Range: range } });
      expect(response.status).toBe(206);
      expect(response.headers.get('Content-Range')).toBe(`bytes ${offset}-${offset + length - 1}/${size}`);
      expect(new Uint8Array(await response.arrayBuffer())).toEqual(rubric.slice(offset, offset + length));
    });

    it('serves a range of what the caller holds the rest of, and of anything else the whole (If-Range)', async () => {
      const etag = `"${digestOf(rubric)}"`;
      for (const [held, status] of [
        [etag, 206],
        [`W/${etag}`, 200],
        [`"${digestOf('other')}"`, 200],
        ['Sat, 21 Nov 2026 08:00:00 GMT', 200],
      ] as const) {
        const headers = { Range: 'bytes=0-4', 'If-Range': held };
        const response = await registry.fetch(`/v1/blobs/${digestOf(rubric)}`, { headers });
        expect(response.status, held).toBe(status);
        expect((await response.arrayBuffer()).byteLength).toBe(status === 206 ? 5 : size);
      }
    });

    it.each([`bytes=${size}-`, 'bytes=9999-10000', 'bytes=-0'])('answers 416 to %s, with the size', async (range) => {
      const response = await registry.fetch(`/v1/blobs/${digestOf(rubric)}`, { headers: { Range: range } });
      expect(response.status).toBe(416);
      expect(response.headers.get('Content-Range')).toBe(`bytes */${size}`);
      expect(await response.text()).toBe('');
    });

    it.each([
      'bytes=',
      'bytes=-',
      'bytes=a-b',
      'lines=0-1',
      'bytes=0-1,3-4',
      'bytes 0-1',
      'bytes=9999999999999999999-',
    ])('ignores the malformed or manifold range %j', async (range) => {
      const response = await registry.fetch(`/v1/blobs/${digestOf(rubric)}`, { headers: { Range: range } });
      expect(response.status).toBe(200);
      expect(new Uint8Array(await response.arrayBuffer())).toEqual(rubric);
    });

    it('answers HEAD with the size, 304 to who has it, and lets it be cached for five minutes', async () => {
      const path = `/v1/blobs/${digestOf(rubric)}`;
      const head = await registry.fetch(path, { method: 'HEAD' });
      expect([head.status, head.headers.get('Content-Length'), head.headers.get('Accept-Ranges')]).toEqual([
        200,
        String(size),
        'bytes',
      ]);
      expect(head.headers.get('Cache-Control')).toBe('public, max-age=300');
      expect(await head.text()).toBe('');
      const held = await registry.fetch(path, { headers: { 'If-None-Match': head.headers.get('ETag') as string } });
      expect(held.status).toBe(304);
    });

    it('takes one of many uploads at once, and answers them all', async () => {
      const bytes = new Uint8Array(1024 * 1024).fill(0x61);
      const process = { guidelines: { name: 'Guidelines', version: '1', digest: digestOf(bytes) } };
      await log(registry, await signed(drafts.record(people.alice.did, 'many at once', { process }), people.alice));
      const statuses = await Promise.all(
        Array.from({ length: 4 }, async () => (await putBlob(registry, bytes)).status),
      );
      expect(
        statuses.every((status) => status === 200 || status === 201),
        String(statuses),
      ).toBe(true);
      const served = await registry.fetch(`/v1/blobs/${digestOf(bytes)}`);
      expect(new Uint8Array(await served.arrayBuffer())).toEqual(bytes);
    });

    it('looks up 10,000 digests, and refuses more, none, or what is no digest', async () => {
      const digests = Array.from({ length: 10_000 }, (_, i) => digestOf(`file ${i}`));
      expect((await lookup(digests)).matches).toHaveLength(10_000);
      const ask = (value: unknown) => post(registry, '/v1/lookups', JSON.stringify(value));
      await expectProblem(await ask({ digests: [...digests, digestOf('one more')] }), [
        400,
        'invalid-request',
        /\/digests .*10000/,
      ]);
      await expectProblem(await ask({ digests: [] }), [400, 'invalid-request', '/digests']);
      await expectProblem(await ask({ digests: ['md5:00'] }), [400, 'invalid-request', '/digests/0']);
      await expectProblem(await ask({ digests, extra: 1 }), [400, 'invalid-request', 'unknown field "extra"']);
      await expectProblem(await ask([]), [400, 'invalid-request', '/']);
      await expectProblem(await post(registry, '/v1/lookups', '{"digests":[]', {}), [
        415,
        'unsupported-media-type',
        'application/json',
      ]);
      await expectProblem(await post(registry, '/v1/lookups', '{"digests":['), [400, 'invalid-json', 'JSON']);
      await expectProblem(await post(registry, '/v1/lookups', ' '.repeat(900_000)), [413, 'too-large', '800000 bytes']);
    });

    it('says the limits where clients look for them', async () => {
      const { limits } = await getJson<{ limits: Record<string, number> }>(registry, '/.well-known/firsthand.json');
      expect(limits).toMatchObject({ lookupDigests: 10_000, statementBytes: 65_536, batchStatements: 500, page: 100 });
    });
  });
}
