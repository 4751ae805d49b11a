import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChangesPage, type Change } from '../../schemas/api.ts';
import { parseEntry, decodeBundle } from '../../protocol/log/entry.ts';
import { tilePath, tileWidth } from '../../protocol/log/tile.ts';
import { drafts, signed } from '../support/statements.ts';
import { batch, cast, expectProblem, getJson, log, sizeOf, type Cast } from './client.ts';
import type { Endpoint, OpenEndpoint, OpenRegistry, Registry } from './harness.ts';

const pageOf = async (of: Endpoint, query: string, init?: RequestInit): Promise<ChangesPage> => {
  const response = await of.fetch(`/v1/changes?${query}`, init);
  const text = await response.text();
  expect(response.status, text).toBe(200);
  expect(response.headers.get('Cache-Control')).toBe('no-store');
  return ChangesPage.parse(JSON.parse(text));
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The log as followers read it. */
export function describeChanges(name: string, open: OpenEndpoint): void {
  describe(`changes on ${name}`, () => {
    let registry: Endpoint;
    let people: Cast;
    let count = 0;

    beforeAll(async () => {
      registry = await open();
      people = await cast(registry, 'changes');
    });
    afterAll(() => registry.close());

    const records = (many: number) =>
      Promise.all(
        Array.from({ length: many }, () => signed(drafts.record(people.alice.did, `change ${++count}`), people.alice)),
      );

    /** Reads on from `after` until `size`. */
    async function follow(after: number, size: () => number, query: string): Promise<Change[]> {
      const seen: Change[] = [];
      while (after < size()) {
        const page = await pageOf(registry, `after=${after}&${query}`);
        expect(page.next).toBe(after + page.changes.length);
        seen.push(...page.changes);
        after = page.next;
      }
      return seen;
    }

    it('pages through every entry in order, as the log has them', async () => {
      await batch(registry, await records(130));
      const size = await sizeOf(registry);
      const seen = await follow(0, () => size, 'limit=97');
      expect(seen.map(({ index }) => index)).toEqual(Array.from({ length: size }, (_, i) => i));
      expect(seen[0]).toMatchObject({ kind: 'Accreditation', issuer: registry.operator.did });
      const tile = tilePath({ level: 'entries', index: 0, width: tileWidth('entries', 0, size) });
      const bundle = new Uint8Array(await (await registry.fetch(`/log/${tile}`)).arrayBuffer());
      for (const [index, text] of (decodeBundle(bundle) ?? []).entries()) {
        expect(parseEntry(text)).toEqual({
          id: seen[index]?.id,
          kind: seen[index]?.kind,
          loggedAt: seen[index]?.loggedAt,
        });
      }
    });

    it('answers an empty page at the end, and beyond it', async () => {
      const size = await sizeOf(registry);
      for (const after of [size, size + 1000, Number.MAX_SAFE_INTEGER]) {
        expect(await pageOf(registry, `after=${after}`)).toEqual({ changes: [], next: after });
      }
    });

    it('says what each statement is about, and nothing of what it holds', async () => {
      const size = await sizeOf(registry);
      const record = await log(registry, await signed(drafts.record(people.alice.did, `old ${size}`), people.alice));
      const next = drafts.record(people.alice.did, `new ${size}`, { version: '2.0.0', replaces: record.id });
      const revision = await log(registry, await signed(next, people.alice));
      const parts = drafts.composition(people.publisher.did, [record.id, revision.id].toSorted());
      await log(registry, await signed(parts, people.publisher));
      await log(registry, await signed(drafts.review(record.id), people.bob));
      await log(registry, await signed(drafts.grant(people.bob.did, record.id), people.alice));
      await log(registry, await signed(drafts.revocation(record.id), people.alice));
      const { changes } = await pageOf(registry, `after=${size}`);
      expect(changes.map(({ kind, issuer, targets }) => [kind, issuer, targets])).toEqual([
        ['DatasetRecord', people.alice.did, []],
        ['DatasetRecord', people.alice.did, [{ relation: 'replaces', id: record.id }]],
        ['DatasetRecord', people.publisher.did, []],
        ['ReviewRecord', people.bob.did, [{ relation: 'reviews', id: record.id }]],
        ['RightsGrant', people.alice.did, [{ relation: 'grants', id: record.id }]],
        ['Revocation', people.alice.did, [{ relation: 'revokes', id: record.id }]],
      ]);
      const { index } = people.credential;
      const [credential] = (await pageOf(registry, `after=${index}&limit=1`)).changes;
      expect(credential?.targets).toEqual([{ relation: 'attests', id: people.alice.did }]);
      const [accreditation] = (await pageOf(registry, `after=${people.accreditation.index}&limit=1`)).changes;
      expect(accreditation?.targets).toEqual([{ relation: 'accredits', id: people.issuer.did }]);
    });

    it('says no more of an erased statement who signed it, or what it was about', async () => {
      const size = await sizeOf(registry);
      const eve = await signed(drafts.credential(people.stranger.did, `Erased ${size}`), people.issuer);
      await log(registry, eve);
      const erasure = drafts.revocation(eve.id, { erase: true, reason: 'legal' });
      await log(registry, await signed(erasure, registry.operator));
      const { changes } = await pageOf(registry, `after=${size}`);
      expect(changes[0]).toMatchObject({ id: eve.id, kind: 'HumanCredential', issuer: null, targets: [] });
      expect(changes[1]).toMatchObject({ kind: 'Revocation', targets: [{ relation: 'revokes', id: eve.id }] });
      expect(JSON.stringify(changes)).not.toContain(people.stranger.did);
    });

    it('holds an empty answer back until there is an entry', async () => {
      const size = await sizeOf(registry);
      const start = Date.now();
      const waiting = pageOf(registry, `after=${size}&wait=20`);
      await pause(200);
      const [record] = await records(1);
      await log(registry, record as NonNullable<typeof record>);
      const { changes } = await waiting;
      expect(changes.map(({ id }) => id)).toEqual([record?.id]);
      expect(Date.now() - start, 'long before the time was up').toBeLessThan(5000);
    });

    it('waits no longer than asked, and not at all where there is something', async () => {
      const size = await sizeOf(registry);
      const start = Date.now();
      expect(await pageOf(registry, `after=${size}&wait=1`)).toEqual({ changes: [], next: size });
      expect(Date.now() - start).toBeGreaterThanOrEqual(990);
      const { changes } = await pageOf(registry, `after=${size - 1}&wait=20`);
      expect(changes).toHaveLength(1);
      expect(Date.now() - start).toBeLessThan(10_000);
    });

    it('leaves nothing out and says nothing twice while commits race', async () => {
      const size = await sizeOf(registry);
      const groups = await Promise.all(Array.from({ length: 12 }, (_, i) => records(1 + (i % 7))));
      const expected = size + groups.flat().length;
      const followers = ['limit=3&wait=5', 'limit=100&wait=5', 'limit=1&wait=1'].map((query) =>
        follow(size, () => expected, query),
      );
      for (const group of groups) {
        await batch(registry, group);
        await pause(5);
      }
      for (const seen of await Promise.all(followers)) {
        expect(seen.map(({ index }) => index)).toEqual(Array.from({ length: expected - size }, (_, i) => size + i));
        expect(seen.map(({ id }) => id)).toEqual(groups.flat().map(({ id }) => id));
      }
    });

    it.each([
      ['after=-1', '/after'],
      ['after=x', '/after'],
      ['after=0x10', '/after .* decimal digits'],
      ['after=%205', '/after'],
      ['after=5%20', '/after'],
      ['after=%2B5', '/after'],
      ['after=', '/after'],
      ['after=1e3', '/after'],
      ['after=05', '/after'],
      ['after=1.0', '/after'],
      ['after=9007199254740992', '/after'],
      ['after=%D9%A1', '/after'],
      ['after=1&after=2', '/after is given twice'],
      ['limit=0', '/limit'],
      ['limit=101', '/limit'],
      ['limit=1e1', '/limit'],
      ['wait=26', '/wait'],
      ['wait=-1', '/wait'],
      ['wait=1.5', '/wait'],
      ['wait=true', '/wait'],
      ['since=1', 'since'],
    ])('refuses changes?%s, naming the parameter', async (query, names) => {
      await expectProblem(await registry.fetch(`/v1/changes?${query}`), [400, 'invalid-request', new RegExp(names)]);
    });

    const key = `did:key:z6Mk${'1'.repeat(44)}`;
    it.each([
      'datasets',
      `issuers/${key}/credentials`,
      'issuers',
      'contributors/did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2',
    ])('refuses numbers of %s that are none, and two of them, as well', async (path) => {
      // Issuers are paged by key.
      const after = path === 'issuers' ? [] : ['after=0x10', 'after=1&after=2'];
      for (const query of [...after, 'limit=%205', 'limit=', 'limit=1&limit=2']) {
        const names = query.startsWith('after') ? '/after' : '/limit';
        await expectProblem(await registry.fetch(`/v1/${path}?${query}`), [400, 'invalid-request', names]);
      }
    });

    it('describes its numbers as such', async () => {
      const { paths } = await getJson<{
        paths: Record<string, { get: { parameters: { name: string; schema: object }[] } }>;
      }>(registry, '/openapi.json');
      const described = paths['/v1/changes']?.get.parameters.map(({ name, schema }) => [name, schema]);
      expect(Object.fromEntries(described ?? [])).toMatchObject({
        after: { type: 'integer', minimum: 0, default: 0 },
        limit: { type: 'integer', minimum: 1, maximum: 100, default: 20 },
        wait: { type: 'integer', minimum: 0, maximum: 25, default: 0 },
      });
    });
  });
}

/** What waiting costs. The registries under test have four seats. */
export function describeWaiting(name: string, open: OpenRegistry): void {
  describe(`waiting on ${name}`, () => {
    let registry: Registry;
    let people: Cast;

    beforeAll(async () => {
      registry = await open();
      people = await cast(registry, 'waiting');
    });
    afterAll(() => registry.close());

    const isSettled = async (promise: Promise<unknown>): Promise<boolean> =>
      Promise.race([promise.then(() => true), pause(300).then(() => false)]);

    it('lets so many wait and answers the others at once; none of them asks the database meanwhile', async () => {
      const size = await sizeOf(registry);
      const wait = (): Promise<ChangesPage> => pageOf(registry, `after=${size}&wait=20`);
      const seated = [wait(), wait(), wait(), wait()];
      await pause(100);
      const queries = registry.queries();
      expect(await wait(), 'the fifth').toEqual({ changes: [], next: size });
      expect(registry.queries() - queries, 'looks, and looks again').toBe(2);
      expect(await isSettled(Promise.race(seated))).toBe(false);
      expect(registry.queries() - queries).toBe(2);
      await log(registry, await signed(drafts.record(people.alice.did, `for four of ${size}`), people.alice));
      for (const page of await Promise.all(seated)) expect(page.changes).toHaveLength(1);
    });

    it('gives the seats of those who went away to others', async () => {
      const size = await sizeOf(registry);
      const gone = new AbortController();
      const leaving = Array.from({ length: 4 }, () =>
        pageOf(registry, `after=${size}&wait=20`, { signal: gone.signal }).catch(() => null),
      );
      await pause(100);
      gone.abort();
      await Promise.all(leaving);
      const next = pageOf(registry, `after=${size}&wait=20`);
      expect(await isSettled(next)).toBe(false);
      await log(registry, await signed(drafts.record(people.alice.did, `for the next of ${size}`), people.alice));
      expect((await next).changes).toHaveLength(1);
    });

    it('answers those who wait for what is far ahead only when their time is up', async () => {
      const size = await sizeOf(registry);
      const far = pageOf(registry, `after=${size + 5}&wait=1`);
      await log(registry, await signed(drafts.record(people.alice.did, `near ${size}`), people.alice));
      expect(await isSettled(far)).toBe(false);
      expect(await far).toEqual({ changes: [], next: size + 5 });
    });
  });
}
