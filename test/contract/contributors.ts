import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Contributor, IssuersPage, type Issuer } from '../../schemas/people.ts';
import type { Did } from '../../schemas/primitives.ts';
import { drafts, nullifierOf, signed, signerOf } from '../support/statements.ts';
import { cast, expectProblem, getJson, log, type Cast } from './client.ts';
import type { Endpoint, OpenEndpoint } from './harness.ts';

/** Profiles of contributors, and the list of issuers. */
export function describeContributors(name: string, open: OpenEndpoint): void {
  describe(`contributors on ${name}`, () => {
    let registry: Endpoint;
    let people: Cast;
    beforeAll(async () => {
      registry = await open();
      people = await cast(registry, 'contributors');
    });
    afterAll(() => registry.close());

    const profile = async (did: Did, query = ''): Promise<Contributor> =>
      Contributor.parse(await getJson(registry, `/v1/contributors/${did}${query}`));
    const issuers = async (query = ''): Promise<IssuersPage> =>
      IssuersPage.parse(await getJson(registry, `/v1/issuers${query}`));
    const issuer = async (did: Did): Promise<Issuer | undefined> => {
      for (let after = ''; ;) {
        const page = await issuers(`?limit=100${after}`);
        const found = page.issuers.find((each) => each.did === did);
        if (found !== undefined || page.next === null) return found;
        after = `&after=${page.next}`;
      }
    };

    it('shows a key’s credentials with their standing, and no nullifier', async () => {
      const { issuer: signer, alice, credential } = people;
      const expertise = [{ field: 'radiology', basis: 'professional-licence', jurisdiction: 'US-CA' }];
      const second = await log(
        registry,
        await signed(drafts.credential(alice.did, 'contributors: Alice', { expertise }), signer),
      );
      const revocation = await log(registry, await signed(drafts.revocation(second.id), signer));
      const response = await registry.fetch(`/v1/contributors/${alice.did}`);
      expect(response.headers.get('Cache-Control')).toBe('public, max-age=5');
      const text = await response.text();
      expect(text).not.toContain('nullifier');
      expect(text).not.toContain(nullifierOf('contributors: Alice'));
      expect(Contributor.parse(JSON.parse(text)).credentials).toMatchObject([
        {
          id: credential.id,
          index: credential.index,
          issuer: signer.did,
          verification: { framework: 'nist-800-63-4', level: 'IAL2', method: 'remote-document+liveness' },
          expertise: [],
          standing: { state: 'active', because: null },
        },
        { id: second.id, expertise, standing: { state: 'revoked', because: revocation.id } },
      ]);
    });

    it('counts records by standing and effective assistance, the newest first, in pages', async () => {
      const bob = await signerOf('contributors: prolific');
      await log(registry, await signed(drafts.credential(bob.did, 'contributors: prolific'), people.issuer));
      const records = [];
      for (const level of ['none', 'editing', 'synthetic', 'none', 'none'] as const) {
        const draft = drafts.record(bob.did, `contributors ${records.length}`, {
          authorship: { role: 'author', assistance: { level } },
        });
        records.push(await log(registry, await signed(draft, bob)));
      }
      const [first, second, synthetic, fourth, fifth] = records as [
        (typeof records)[0],
        (typeof records)[0],
        (typeof records)[0],
        (typeof records)[0],
        (typeof records)[0],
      ];
      const whole = await log(
        registry,
        await signed(drafts.composition(bob.did, [first.id, synthetic.id].toSorted()), bob),
      );
      await log(registry, await signed(drafts.revocation(second.id), bob));
      await log(registry, await signed(drafts.revocation(fourth.id, { erase: true }), bob));
      const next = await log(
        registry,
        await signed(drafts.record(bob.did, 'contributors next', { replaces: fifth.id }), bob),
      );
      const { records: all } = await profile(bob.did);
      expect(all).toMatchObject({
        total: 7,
        counted: 7,
        byStanding: { active: 5, revoked: 1, erased: 1 },
        byAssistance: { none: 3, editing: 1, synthetic: 2 },
        next: null,
      });
      const order = [next, whole, fifth, fourth, synthetic, second, first].map(({ id }) => id);
      expect(all.newest.map(({ id }) => id)).toEqual(order);
      expect(all.newest[1]).toMatchObject({ state: 'active', said: { name: 'Composition', assistance: 'synthetic' } });
      expect(all.newest[2]).toMatchObject({ state: 'active', supersededBy: next.id });
      expect(all.newest[3]).toMatchObject({ id: fourth.id, state: 'erased', said: null });
      const paged: string[] = [];
      for (let after = ''; ;) {
        const { records: page } = await profile(bob.did, `?limit=2${after}`);
        expect(page).toMatchObject({ total: 7, counted: 7, byStanding: all.byStanding });
        paged.push(...page.newest.map(({ id }) => id));
        if (page.next === null) break;
        after = `&after=${page.next}`;
      }
      expect(paged).toEqual(order);
    });

    it('does not tell whose an erased credential was; an erased record is there without what it said', async () => {
      const erin = await signerOf('contributors: erased');
      const lawful = { reason: 'legal', erase: true } as const;
      const first = await log(registry, await signed(drafts.credential(erin.did, 'contributors: erin'), people.issuer));
      const record = await log(registry, await signed(drafts.record(erin.did, 'contributors: to go'), erin));
      await log(registry, await signed(drafts.revocation(first.id, lawful), registry.operator));
      const alone = await profile(erin.did);
      expect(alone.credentials).toEqual([]);
      expect(alone.records.newest).toMatchObject([{ id: record.id, state: 'untrusted' }]);
      const renewed = { ...drafts.credential(erin.did, 'contributors: erin'), validUntil: '2035-01-01T00:00:00Z' };
      const second = await log(registry, await signed(renewed, people.issuer));
      await log(registry, await signed(drafts.revocation(record.id, { erase: true }), erin));
      const { credentials, records } = await profile(erin.did);
      expect(credentials.map(({ id }) => id)).toEqual([second.id]);
      expect(records.newest).toEqual([
        expect.objectContaining({ id: record.id, state: 'erased', supersededBy: null, said: null }),
      ]);
      expect(JSON.stringify([credentials, records])).not.toContain(first.id);
      const nobody = await signerOf('contributors: forgotten');
      const only = await log(registry, await signed(drafts.credential(nobody.did, 'forgotten'), people.issuer));
      await log(registry, await signed(drafts.revocation(only.id, lawful), registry.operator));
      await expectProblem(await registry.fetch(`/v1/contributors/${nobody.did}`), [404, 'not-found', nobody.did]);
    });

    it('counts active reviews given and received, the newest of each key, none by the same person', async () => {
      const [author, other, twin] = (await Promise.all(
        ['author', 'reviewer', 'twin'].map((who) => signerOf(`contributors: ${who}`)),
      )) as [Cast['alice'], Cast['alice'], Cast['alice']];
      for (const [key, person] of [
        [author, 'the author'],
        [other, 'the reviewer'],
        [twin, 'the author'],
      ] as const) {
        await log(registry, await signed(drafts.credential(key.did, `contributors: ${person}`), people.issuer));
      }
      const one = await log(registry, await signed(drafts.record(author.did, 'contributors: reviewed'), author));
      const two = await log(registry, await signed(drafts.record(author.did, 'contributors: reviewed too'), author));
      expect((await profile(author.did)).reviews.acceptance).toBeNull();
      for (const [key, record, verdict] of [
        [other, one, 'reject'],
        [other, one, 'accept'],
        [other, two, 'revise'],
        [people.bob, two, 'accept'],
        [people.bob, one, 'accept'],
        [author, one, 'accept'],
        [twin, one, 'accept'],
      ] as const) {
        await log(registry, await signed(drafts.review(record.id, { verdict }), key));
      }
      const withdrawn = await log(registry, await signed(drafts.review(two.id, { verdict: 'reject' }), people.alice));
      await log(registry, await signed(drafts.revocation(withdrawn.id), people.alice));
      expect((await profile(author.did)).reviews).toEqual({
        given: { accept: 1, revise: 0, reject: 0 },
        received: { accept: 3, revise: 1, reject: 0 },
        acceptance: 0.75,
      });
      expect((await profile(other.did)).reviews.given).toEqual({ accept: 1, revise: 1, reject: 0 });
    });

    it('has a profile of a publisher who only composes', async () => {
      const part = await log(registry, await signed(drafts.record(people.bob.did, 'contributors: part'), people.bob));
      await log(
        registry,
        await signed(drafts.composition(people.publisher.did, [part.id], { name: 'By a publisher' }), people.publisher),
      );
      const { credentials, records } = await profile(people.publisher.did);
      expect(credentials).toEqual([]);
      expect(records.newest[0]).toMatchObject({ state: 'active', said: { name: 'By a publisher' } });
    });

    it('knows nothing of a key without credential or work, an issuer’s included', async () => {
      for (const { did } of [people.stranger, people.issuer, registry.operator]) {
        await expectProblem(await registry.fetch(`/v1/contributors/${did}`), [404, 'not-found', did]);
      }
    });

    it.each([
      ['did:web:example.com', '/did'],
      ['did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ', '/did'],
      ['did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ22', '/did'],
      [`did:key:z6Mk${'z'.repeat(44)}`, '/did'],
      ['did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2%0a', '/did'],
      ['x', '/did'],
      ['did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2?limit=0', '/limit'],
      ['did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2?limit=101', '/limit'],
      ['did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2?after=-1', '/after'],
      ['did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2?nullifier=x', 'unknown field "nullifier"'],
    ])('refuses /v1/contributors/%s', async (path, names) => {
      await expectProblem(await registry.fetch(`/v1/contributors/${path}`), [400, 'invalid-request', names]);
    });

    it('lists an issuer with its history, what it may do now, and how much it issued', async () => {
      const vendor = await signerOf('contributors: vendor');
      expect(await issuer(vendor.did)).toBeUndefined();
      const first = await log(
        registry,
        await signed(drafts.identityIssuer(vendor.did, { name: 'Vendor' }), registry.operator),
      );
      const credential = await log(registry, await signed(drafts.credential(people.stranger.did, 'Someone'), vendor));
      const again = await log(
        registry,
        await signed(
          drafts.accreditation(vendor.did, {
            name: 'Vendor Ltd',
            url: 'https://vendor.example',
            roles: ['identity-issuer', 'publisher'],
            frameworks: [
              { framework: 'nist-800-63-4', maxLevel: 'IAL1' },
              { framework: 'eidas', maxLevel: 'high' },
            ],
          }),
          registry.operator,
        ),
      );
      expect(await issuer(vendor.did)).toMatchObject({
        name: 'Vendor Ltd',
        url: 'https://vendor.example',
        roles: ['identity-issuer', 'publisher'],
        frameworks: [
          { framework: 'nist-800-63-4', maxLevel: 'IAL2' },
          { framework: 'eidas', maxLevel: 'high' },
        ],
        accreditations: [
          { id: first.id, standing: { state: 'active' }, invalidSince: null },
          { id: again.id, standing: { state: 'active' }, invalidSince: null },
        ],
        credentials: { issued: 1, revoked: 0 },
      });
      await log(registry, await signed(drafts.revocation(credential.id), vendor));
      await log(
        registry,
        await signed(drafts.revocation(credential.id, { invalidSince: '2026-01-01T00:00:00Z' }), vendor),
      );
      const revocation = await log(
        registry,
        await signed(drafts.revocation(first.id, { invalidSince: '2026-01-02T00:00:00Z' }), registry.operator),
      );
      expect(await issuer(vendor.did)).toMatchObject({
        frameworks: [
          { framework: 'nist-800-63-4', maxLevel: 'IAL1' },
          { framework: 'eidas', maxLevel: 'high' },
        ],
        accreditations: [
          { standing: { state: 'revoked', because: revocation.id }, invalidSince: '2026-01-02T00:00:00Z' },
          { standing: { state: 'active' } },
        ],
        credentials: { issued: 1, revoked: 1 },
      });
      await log(registry, await signed(drafts.revocation(again.id), registry.operator));
      expect(await issuer(vendor.did), 'it stays, without a role').toMatchObject({ roles: [], frameworks: [] });
    });

    it('lists those alone who may verify people, each once over its pages, by DID', async () => {
      const seen: string[] = [];
      for (let after = ''; ;) {
        const page = await issuers(`?limit=1${after}`);
        expect(page.issuers.length).toBe(1);
        seen.push(...page.issuers.map(({ did }) => did));
        if (page.next === null) break;
        after = `&after=${page.next}`;
      }
      expect(seen).toEqual([...new Set(seen)].toSorted());
      expect(seen).toContain(people.issuer.did);
      expect(seen).not.toContain(people.publisher.did);
      expect(seen).not.toContain(registry.operator.did);
      expect((await issuers(`?after=${seen.at(-1)}`)).issuers).toEqual([]);
      for (const query of ['after=x', 'limit=0', 'limit=101', 'nullifier=x']) {
        await expectProblem(await registry.fetch(`/v1/issuers?${query}`), [400, 'invalid-request', /./]);
      }
    });

    it('finds nobody by a nullifier: no route takes one, and none answers one but statements themselves', async () => {
      const { paths, components } = await getJson<{
        paths: Record<string, Record<string, { parameters?: object[]; requestBody?: object; responses: object }>>;
        components: { schemas: Record<string, object> };
      }>(registry, '/openapi.json');
      /** A description with what it refers to, each schema once. */
      const whole = (value: object): string => {
        const seen = new Set<string>();
        const texts = [JSON.stringify(value)];
        for (const text of texts) {
          for (const [, schema = ''] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
            if (!seen.has(schema)) texts.push(JSON.stringify(components.schemas[schema]));
            seen.add(schema);
          }
        }
        return texts.join('\n');
      };
      const taking: string[] = [];
      const answering: string[] = [];
      for (const [path, operations] of Object.entries(paths)) {
        expect(path).not.toMatch(/nullifier/i);
        for (const [method, { parameters = [], requestBody = {}, responses }] of Object.entries(operations)) {
          const where = `${method} ${path}`;
          expect(whole(parameters), where).not.toMatch(/nullifier/i);
          if (/nullifier/i.test(whole(requestBody))) taking.push(where);
          if (/nullifier/i.test(whole(responses))) answering.push(where);
        }
      }
      expect(taking, 'a credential is submitted with it').toEqual(['post /v1/statements']);
      expect(answering, 'a statement is public as it was signed').toEqual(['get /v1/statements/{id}']);
      const nullifier = nullifierOf('contributors: Alice');
      for (const path of [`/v1/datasets?q=${nullifier}`, `/v1/datasets?domain=${nullifier.replaceAll(/[-_]/g, 'x')}`]) {
        expect(await getJson(registry, path)).toMatchObject({ datasets: [] });
      }
      await expectProblem(await registry.fetch(`/v1/datasets?nullifier=${nullifier}`), [
        400,
        'invalid-request',
        'nullifier',
      ]);
    });
  });
}
