import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Submitted } from '../../schemas/api.ts';
import type { Draft, ParsedStatement } from '../../protocol/statement.ts';
import type { StatementKind } from '../../schemas/statement.ts';
import { toBase64Url } from '../../protocol/bytes.ts';
import { timestampOf } from '../../protocol/time.ts';
import type { Signer } from '../../protocol/ed25519/signer.ts';
import { batch, cast, expectRefused, forged, log, submit, type Cast, type Refused } from '../contract/client.ts';
import type { OpenRegistry, Registry } from '../contract/harness.ts';
import { drafts, signed } from '../support/statements.ts';
import { DAY } from './world.ts';

const MINUTE = 60_000;
const IAL2 = { framework: 'nist-800-63-4', level: 'IAL2', method: 'in-person' };

/** What a registry will not have said about credentials and their ends, and what its answer tells the sender to do. */
export function describeBadInput(name: string, open: OpenRegistry): void {
  describe(`credentials and revocations that are refused on ${name}`, () => {
    let registry: Registry;
    let people: Cast;
    let record: ParsedStatement & Submitted;
    let grant: ParsedStatement & Submitted;
    beforeAll(async () => {
      registry = await open();
      people = await cast(registry, 'bad input');
      record = await log(registry, await signed(drafts.record(people.alice.did, 'bad input'), people.alice));
      grant = await log(registry, await signed(drafts.grant(people.bob.did, record.id), people.alice));
    });
    afterAll(() => registry.close());

    const at = (ms: number): string => timestampOf(registry.now() + ms);
    const sign = <K extends StatementKind>(draft: Draft<K>, signer: Signer, times: { validFrom?: string } = {}) =>
      signed({ ...draft, ...times }, signer);
    /** Somebody's credential, by when they were verified. */
    const verified = (verifiedAt: string, level: 'IAL2' | 'IAL3' = 'IAL2'): Draft<'HumanCredential'> =>
      drafts.credential(people.stranger.did, 'Someone', {
        verification: { framework: 'nist-800-63-4', level, method: 'in-person', verifiedAt },
      });

    const refusals: [what: string, make: () => Promise<{ canonical: string }>, refused: Refused][] = [
      [
        'a credential from before its issuer was accredited',
        () => sign(verified('2025-12-31T00:00:00Z'), people.issuer, { validFrom: '2025-12-31T23:00:00Z' }),
        [
          403,
          'not-accredited',
          /^validFrom 2025-12-31T23:00:00Z is before did:key:\S+ was accredited, 2026-01-01T00:00:00Z; sign it/,
        ],
      ],
      [
        'a credential of someone who will have been verified',
        () => credentialWith({ verification: { ...IAL2, verifiedAt: at(MINUTE) } }),
        [422, 'invalid-statement', /verifiedAt is after validFrom/],
      ],
      [
        'a credential that is dated ahead, so as to seem newer',
        () => sign(verified(at(6 * MINUTE)), people.issuer, { validFrom: at(6 * MINUTE) }),
        [422, 'not-yet-valid', /^validFrom .*check yours/],
      ],
      [
        'a credential above what its issuer may vouch for',
        () => sign(verified('2026-01-01T00:00:00Z', 'IAL3'), people.issuer),
        [403, 'not-accredited', /was not accredited for nist-800-63-4 IAL3/],
      ],
      [
        'a framework that nobody knows',
        () =>
          credentialWith({
            verification: { framework: 'vibes', level: 'high', method: 'in-person', verifiedAt: at(0) },
          }),
        [422, 'invalid-statement', /framework/],
      ],
      [
        'a level that its framework does not have',
        () =>
          credentialWith({
            verification: { framework: 'eidas', level: 'IAL2', method: 'in-person', verifiedAt: at(0) },
          }),
        [422, 'invalid-statement', /not a level of this framework/],
      ],
      ...[31, 33].map((bytes): (typeof refusals)[number] => [
        `a nullifier of ${bytes} bytes`,
        () => credentialWith({ nullifier: toBase64Url(new Uint8Array(bytes).fill(7)) }),
        [422, 'invalid-statement', /nullifier.*32 bytes in base64url/],
      ]),
      [
        'a revocation by a stranger',
        () => sign(drafts.revocation(people.credential.id), people.stranger),
        [403, 'not-entitled', /only the statement’s signer, or the operator/],
      ],
      [
        'a credential’s revocation by its holder',
        () => sign(drafts.revocation(people.credential.id), people.alice),
        [403, 'not-entitled', /only the statement’s signer, or the operator/],
      ],
      [
        'a revocation that reaches ahead',
        () => sign(drafts.revocation(record.id, { invalidSince: at(6 * MINUTE) }), people.alice),
        [422, 'not-yet-valid', /invalidSince .* lies ahead; .* leave invalidSince out/],
      ],
      [
        'a revocation for a while',
        async () => {
          const { document } = await sign(drafts.revocation(record.id), people.alice);
          return forged({ ...document, validUntil: at(DAY) }, people.alice);
        },
        [422, 'invalid-statement', /validUntil does not belong here: a revocation is for good/],
      ],
      [
        'the erasure of an accreditation, even by the operator',
        () => sign(drafts.revocation(people.accreditation.id, { reason: 'legal', erase: true }), registry.operator),
        [422, 'not-erasable', /revoke it without erase/],
      ],
      [
        'the erasure of a credential by its issuer',
        () => sign(drafts.revocation(people.credential.id, { reason: 'legal', erase: true }), people.issuer),
        [422, 'not-erasable', /what the person signed rests on it; revoke it without erase\. .* the operator/],
      ],
      [
        'the erasure of a credential by the operator, for no reason in law',
        () => sign(drafts.revocation(people.credential.id, { erase: true }), registry.operator),
        [422, 'not-erasable', /reason "legal"/],
      ],
      [
        'the erasure of a grant by who gave it',
        () => sign(drafts.revocation(grant.id, { erase: true }), people.alice),
        [422, 'not-erasable', /what the licensee did rests on it/],
      ],
    ];
    it.each(refusals)('refuses %s', async (_, make, refused) => {
      await expectRefused(registry, await make(), refused);
    });

    /** A credential as nobody's tool would make it. */
    async function credentialWith(change: object): Promise<{ canonical: string }> {
      const { document } = await sign(drafts.credential(people.stranger.did, 'X'), people.issuer);
      return forged({ ...document, credentialSubject: { ...document.credentialSubject, ...change } }, people.issuer);
    }

    it('takes a credential whose issuer’s clock is a little behind the operator’s', async () => {
      const { issuer, stranger } = await cast(registry, 'slow clock');
      const { subject, ...draft } = verified('2025-12-31T00:00:00Z');
      const early = { ...draft, subject: { ...subject, id: stranger.did } };
      const credential = await sign(early, issuer, { validFrom: '2025-12-31T23:56:00Z' });
      expect((await submit(registry, credential)).status).toBe(201);
    });

    it('takes a renewal under a renewed accreditation, dated under the first', async () => {
      const { issuer, stranger, accreditation } = await cast(registry, 'renewed accreditation');
      await log(registry, await sign(drafts.identityIssuer(issuer.did), registry.operator, { validFrom: at(0) }));
      await log(registry, await sign(drafts.revocation(accreditation.id), registry.operator));
      expect((await submit(registry, await sign(drafts.credential(stranger.did, 'Z'), issuer))).status).toBe(201);
    });

    it('lets the signer of a grant revoke it, and the issuer of a credential, so that nobody is held to either', async () => {
      const { alice, bob, issuer, credential } = await cast(registry, 'revocable');
      const work = await log(registry, await sign(drafts.record(alice.did, 'revocable'), alice));
      const given = await log(registry, await sign(drafts.grant(bob.did, work.id), alice));
      for (const [target, signer] of [
        [given, alice],
        [credential, issuer],
      ] as const)
        expect((await submit(registry, await sign(drafts.revocation(target.id), signer))).status).toBe(201);
    });
  });

  describe(`a clock that jumps on ${name}`, () => {
    let registry: Registry;
    let people: Cast;
    beforeAll(async () => {
      registry = await open();
      people = await cast(registry, 'clock');
    });
    afterAll(() => registry.close());

    const recordOf = (text: string, validFrom?: string) =>
      signed(
        { ...drafts.record(people.alice.did, text), ...(validFrom === undefined ? {} : { validFrom }) },
        people.alice,
      );

    it('forward by years: nothing is logged that would date all that follows, and it goes on once it is right', async () => {
      const right = registry.now();
      const known = await log(registry, await recordOf('known'));
      const signedThen = await recordOf('signed then', timestampOf(right));
      registry.setNow(right + 70 * 365 * DAY);
      await expectRefused(registry, signedThen, [
        503,
        'unavailable',
        /clock says 20\d\d-.* 25550 days after the last entry.*tell the operator/,
      ]);
      expect(registry.events.some(({ event }) => event === 'clock-doubted')).toBe(true);
      const lines = await batch(registry, [known, signedThen]);
      expect(
        lines.map(({ status, code }) => code ?? status),
        'what was logged is answered',
      ).toEqual([200, 'unavailable']);
      registry.setNow(right + MINUTE);
      const { loggedAt } = await log(registry, signedThen);
      expect(loggedAt).toBe(new Date(right + MINUTE).toISOString());
    });

    it('after a long silence, it believes a clock that a fresh signature bears out, and all that comes with it', async () => {
      const later = registry.now() + 60 * DAY;
      registry.setNow(later);
      const old = await recordOf('old');
      await expectRefused(registry, old, [503, 'unavailable', /send a statement signed today first/]);
      const lines = await batch(registry, [old, await recordOf('fresh', timestampOf(later))]);
      expect(lines.map(({ status }) => status)).toEqual([201, 201]);
      expect((await submit(registry, await recordOf('old too'))).status).toBe(201);
    });

    it('backward: time stands still, and nothing is dated before what is there', async () => {
      const right = registry.now();
      const before = await log(registry, await recordOf('before'));
      registry.setNow(right - 400 * DAY);
      const after = await log(registry, await recordOf('after'));
      expect(after.loggedAt).toBe(before.loggedAt);
      registry.setNow(right + MINUTE);
      expect((await log(registry, await recordOf('right again'))).loggedAt > before.loggedAt).toBe(true);
    });
  });
}
