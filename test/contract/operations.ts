import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limits } from '../../schemas/limits.ts';
import { utf8 } from '../../protocol/bytes.ts';
import { digestOf } from '../../protocol/digest.ts';
import { drafts, nullifierOf, signed } from '../support/statements.ts';
import {
  batch,
  cast,
  expectProblem,
  getJson,
  linesOf,
  log,
  NDJSON_TYPE,
  post,
  putBlob,
  sizeOf,
  submit,
  type Cast,
  type Line,
} from './client.ts';
import type { OpenRegistry, Registry } from './harness.ts';

/** How it bears up: faults, and what it writes down. */
export function describeOperations(name: string, open: OpenRegistry): void {
  describe(`operations on ${name}`, () => {
    let registry: Registry;
    let people: Cast;
    beforeAll(async () => {
      registry = await open({ rateLimit: 60 });
      people = await cast(registry, 'operations');
    });
    afterAll(() => registry.close());

    /** A minute later, every key may submit again. */
    const rest = (): void => registry.setNow(registry.now() + 60_000);

    it('says nothing of what broke, answers 500 and 503, and goes on once it is mended', async () => {
      rest();
      const record = await signed(drafts.record(people.alice.did, 'while broken'), people.alice);
      registry.setBroken(true);
      const reads = [
        '/healthz',
        '/v1/changes',
        '/v1/datasets',
        '/log/checkpoint',
        `/v1/statements/${record.id}`,
        '/v1/status/0',
        `/v1/datasets/${record.id}/certificate`,
      ];
      for (const path of reads) {
        const response = await registry.fetch(path);
        const id = response.headers.get('X-Request-Id') as string;
        const problem = await expectProblem(response, [500, 'internal', id]);
        expect(JSON.stringify(problem)).not.toMatch(/database|secret|\/var|Error:/);
        const logged = registry.events.find(({ event, requestId }) => event === 'error' && requestId === id);
        expect(logged?.['message']).toContain('/var/secret/place');
      }
      const refused = await expectProblem(await submit(registry, record), [503, 'unavailable', /Submit it again/]);
      expect(JSON.stringify(refused)).not.toMatch(/secret|\/var/);
      registry.setBroken(false);
      expect((await submit(registry, record)).status).toBe(201);
      expect((await registry.fetch('/v1/status/0')).status, 'no failure is remembered').toBe(200);
    });

    it('recovers at once from a failure while it signs a status list', async () => {
      rest();
      const record = await log(registry, await signed(drafts.record(people.alice.did, 'status'), people.alice));
      // The list is asked for after the checkpoint was read, so that only the second of the two queries fails.
      const path = `/v1/datasets/${record.id}/certificate`;
      const answers = Promise.all([registry.fetch(path), registry.fetch('/v1/status/0')]);
      registry.setBroken(true);
      for (const response of await answers) await response.arrayBuffer();
      registry.setBroken(false);
      for (const url of [path, '/v1/status/0']) expect((await registry.fetch(url)).status, url).toBe(200);
    });

    it('keeps nothing of an upload that breaks off, whatever it was', async () => {
      rest();
      const bytes = utf8('a blob that does not arrive whole');
      const process = { guidelines: { name: 'Guidelines', version: '1', digest: digestOf(bytes) } };
      const draft = drafts.record(people.alice.did, 'broken upload', { process });
      await log(registry, await signed(draft, people.alice));
      const manifest = draft.subject.content as { manifest: string; manifestBytes: number };
      const uploads = [
        [digestOf(bytes), bytes.length, /digest-mismatch/],
        [manifest.manifest, manifest.manifestBytes, /invalid-request/],
      ] as const;
      for (const [digest, length, code] of uploads) {
        const body = new ReadableStream({
          start: (controller) => controller.enqueue(bytes.slice(0, 5)),
          pull: (controller) => controller.error(new Error('the sender has gone')),
        });
        const init = { method: 'PUT', headers: { 'Content-Length': String(length) }, body, duplex: 'half' };
        const response = await registry.fetch(`/v1/blobs/${digest}`, init);
        expect(((await response.json()) as { code: string }).code).toMatch(code);
        expect((await registry.fetch(`/v1/blobs/${digest}`)).status).toBe(404);
      }
      expect((await putBlob(registry, bytes)).status).toBe(201);
    });

    it.each([1, 10])('does not believe a Content-Length that is %i', async (declared) => {
      rest();
      const record = await signed(drafts.record(people.alice.did, 'lying length'), people.alice);
      const size = await sizeOf(registry);
      const send = (body: string, type: string) =>
        post(registry, '/v1/statements', body, { 'Content-Type': type, 'Content-Length': String(declared) });
      await expectProblem(await send(record.canonical + ' '.repeat(limits.statementBytes), 'application/json'), [
        413,
        'too-large',
        '65536',
      ]);
      await expectProblem(await send(' '.repeat(limits.batchBytes + 1), 'application/x-ndjson'), [
        413,
        'too-large',
        '4194304',
      ]);
      expect(await sizeOf(registry)).toBe(size);
      const process = { guidelines: { name: 'Guidelines', version: '1', digest: digestOf(`lie ${declared}`) } };
      await log(registry, await signed(drafts.record(people.alice.did, 'lying upload', { process }), people.alice));
      for (const lie of [declared, 1000]) {
        const response = await putBlob(registry, utf8(`lie ${declared}`), digestOf(`lie ${declared}`), {
          'Content-Length': String(lie),
        });
        await expectProblem(response, [422, 'digest-mismatch', 'nothing was kept']);
      }
      const endless = await putBlob(registry, utf8('x'), digestOf(`lie ${declared}`), {
        'Content-Length': String(limits.blobBytes + 1),
      });
      await expectProblem(endless, [413, 'too-large', String(limits.blobBytes)]);
    });

    it('writes down requests, and no body, query, nullifier or key of what passed through', async () => {
      rest();
      const text = 'words of a body';
      const person = 'someone whose nullifier is theirs';
      await log(registry, await signed(drafts.credential(people.stranger.did, person), people.issuer));
      await log(registry, await signed(drafts.record(people.alice.did, text), people.alice));
      await submit(registry, `{"${text}`);
      await registry.fetch(`/v1/datasets?q=${encodeURIComponent('who asks for this')}`);
      await registry.fetch('/v1/datasets?nonsense=hidden');
      await post(registry, '/v1/lookups', JSON.stringify({ digests: [digestOf('looked up')] }));
      const written = JSON.stringify(registry.events);
      expect(registry.events.length).toBeGreaterThan(50);
      for (const secret of [
        text,
        'who asks',
        'who%20asks',
        'hidden',
        nullifierOf(person),
        digestOf('looked up'),
        'credentialSubject',
        people.stranger.did,
      ]) {
        expect(written).not.toContain(secret);
      }
      const [last] = registry.events.filter(({ event }) => event === 'request').slice(-1);
      expect(last).toMatchObject({
        method: 'POST',
        path: '/v1/lookups',
        status: 200,
        requestId: expect.any(String) as string,
        ms: expect.any(Number) as number,
      });
      await getJson(registry, '/healthz');
    });

    it('describes every route that it has, but for the description’s own', async () => {
      const { paths } = await getJson<{ paths: Record<string, object> }>(registry, '/openapi.json');
      const described = Object.entries(paths).flatMap(([path, operations]) =>
        Object.keys(operations).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
      );
      const docs = ['', '/start.js', '/swagger-ui.css', '/swagger-ui-bundle.js'].map((file) => `/docs${file}`);
      const own = ['/openapi.json', ...docs].map((path) => `GET ${path}`);
      const routes = registry.routes
        .filter(({ method }) => method !== 'ALL' && method !== 'OPTIONS')
        .map(({ method, path }) => `${method} ${path.replace('/log/tile/*', '/log/tile/:tile')}`);
      expect(routes.toSorted()).toEqual([...described, ...own].toSorted());
    });

    it('reads a receipt with as few queries in a log of hundreds as in one of few', async () => {
      rest();
      const count = async (id: string): Promise<number> => {
        const before = registry.queries();
        await (await registry.fetch(`/v1/statements/${id}/receipt`)).text();
        return registry.queries() - before;
      };
      const few = await count(people.credential.id);
      for (let round = 0; round < 5; round++) {
        rest();
        await batch(
          registry,
          await Promise.all(
            Array.from({ length: 60 }, (_, i) =>
              signed(drafts.record(people.alice.did, `many ${round} ${i}`), people.alice),
            ),
          ),
        );
      }
      expect(await count(people.credential.id)).toBe(few);
      expect(few).toBeLessThanOrEqual(3);
    });
  });
}

