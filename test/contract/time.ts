import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dataset, Submitted } from '../../schemas/api.ts';
import { timestampOf } from '../../protocol/time.ts';
import { drafts, signed } from '../support/statements.ts';
import { batch, cast, expectRefused, forged, getJson, log, sizeOf, submit, type Cast } from './client.ts';
import { NOON, type OpenRegistry, type Registry } from './harness.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;

/** What the clock decides. */
export function describeTime(name: string, open: OpenRegistry): void {
  describe(`time on ${name}`, () => {
    let registry: Registry;
    let people: Cast;
    beforeAll(async () => {
      registry = await open();
      people = await cast(registry, 'time');
    });
    afterAll(() => registry.close());

    const in_ = (ms: number): string => timestampOf(registry.now() + ms);

    it('takes a statement four minutes ahead of its clock, not six, and says which field it is', async () => {
      const draft = drafts.record(people.alice.did, 'ahead');
      expect(
        (await submit(registry, await signed({ ...draft, validFrom: in_(4 * MINUTE) }, people.alice))).status,
      ).toBe(201);
      const ahead = await signed({ ...draft, validFrom: in_(6 * MINUTE) }, people.alice);
      await expectRefused(registry, ahead, [422, 'not-yet-valid', /^validFrom .*5 minutes/]);
      const { document } = await signed(draft, people.alice);
      await expectRefused(registry, await forged(document, people.alice, in_(6 * MINUTE)), [
        422,
        'not-yet-valid',
        /^proof\.created/,
      ]);
      expect((await submit(registry, await forged(document, people.alice, in_(4 * MINUTE)))).status).toBe(201);
      const exactly = await signed({ ...draft, validFrom: in_(5 * MINUTE) }, people.alice);
      expect((await submit(registry, exactly)).status).toBe(201);
    });

    it('refuses a statement that has expired, to the second', async () => {
      const draft = drafts.record(people.alice.did, 'expired');
      const over = await signed({ ...draft, validUntil: in_(0) }, people.alice);
      await expectRefused(registry, over, [422, 'expired', /^validUntil 2026-06-01T12:00:00Z .*sign it anew/]);
      const nearly = await signed({ ...draft, validUntil: in_(1000) }, people.alice);
      expect((await submit(registry, nearly)).status).toBe(201);
      const never = await forged({ ...nearly.document, validUntil: nearly.document.validFrom }, people.alice);
      await expectRefused(registry, never, [422, 'invalid-statement', '/validUntil']);
    });

    it('answers a replay with its first receipt even when it, or its signer’s credential, has expired since', async () => {
      const brief = await signed(
        { ...drafts.credential(people.stranger.did, 'Brief'), validUntil: in_(DAY) },
        people.issuer,
      );
      await log(registry, brief);
      const work = await signed(
        { ...drafts.record(people.stranger.did, 'brief'), validUntil: in_(DAY) },
        people.stranger,
      );
      const first = (await (await submit(registry, work)).json()) as Submitted;
      const more = await signed(drafts.record(people.stranger.did, 'too late'), people.stranger);
      registry.setNow(registry.now() + 2 * DAY);
      await expectRefused(registry, more, [403, 'no-credential', people.stranger.did]);
      const size = await sizeOf(registry);
      const again = await submit(registry, work);
      expect(again.status).toBe(200);
      expect(await again.json()).toEqual(first);
      const lines = await batch(registry, [brief, work, work]);
      expect(lines.map(({ status }) => status)).toEqual([200, 200, 200]);
      expect(lines[1]?.receipt).toBe(first.receipt);
      expect(await sizeOf(registry)).toBe(size);
      const view = await getJson<Dataset>(registry, `/v1/datasets/${work.id}`);
      expect(view.standing).toMatchObject({ state: 'expired', because: null });
      registry.setNow(registry.now() + 3650 * DAY);
      expect((await submit(registry, work)).status, 'ten years on').toBe(200);
      registry.setNow(NOON + 2 * DAY);
    });

    it('refuses a record whose credential is not valid yet', async () => {
      const early = await signed(
        { ...drafts.credential(people.publisher.did, 'Early'), validFrom: in_(4 * MINUTE) },
        people.issuer,
      );
      await log(registry, early);
      const record = await signed(drafts.record(people.publisher.did, 'early'), people.publisher);
      await expectRefused(registry, record, [403, 'no-credential', people.publisher.did]);
      registry.setNow(registry.now() + 4 * MINUTE);
      expect((await submit(registry, record)).status).toBe(201);
    });

    it('never stamps an entry before the last one, even when its clock goes back', async () => {
      const before = await log(registry, await signed(drafts.record(people.alice.did, 'before'), people.alice));
      const now = registry.now();
      registry.setNow(now - 10 * MINUTE);
      const after = await log(registry, await signed(drafts.record(people.alice.did, 'after'), people.alice));
      expect(after.loggedAt >= before.loggedAt).toBe(true);
      registry.setNow(now);
    });

    it('judges a record by a revocation that reaches back', async () => {
      const { alice, issuer, credential } = await cast(registry, 'reaching back');
      const since = timestampOf(registry.now());
      const work = await log(registry, await signed(drafts.record(alice.did, 'compromised'), alice));
      expect((await getJson<Dataset>(registry, `/v1/datasets/${work.id}`)).standing.state).toBe('active');
      registry.setNow(registry.now() + DAY);
      await log(
        registry,
        await signed(drafts.revocation(credential.id, { reason: 'key-compromise', invalidSince: since }), issuer),
      );
      expect((await getJson<Dataset>(registry, `/v1/datasets/${work.id}`)).standing.state).toBe('untrusted');
    });
  });
}
