import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IssuedPage } from '../../schemas/api.ts';
import type { Signer } from '../../protocol/ed25519/signer.ts';
import { drafts, nullifierOf, signed, signerOf } from '../support/statements.ts';
import { batch, cast, expectProblem, getJson, log, type Cast } from './client.ts';
import type { Endpoint, OpenEndpoint, OpenRegistry, Registry } from './harness.ts';

const pathOf = ({ did }: Signer, query = ''): string => `/v1/issuers/${did}/credentials${query}`;

/** What an issuer finds of its own. */
export function describeIssuers(name: string, open: OpenEndpoint): void {
  describe(`issuers on ${name}`, () => {
    let registry: Endpoint;
    let people: Cast;
    const keys: Signer[] = [];

    const issued = async (by: Signer, query = ''): Promise<IssuedPage> =>
      IssuedPage.parse(await getJson(registry, pathOf(by, query)));

    beforeAll(async () => {
      registry = await open();
      people = await cast(registry, 'issuers');
      for (let i = 0; i < 5; i++) keys.push(await signerOf(`issuers: key ${i}`));
      const credentials = await Promise.all(
        keys.map(({ did }, i) => signed(drafts.credential(did, `issuers: person ${i % 2}`), people.issuer)),
      );
      expect((await batch(registry, credentials)).map(({ status }) => status)).toEqual(Array(5).fill(201));
    });
    afterAll(() => registry.close());

    it('lists what an issuer signed, in log order, and what it may attest', async () => {
      const { accredited, credentials, next } = await issued(people.issuer);
      expect(accredited).toEqual([{ framework: 'nist-800-63-4', maxLevel: 'IAL2' }]);
      expect(credentials.map(({ document }) => (document['credentialSubject'] as { id: string }).id)).toEqual([
        people.alice.did,
        people.bob.did,
        ...keys.map(({ did }) => did),
      ]);
      expect(next).toBeNull();
      expect(credentials[0]).toMatchObject({
        id: people.credential.id,
        index: people.credential.index,
        document: people.credential.document,
        standing: { state: 'active', because: null },
      });
    });

    it('pages by place, and every credential is on one page', async () => {
      const seen: number[] = [];
      let pages = 0;
      for (let after: number | null = 0; after !== null; pages++) {
        const page: IssuedPage = await issued(people.issuer, `?limit=2&after=${after}`);
        expect(page.credentials.length).toBeLessThanOrEqual(2);
        seen.push(...page.credentials.map(({ index }) => index));
        after = page.next;
      }
      const all = (await issued(people.issuer)).credentials.map(({ index }) => index);
      expect({ seen, pages }).toEqual({ seen: all, pages: 4 });
    });

    it('picks those of one key, and none of other issuers', async () => {
      const [key] = keys as [Signer];
      const other = await signerOf('issuers: other issuer');
      await log(registry, await signed(drafts.identityIssuer(other.did), registry.operator));
      await log(registry, await signed(drafts.credential(key.did, 'elsewhere'), other));
      const mine = await issued(people.issuer, `?subject=${key.did}`);
      expect(mine.credentials.map(({ document }) => document['issuer'])).toEqual([people.issuer.did]);
      expect((await issued(other)).credentials).toHaveLength(1);
      expect((await issued(people.issuer, `?subject=${other.did}`)).credentials).toEqual([]);
    });

    it('knows nothing of a stranger, and says so', async () => {
      expect(await issued(people.stranger)).toEqual({ accredited: [], credentials: [], next: null });
      expect((await issued(people.publisher)).accredited).toEqual([]);
    });

    it('says what was revoked, and leaves out what was erased', async () => {
      const { alice, bob, issuer, credential, bobsCredential } = people;
      const revocation = await log(registry, await signed(drafts.revocation(credential.id), issuer));
      await log(registry, await signed(drafts.revocation(bobsCredential.id, { erase: true }), issuer));
      const { credentials } = await issued(issuer, `?subject=${alice.did}`);
      expect(credentials[0]?.standing).toMatchObject({ state: 'revoked', because: revocation.id });
      expect((await issued(issuer, `?subject=${bob.did}`)).credentials).toEqual([]);
    });

    it.each([
      ['/v1/issuers/did:web:example.org/credentials', 'did:key'],
      [`/v1/issuers/did:key:z6Mk${'1'.repeat(44)}/credentials?limit=501`, 'limit'],
      [`/v1/issuers/did:key:z6Mk${'1'.repeat(44)}/credentials?after=-1`, 'after'],
      [`/v1/issuers/did:key:z6Mk${'1'.repeat(44)}/credentials?after=1e99`, 'after'],
      [`/v1/issuers/did:key:z6Mk${'1'.repeat(44)}/credentials?subject=x`, 'subject'],
      [`/v1/issuers/did:key:z6Mk${'1'.repeat(44)}/credentials?nullifier=${nullifierOf('Ada')}`, 'nullifier'],
    ])('refuses %s', async (path, names) => {
      await expectProblem(await registry.fetch(path), [400, 'invalid-request', names]);
    });
  });
}

/** The same as time goes by. */
export function describeIssuersInTime(name: string, open: OpenRegistry): void {
  describe(`issuers in time on ${name}`, () => {
    let registry: Registry;
    let people: Cast;
    beforeAll(async () => {
      registry = await open();
      people = await cast(registry, 'issuers in time');
    });
    afterAll(() => registry.close());

    it('reads a page in as many queries as it takes for one credential', async () => {
      const cost = async (query: string): Promise<number> => {
        const before = registry.queries();
        await getJson(registry, pathOf(people.issuer, query));
        return registry.queries() - before;
      };
      expect(await cost('?limit=2')).toBe(await cost('?limit=1'));
    });

    it('shows what expired, and an issuer whose accreditation fell since before', async () => {
      const draft = { ...drafts.credential(people.stranger.did, 'Stranger'), validUntil: '2026-06-02T00:00:00Z' };
      await log(registry, await signed(draft, people.issuer));
      const states = async (): Promise<string[]> =>
        (await getJson<IssuedPage>(registry, pathOf(people.issuer))).credentials.map(({ standing }) => standing.state);
      expect(await states()).toEqual(['active', 'active', 'active']);
      registry.setNow('2026-06-03T00:00:00Z');
      expect(await states()).toEqual(['active', 'active', 'expired']);
      const fall = drafts.revocation(people.accreditation.id, {
        reason: 'fraud',
        invalidSince: '2026-05-01T00:00:00Z',
      });
      await log(registry, await signed(fall, registry.operator));
      expect(await states()).toEqual(['untrusted', 'untrusted', 'expired']);
      expect((await getJson<IssuedPage>(registry, pathOf(people.issuer))).accredited).toEqual([]);
    });
  });
}