/** The bound of the sequencer's pool. It takes 64 MiB of statements to reach, so one platform must do. */
export function describeFlood(name: string, open: OpenRegistry): void {
  describe(`a flood on ${name}`, () => {
    it('is refused once the pool is full, and what was taken is logged', async () => {
      const registry = await open();
      const people = await cast(registry, 'flood');
      const derivedFrom = Array.from({ length: 29 }, (_, i) => ({
        url: `https://example.com/${i}/${'a'.repeat(2000)}`,
        license: 'MIT',
        relation: 'filtered' as const,
      }));
      const large = await log(
        registry,
        await signed(drafts.record(people.alice.did, 'large', { derivedFrom }), people.alice),
      );
      const small = await signed(drafts.record(people.bob.did, 'small'), people.bob);
      const late = await signed(drafts.record(people.bob.did, 'late'), people.bob);
      const commits = registry.holdCommits();
      const first = submit(registry, small);
      await commits.reached;
      // 64 MiB may wait for the commit that is in flight.
      const count = Math.floor((limits.batchBytes - 100) / (large.canonical.length + 1));
      const body = `${large.canonical}\n`.repeat(count);
      const waiting = Array.from({ length: 17 }, () => post(registry, '/v1/statements', body, NDJSON_TYPE));
      const outcomes: Line[][] = [];
      for (const each of waiting) void each.then(async (response) => outcomes.push(await linesOf(response)));
      await expect.poll(() => outcomes.length, { timeout: 30_000 }).toBeGreaterThan(0);
      expect(outcomes.flat().every(({ status, code }) => status === 429 && code === 'overloaded')).toBe(true);
      const response = await post(registry, '/v1/statements', body, NDJSON_TYPE);
      expect((await linesOf(response))[0]).toMatchObject({
        status: 429,
        code: 'overloaded',
        detail: expect.stringContaining('try again') as string,
      });
      expect((await registry.fetch('/healthz')).status, 'reading goes on').toBe(200);
      commits.release();
      expect((await first).status).toBe(201);
      await Promise.all(waiting);
      await expect.poll(() => outcomes.length).toBe(17);
      expect(new Set(outcomes.flat().map(({ status }) => status))).toEqual(new Set([200, 429]));
      expect((await submit(registry, late)).status).toBe(201);
      await registry.close();
    });
  });
}
