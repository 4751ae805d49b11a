import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dataset } from '../../schemas/api.ts';
import { Certificate } from '../../schemas/certificate.ts';
import { timestampOf } from '../../protocol/time.ts';
import { drafts, signed } from '../support/statements.ts';
import { batch, cast, expectRefused, getJson, log, type Cast } from './client.ts';
import type { OpenRegistry, Registry } from './harness.ts';

/** What several statements do to each other, in one group and over time. */
export function describeGroups(name: string, open: OpenRegistry): void {
  describe(`groups on ${name}`, () => {
    let registry: Registry;
    let people: Cast;
    beforeAll(async () => {
      registry = await open();
      people = await cast(registry, 'groups');
    });
    afterAll(() => registry.close());

    it('logs a revocation after the records of its group, so that what it admits is active when it was logged', async () => {
      const credential = await signed(drafts.credential(people.stranger.did, 'Group'), people.issuer);
      await log(registry, credential);
      const revocation = await signed(drafts.revocation(credential.id), people.issuer);
      const record = await signed(drafts.record(people.stranger.did, 'in the same group'), people.stranger);
      const lines = await batch(registry, [revocation, record]);
      expect(lines.map(({ status }) => status)).toEqual([201, 201]);
      const dataset = await getJson<Dataset>(registry, `/v1/datasets/${record.id}`);
      expect(dataset.standing.state).toBe('active');
      const late = await signed(drafts.record(people.stranger.did, 'after it'), people.stranger);
      await expectRefused(registry, late, [403, 'no-credential', /no active human credential/]);
    });

    it('takes a second revocation only where it reaches further, and says so', async () => {
      const record = await signed(drafts.record(people.alice.did, 'revoked twice'), people.alice);
      await log(registry, record);
      await log(registry, await signed(drafts.revocation(record.id), people.alice));
      const again = await signed(drafts.revocation(record.id, { reason: 'superseded' }), people.alice);
      await expectRefused(registry, again, [422, 'not-revocable', /revoked already/]);
      const since = timestampOf(registry.now() - 60_000);
      const further = await signed(drafts.revocation(record.id, { invalidSince: since }), people.alice);
      await log(registry, further);
      const less = await signed(
        drafts.revocation(record.id, { invalidSince: timestampOf(registry.now()), reason: 'fraud' }),
        people.alice,
      );
      await expectRefused(registry, less, [422, 'not-revocable', /revoked already/]);
      await log(
        registry,
        await signed(drafts.revocation(record.id, { erase: true, invalidSince: since }), people.alice),
      );
    });

    it('carries the newest review of each reviewer, so that nobody can flood a certificate', async () => {
      const record = await signed(drafts.record(people.alice.did, 'reviewed often'), people.alice);
      await log(registry, record);
      const reviews = [];
      for (const verdict of ['reject', 'revise', 'accept'] as const) {
        const review = await signed(drafts.review(record.id, { verdict }), people.alice);
        await log(registry, review);
        reviews.push(review.id);
      }
      const response = await registry.fetch(`/v1/datasets/${record.id}/certificate`);
      const { statements } = Certificate.parse(JSON.parse(await response.text()));
      const ids = statements.map(({ entry }) => (JSON.parse(entry) as { id: string }).id);
      expect(ids).toContain(reviews[2]);
      expect(ids).not.toContain(reviews[0]);
    });
  });
}
