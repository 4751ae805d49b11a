import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChangesPage, Submitted } from '../../schemas/api.ts';
import { Impact, type ImpactItem } from '../../schemas/impact.ts';
import type { StatementId } from '../../schemas/primitives.ts';
import type { Statement, StatementKind } from '../../schemas/statement.ts';
import type { Signer } from '../../protocol/ed25519/signer.ts';
import { Evidence, type Logged } from '../../protocol/evidence.ts';
import { impactOf } from '../../protocol/impact.ts';
import type { Draft, ParsedStatement } from '../../protocol/statement.ts';
import { drafts, idOf, signed, signerOf } from '../support/statements.ts';
import { cast, expectProblem, getJson, log, type Cast } from './client.ts';
import type { OpenRegistry, Registry } from './harness.ts';

/** What would fall with a statement. */
export function describeImpact(name: string, open: OpenRegistry): void {
  describe(`impact on ${name}`, () => {
    let registry: Registry;
    let people: Cast;
    const named = new Map<string, StatementId>();
    const id = (what: string): StatementId => named.get(what) as StatementId;

    async function say<K extends StatementKind>(
      what: string,
      draft: Draft<K>,
      signer: Signer,
    ): Promise<ParsedStatement<K> & Submitted> {
      registry.setNow(registry.now() + 1000);
      const statement = await log(registry, await signed(draft, signer));
      named.set(what, statement.id);
      return statement;
    }

    const page = async (of: StatementId, query = ''): Promise<Impact> =>
      Impact.parse(await getJson(registry, `/v1/statements/${of}/impact${query}`));

    async function all(of: StatementId, limit: number): Promise<ImpactItem[]> {
      const items: ImpactItem[] = [];
      for (let after: number | null = 0; after !== null;) {
        const found: Impact = await page(of, `?after=${after}&limit=${limit}`);
        items.push(...found.items);
        after = found.next;
      }
      return items;
    }

    beforeAll(async () => {
      registry = await open();
      people = await cast(registry, 'impact');
      const { issuer, alice, bob, publisher, stranger, accreditation, publishing, credential } = people;
      const second = await signerOf('impact: second issuer');
      named.set('accreditation', accreditation.id).set('publishing', publishing.id).set('credential', credential.id);
      await say('a1', drafts.record(alice.did, 'a1'), alice);
      await say('b1', drafts.record(bob.did, 'b1'), bob);
      await say('whole', drafts.composition(publisher.did, [id('a1'), id('b1')].toSorted()), publisher);
      const derivedFrom = [{ id: id('whole'), relation: 'filtered' as const }];
      await say('derived', drafts.record(bob.did, 'derived', { derivedFrom }), bob);
      await say('grant', drafts.grant(stranger.did, id('a1')), alice);
      await say('grant over whole', drafts.grant(stranger.did, id('whole')), publisher);
      await say('review', drafts.review(id('a1')), bob);
      await say('review by alice', drafts.review(id('b1')), alice);
      await say('second', drafts.identityIssuer(second.did), registry.operator);
      await say('second credential', drafts.credential(alice.did, 'impact: Alice again'), second);
      await say('a2', drafts.record(alice.did, 'a2'), alice);
      await say('anew', drafts.identityIssuer(issuer.did, { name: 'Anew' }), registry.operator);
      await say('ended', drafts.revocation(accreditation.id), registry.operator);
      await say('b2', drafts.record(bob.did, 'b2', { derivedFrom }), bob);
      const gone = await say('gone', drafts.record(bob.did, 'gone', { derivedFrom }), bob);
      await say('over gone', drafts.composition(publisher.did, [gone.id]), publisher);
      await say('erasure', drafts.revocation(gone.id, { erase: true }), bob);
      await say('b3', drafts.record(bob.did, 'b3'), bob);
      await say('withdrawal', drafts.revocation(id('b3')), bob);
    });
    afterAll(() => registry.close());

    it('lists what is made of a record, with its grants and reviews, and through what', async () => {
      const { items, next, asOf, kind } = await page(id('a1'));
      expect({ kind, next }).toEqual({ kind: 'DatasetRecord', next: null });
      expect(asOf.size).toBe((await getJson<{ size: number }>(registry, '/healthz')).size);
      expect(items.map(({ id: item, when, how, through }) => [item, when, how, through])).toEqual([
        [id('a1'), 'always', 'itself', null],
        [id('whole'), 'always', 'ancestor', { relation: 'part', id: id('a1') }],
        [id('derived'), 'always', 'ancestor', { relation: 'source', id: id('whole') }],
        [id('grant'), 'always', 'subject', { relation: 'grants', id: id('a1') }],
        [id('grant over whole'), 'always', 'subject', { relation: 'grants', id: id('whole') }],
        [id('review'), 'always', 'subject', { relation: 'reviews', id: id('a1') }],
        [id('b2'), 'always', 'ancestor', { relation: 'source', id: id('whole') }],
      ]);
      expect(items[1]?.name).toBe('Composition');
    });

    it('says of a credential what only a withdrawal that reaches back would touch, and who else vouches', async () => {
      const { items, note } = await page(id('credential'));
      expect(note).toContain('stands after a plain withdrawal');
      const at = new Map(items.map((item) => [item.id, item]));
      expect(at.get(id('credential'))).toMatchObject({ when: 'always', how: 'itself', through: null });
      expect(at.get(id('a1'))).toMatchObject({
        when: 'reaching-back',
        how: 'authority',
        through: { relation: 'attests', id: id('credential') },
      });
      expect(at.get(id('derived'))).toMatchObject({ when: 'reaching-back', how: 'ancestor' });
      expect(at.get(id('grant over whole'))).toMatchObject({ when: 'reaching-back', how: 'subject' });
      expect(at.get(id('review by alice'))).toMatchObject({ when: 'reaching-back', how: 'authority' });
      expect(at.get(id('a2'))).toMatchObject({ when: 'never', otherwise: id('second credential') });
      expect(at.has(id('b1'))).toBe(false);
    });

    it('says of a grant, a review and a revocation what they are about', async () => {
      const touched = async (what: string) => (await page(id(what))).items.map(({ id: item, how }) => [item, how]);
      expect(await touched('grant')).toEqual([
        [id('a1'), 'rights'],
        [id('whole'), 'rights'],
        [id('derived'), 'rights'],
        [id('grant'), 'itself'],
        [id('b2'), 'rights'],
      ]);
      expect(await touched('review')).toEqual([
        [id('a1'), 'review'],
        [id('review'), 'itself'],
      ]);
      expect(await page(id('withdrawal'))).toMatchObject({
        items: [],
        note: expect.stringMatching(/cannot be withdrawn/) as string,
      });
      expect(await page(id('gone'))).toMatchObject({ items: [], note: expect.stringMatching(/was erased/) as string });
      expect((await page(id('b3'))).items).toMatchObject([{ id: id('b3'), revoked: true }]);
    });

    it('is, page by page, what the rules of standing say over the whole log', async () => {
      const logged: Logged[] = [];
      for (let after = 0, more = true; more;) {
        const { changes, next } = await getJson<ChangesPage>(registry, `/v1/changes?after=${after}&limit=100`);
        for (const { index, id: each, kind, loggedAt } of changes) {
          const response = await registry.fetch(`/v1/statements/${each}`);
          const document = (await response.json()) as Statement;
          logged.push({
            id: each,
            kind,
            index,
            loggedAt: Date.parse(loggedAt),
            document: response.status === 410 ? null : document,
          });
        }
        more = changes.length > 0;
        after = next;
      }
      const evidence = new Evidence(registry.operator.did, logged);
      for (const [what, target] of named) {
        const of = evidence.get(target) as Logged;
        if (of.document === null || of.kind === 'Revocation') continue;
        const on = impactOf(evidence, of, registry.now());
        const expected = logged.flatMap((item) => {
          const touch = on(item);
          return touch === null ? [] : [{ id: item.id, ...touch }];
        });
        for (const limit of [2, 500]) {
          const items = await all(target, limit);
          expect(
            items.map(({ id: item, when, how, otherwise }) => ({ id: item, when, how, otherwise })),
            `${what}, ${limit} at a time`,
          ).toEqual(expected);
        }
      }
    });

    it('refuses what is not there, and pages that are none', async () => {
      const ask = (of: string, query = '') => registry.fetch(`/v1/statements/${of}/impact${query}`);
      await expectProblem(await ask(idOf('nothing')), [404, 'not-found', /not in this log/]);
      await expectProblem(await ask('sha256:ABC'), [400, 'invalid-request', /id/]);
      for (const query of ['?limit=501', '?limit=0', '?after=-1', '?after=1&after=2', '?depth=3']) {
        await expectProblem(await ask(id('a1'), query), [400, 'invalid-request', /limit|after|depth/]);
      }
    });
  });
}
