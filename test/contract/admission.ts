import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Submitted } from '../../schemas/api.ts';
import type { RightsRule } from '../../schemas/rights-rule.ts';
import { digestOf } from '../../protocol/digest.ts';
import type { Signer } from '../../protocol/ed25519/signer.ts';
import type { ParsedStatement } from '../../protocol/statement.ts';
import { drafts, idOf, signed } from '../support/statements.ts';
import { batch, cast, expectRefused, log, sizeOf, submit, type Cast, type Refused } from './client.ts';
import type { Endpoint, OpenEndpoint } from './harness.ts';

type Record = ParsedStatement<'DatasetRecord'> & Submitted;

/** Who may say what (statements.md, "admission demands"). */
export function describeAdmission(name: string, open: OpenEndpoint): void {
  describe(`admission on ${name}`, () => {
    let registry: Endpoint;
    let people: Cast;
    let record: Record;
    let erased: Record;

    beforeAll(async () => {
      registry = await open();
      people = await cast(registry, 'admission');
      const { alice } = people;
      record = await log(registry, await signed(drafts.record(alice.did, 'admission'), alice));
      erased = await log(registry, await signed(drafts.record(alice.did, 'to be erased'), alice));
      await log(registry, await signed(drafts.revocation(erased.id, { erase: true }), alice));
    });
    afterAll(() => registry.close());

    const refusals: [what: string, make: () => Promise<ParsedStatement>, refused: () => Refused][] = [
      [
        'an accreditation that an accredited issuer signs',
        () => signed(drafts.identityIssuer(people.stranger.did), people.issuer),
        () => [403, 'not-entitled', 'signed by the operator'],
      ],
      [
        'an accreditation that a stranger gives itself, as the operator once did',
        () => signed(drafts.accreditation(people.stranger.did), people.stranger),
        () => [403, 'not-entitled', 'operator'],
      ],
      [
        'a credential by an issuer without accreditation',
        () => signed(drafts.credential(people.bob.did, 'Bob'), people.stranger),
        () => [403, 'not-accredited', people.stranger.did],
      ],
      [
        'a credential by a publisher',
        () => signed(drafts.credential(people.bob.did, 'Bob'), people.publisher),
        () => [403, 'not-accredited', 'not accredited'],
      ],
      [
        'a credential by the operator itself',
        () => signed(drafts.credential(people.bob.did, 'Bob'), registry.operator),
        () => [403, 'not-accredited', 'not accredited'],
      ],
      [
        'a credential above the accredited level',
        () =>
          signed(
            drafts.credential(people.bob.did, 'Bob', {
              verification: {
                framework: 'nist-800-63-4',
                level: 'IAL3',
                method: 'in-person',
                verifiedAt: '2026-01-01T00:00:00Z',
              },
            }),
            people.issuer,
          ),
        () => [403, 'not-accredited', /nist-800-63-4 IAL3/],
      ],
      [
        'a credential of a framework that was not accredited',
        () =>
          signed(
            drafts.credential(people.bob.did, 'Bob', {
              verification: { framework: 'eidas', level: 'low', method: 'eid', verifiedAt: '2026-01-01T00:00:00Z' },
            }),
            people.issuer,
          ),
        () => [403, 'not-accredited', /eidas low/],
      ],
      [
        'a record by someone without a credential',
        () => signed(drafts.record(people.stranger.did, 'strange'), people.stranger),
        () => [403, 'no-credential', people.stranger.did],
      ],
      [
        'a record with content by a publisher',
        () => signed(drafts.record(people.publisher.did, 'published'), people.publisher),
        () => [403, 'no-credential', /no active human credential/],
      ],
      [
        'a composition by someone who is neither human nor publisher',
        () => signed(drafts.composition(people.stranger.did, [record.id]), people.stranger),
        () => [403, 'no-credential', /human credential or publisher accreditation/],
      ],
      [
        'a composition of a part that is not logged',
        () => signed(drafts.composition(people.publisher.did, [record.id, idOf('part')].toSorted()), people.publisher),
        () => [422, 'missing-reference', idOf('part')],
      ],
      [
        'a composition of a statement that is not a record',
        () => signed(drafts.composition(people.publisher.did, [people.credential.id]), people.publisher),
        () => [422, 'missing-reference', /not a logged DatasetRecord/],
      ],
      [
        'a composition of an erased part',
        () => signed(drafts.composition(people.publisher.did, [erased.id]), people.publisher),
        () => [410, 'erased', erased.id],
      ],
      [
        'a composition whose id is not the root over its parts',
        () =>
          signed(drafts.composition(people.publisher.did, [record.id], { id: digestOf('other') }), people.publisher),
        () => [422, 'invalid-statement', /Merkle root over its sorted parts, sha256:/],
      ],
      [
        'a record derived from one that is not logged',
        () =>
          signed(
            drafts.record(people.alice.did, 'derived', { derivedFrom: [{ id: idOf('source'), relation: 'filtered' }] }),
            people.alice,
          ),
        () => [422, 'missing-reference', idOf('source')],
      ],
      [
        'a record that replaces one that is not logged',
        () => signed(drafts.record(people.alice.did, 'next', { replaces: idOf('before') }), people.alice),
        () => [422, 'missing-reference', idOf('before')],
      ],
      [
        'a review by someone without a credential',
        () => signed(drafts.review(record.id), people.stranger),
        () => [403, 'no-credential', people.stranger.did],
      ],
      [
        'a review by a publisher',
        () => signed(drafts.review(record.id), people.publisher),
        () => [403, 'no-credential', 'human credential'],
      ],
      [
        'a review of nothing',
        () => signed(drafts.review(idOf('nothing')), people.bob),
        () => [422, 'missing-reference', idOf('nothing')],
      ],
      [
        'a review of a credential',
        () => signed(drafts.review(people.credential.id), people.bob),
        () => [422, 'missing-reference', 'DatasetRecord'],
      ],
      [
        'a review of an erased record',
        () => signed(drafts.review(erased.id), people.bob),
        () => [410, 'erased', erased.id],
      ],
      [
        'a grant by someone who does not hold the rights',
        () => signed(drafts.grant(people.stranger.did, record.id), people.bob),
        () => [403, 'not-entitled', 'rights holder'],
      ],
      [
        'a grant of nothing',
        () => signed(drafts.grant(people.stranger.did, idOf('nothing')), people.alice),
        () => [422, 'missing-reference', idOf('nothing')],
      ],
      [
        'a revocation by a stranger',
        () => signed(drafts.revocation(record.id), people.bob),
        () => [403, 'not-entitled', /signer, or the operator/],
      ],
      [
        'a revocation of nothing',
        () => signed(drafts.revocation(idOf('nothing')), people.alice),
        () => [422, 'missing-reference', idOf('nothing')],
      ],
      [
        'a revocation of what was erased, by its late signer',
        () => signed(drafts.revocation(erased.id, { reason: 'legal' }), people.alice),
        () => [403, 'not-entitled', 'operator'],
      ],
    ];
    it.each(refusals)('refuses %s', async (_, make, refused) => {
      await expectRefused(registry, await make(), refused());
    });

    it('refuses to revoke a revocation, or entry 0, even by the operator', async () => {
      const mine = await log(registry, await signed(drafts.record(people.alice.did, 'revoked once'), people.alice));
      const revocation = await log(registry, await signed(drafts.revocation(mine.id), people.alice));
      const undo = await signed(drafts.revocation(revocation.id), people.alice);
      await expectRefused(registry, undo, [422, 'not-revocable', 'cannot be revoked']);
      const changes = (await (await registry.fetch('/v1/changes?limit=1')).json()) as {
        changes: { id: typeof mine.id }[];
      };
      const suicide = await signed(drafts.revocation(changes.changes[0]?.id as typeof mine.id), registry.operator);
      await expectRefused(registry, suicide, [422, 'not-revocable', 'entry 0']);
    });

    it('refuses to grant what another licensee holds exclusively, and names that grant; a revoked one is over', async () => {
      const { alice, bob, stranger, publisher } = people;
      const mine = await log(registry, await signed(drafts.record(alice.did, 'exclusive'), alice));
      const rule: RightsRule = { effect: 'permit', uses: ['train'], territory: { include: ['US', 'DE'] } };
      const grant = (to: Signer, more: object = {}, reference = '1') =>
        signed(drafts.grant(to.did, mine.id, { rules: [{ ...rule, ...more }], reference }), alice);
      const first = await log(registry, await grant(bob, { exclusive: true }));
      const second = await grant(stranger, {
        exclusive: true,
        uses: ['train.rl'],
        territory: { exclude: ['FR', 'US'] },
      });
      const problem = await expectRefused(registry, second, [409, 'already-exclusive', first.id]);
      expect(problem.errors?.[0]?.path).toBe('/credentialSubject/rules/0');
      await expectRefused(registry, await grant(stranger), [409, 'already-exclusive', first.id]);
      for (const [to, more] of [
        [stranger, { exclusive: true, territory: { include: ['FR'] } }],
        [stranger, { exclusive: true, uses: ['evaluate'] }],
        [stranger, { effect: 'prohibit' }],
        [bob, { exclusive: true, uses: ['train.rl'] }],
      ] as const) {
        expect((await submit(registry, await grant(to, more))).status).toBe(201);
      }
      const france = { exclusive: true, territory: { include: ['FR'] }, uses: ['distil'] };
      const beside = await batch(registry, [await grant(bob, france, '2'), await grant(publisher, france, '3')]);
      expect(beside.map(({ status, code }) => code ?? status)).toEqual([201, 'already-exclusive']);
      await log(registry, await signed(drafts.revocation(first.id), alice));
      const [again] = await batch(registry, [await grant(publisher, { uses: ['train.pretrain'] }, '4')]);
      expect(again?.status).toBe(201);
    });

    it('names the reference that is missing by its path', async () => {
      const parts = [record.id, idOf('part')].toSorted();
      const composition = await signed(drafts.composition(people.publisher.did, parts), people.publisher);
      const problem = await expectRefused(registry, composition, [422, 'missing-reference', 'submit it first']);
      expect(problem.errors?.[0]?.path).toBe(`/credentialSubject/parts/${parts.indexOf(idOf('part'))}`);
    });

    it('lets a publisher compose, and a human compose and contribute at once', async () => {
      const composition = await signed(drafts.composition(people.publisher.did, [record.id]), people.publisher);
      expect((await submit(registry, composition)).status).toBe(201);
      const mixed = await signed(
        drafts.record(people.bob.did, 'with parts', { parts: [record.id, composition.id].toSorted() }),
        people.bob,
      );
      expect((await submit(registry, mixed)).status).toBe(201);
    });

    it('lets the signer withdraw, and the operator take down', async () => {
      const [own, taken] = await Promise.all(
        ['own', 'taken'].map((text) => signed(drafts.record(people.alice.did, text), people.alice)),
      );
      for (const statement of [own, taken]) await log(registry, statement as Record);
      expect((await submit(registry, await signed(drafts.revocation((own as Record).id), people.alice))).status).toBe(
        201,
      );
      const takedown = await signed(drafts.revocation((taken as Record).id, { reason: 'legal' }), registry.operator);
      expect((await submit(registry, takedown)).status).toBe(201);
      const twice = await signed(drafts.revocation((taken as Record).id, { reason: 'withdrawn' }), people.alice);
      expect((await submit(registry, twice)).status, 'a second revocation says something else').toBe(201);
    });

    it('judges by any accreditation that covers the credential, and by none once all are revoked', async () => {
      const verification = {
        framework: 'nist-800-63-4',
        level: 'IAL3',
        method: 'in-person',
        verifiedAt: '2026-01-01T00:00:00Z',
      } as const;
      const strong = await signed(drafts.credential(people.bob.did, 'Bob, in person', { verification }), people.issuer);
      await expectRefused(registry, strong, [403, 'not-accredited', 'IAL3']);
      const frameworks = [{ framework: 'nist-800-63-4' as const, maxLevel: 'IAL3' as const }];
      const second = await log(
        registry,
        await signed(drafts.identityIssuer(people.issuer.did, { frameworks }), registry.operator),
      );
      expect((await submit(registry, strong)).status).toBe(201);
      await log(registry, await signed(drafts.revocation(second.id), registry.operator));
      const stronger = await signed(
        drafts.credential(people.stranger.did, 'Stranger', { verification }),
        people.issuer,
      );
      await expectRefused(registry, stronger, [403, 'not-accredited', 'IAL3']);
      const weaker = await signed(drafts.credential(people.publisher.did, 'A publisher who is human'), people.issuer);
      expect((await submit(registry, weaker)).status, 'the first accreditation still stands').toBe(201);
    });

    it('does not count a credential that stands in the same batch, and takes the record once it is logged', async () => {
      const { stranger: newcomer } = await cast(registry, 'newcomer');
      const credential = await signed(drafts.credential(newcomer.did, 'Newcomer'), people.issuer);
      const work = await signed(drafts.record(newcomer.did, 'first work'), newcomer);
      const size = await sizeOf(registry);
      expect((await batch(registry, [credential, work])).map(({ code, status }) => code ?? status)).toEqual([
        201,
        'no-credential',
      ]);
      expect(await sizeOf(registry)).toBe(size + 1);
      expect((await submit(registry, work)).status).toBe(201);
    });

    it('refuses a record whose signer’s credential, or its issuer’s accreditation, was revoked', async () => {
      const { issuer, alice, credential } = await cast(registry, 'revoked');
      const before = await signed(drafts.record(alice.did, 'before'), alice);
      await log(registry, before);
      await log(registry, await signed(drafts.revocation(credential.id, { reason: 'fraud' }), issuer));
      await expectRefused(registry, await signed(drafts.record(alice.did, 'after'), alice), [
        403,
        'no-credential',
        alice.did,
      ]);
      expect((await submit(registry, before)).status, 'what was logged before is answered as before').toBe(200);

      const others = await cast(registry, 'struck off');
      await log(registry, await signed(drafts.revocation(others.accreditation.id), registry.operator));
      const late = await signed(drafts.record(others.alice.did, 'late'), others.alice);
      await expectRefused(registry, late, [403, 'no-credential', others.alice.did]);
      const another = await signed(drafts.credential(others.stranger.did, 'Another'), others.issuer);
      await expectRefused(registry, another, [403, 'not-accredited', others.issuer.did]);
    });
  });
}
