import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limits } from '../../schemas/limits.ts';
import type { StatementId } from '../../schemas/primitives.ts';
import { digestOf } from '../../protocol/digest.ts';
import { drafts, signed } from '../support/statements.ts';
import { batch, cast, expectProblem, log, sizeOf, submit, type Cast } from './client.ts';
import type { OpenRegistry, Registry } from './harness.ts';

/** What one key may submit, and one network ask. */
export function describeRates(name: string, open: OpenRegistry): void {
  describe(`rates on ${name}`, () => {
    let registry: Registry;
    let people: Cast;
    beforeAll(async () => {
      registry = await open({ rateLimit: 60, readLimit: 30 });
      people = await cast(registry, 'rates');
    });
    afterAll(() => registry.close());

    /** A minute later, every key may submit again. */
    const rest = (): void => registry.setNow(registry.now() + 60_000);

    it('holds one key to its rate, and leaves the others alone', async () => {
      const records = await Promise.all(
        Array.from({ length: 61 }, (_, i) => signed(drafts.record(people.alice.did, `rate ${i}`), people.alice)),
      );
      const size = await sizeOf(registry);
      expect((await batch(registry, records)).map(({ code }) => code)).toEqual(Array(61).fill('rate-limited'));
      expect((await batch(registry, records.slice(0, 60))).every(({ status }) => status === 201)).toBe(true);
      const last = records[60] as (typeof records)[number];
      const response = await submit(registry, last);
      expect(response.headers.get('Retry-After')).toMatch(/^\d+$/);
      await expectProblem(response, [429, 'rate-limited', /key.*minute/]);
      const others = await signed(drafts.record(people.bob.did, 'another key'), people.bob);
      const mixed = await batch(registry, [last, others]);
      expect(mixed.map(({ code, status }) => code ?? status)).toEqual(['rate-limited', 201]);
      expect(await sizeOf(registry)).toBe(size + 61);
      rest();
      expect((await submit(registry, last)).status).toBe(201);
    });

    it('lets nobody use up a key’s rate with what that key has logged', async () => {
      rest();
      const record = await signed(drafts.record(people.alice.did, 'sent again'), people.alice);
      await log(registry, record);
      const again = await batch(registry, Array(100).fill(record));
      expect(again.map(({ status }) => status)).toEqual(Array(100).fill(200));
      const records = await Promise.all(
        Array.from({ length: 60 }, (_, i) => signed(drafts.record(people.alice.did, `after ${i}`), people.alice)),
      );
      expect((await batch(registry, records.slice(0, 59))).every(({ status }) => status === 201)).toBe(true);
      // Of a key that is over its rate, what is logged is still answered.
      expect((await batch(registry, [record, ...records.slice(58)])).map(({ code, status }) => code ?? status)).toEqual(
        [200, 200, 'rate-limited'],
      );
      rest();
    });

    it('holds one network to what its reads cost, and leaves the others alone', async () => {
      const record = await signed(drafts.record(people.alice.did, 'asked about'), people.alice);
      const { id } = await log(registry, record);
      const parts: StatementId[] = [];
      for (const half of ['left', 'right']) {
        rest();
        const signing = Array.from({ length: 50 }, (_, i) => drafts.record(people.alice.did, `${half} ${i}`));
        const signedParts = await Promise.all(signing.map((draft) => signed(draft, people.alice)));
        expect((await batch(registry, signedParts)).every(({ status }) => status === 201)).toBe(true);
        parts.push(...signedParts.map((part) => part.id));
      }
      const whole = await log(registry, await signed(drafts.composition(people.alice.did, parts), people.alice));
      const ask = (from: string, path: string, body?: unknown): Promise<Response> =>
        registry.fetch(path, {
          headers: { From: from, 'Content-Type': 'application/json' },
          ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
        });
      const digests = Array.from({ length: 9_001 }, (_, i) => digestOf(`limited ${i}`));
      const reads: [cost: number, path: string, body?: unknown][] = [
        [10, '/v1/lookups', { digests }],
        [1, '/v1/lookups', { digests: digests.slice(0, 1_000) }],
        [10, '/v1/verifications', { subject: id }],
        // Reading eight megabytes that turn out to be none takes a second.
        [10, '/v1/verifications', { content: {} }],
        [2, '/v1/decisions', { requests: Array.from({ length: 11 }, () => ({ record: id, use: 'train.finetune' })) }],
        [1, `/v1/rows/${digests[0]}/proof`],
        [10, `/v1/statements/${id}/impact`],
        [1, '/v1/datasets?use=train'],
        [3, '/v1/datasets?use=train&q=two+words'],
        [1, `/v1/datasets/${whole.id}`],
        [1, `/v1/datasets/${whole.id}/certificate`],
      ];
      for (const [i, [cost, ...read]] of reads.entries()) {
        const [address, neighbour] = [`2001:db8:0:${i}::1`, `2001:db8:0:${i}:ffff::2`];
        for (let n = 0; n < Math.floor(30 / cost); n++) expect((await ask(address, ...read)).status).not.toBe(429);
        const refused = await ask(neighbour, ...read);
        expect(refused.headers.get('Retry-After')).toMatch(/^\d+$/);
        await expectProblem(refused, [429, 'rate-limited', /network.*minute/]);
      }
      const large = drafts.composition(people.alice.did, parts, { version: '2.0.0' });
      const tooLarge = await log(registry, await signed(large, people.alice));
      const { certificateStatements } = limits;
      try {
        Object.assign(limits, { certificateStatements: 100 });
        const answers: number[] = [];
        for (let n = 0; n < 31; n++) answers.push((await ask('192.0.2.3', `/v1/datasets/${tooLarge.id}`)).status);
        expect(answers, 'what is refused for its size was read, too').toEqual([...Array<number>(30).fill(413), 429]);
      } finally {
        Object.assign(limits, { certificateStatements });
      }
      for (let n = 0; n < 31; n++) expect((await ask('192.0.2.2', `/v1/datasets/${id}`)).status, 'is free').toBe(200);
      expect((await ask('192.0.2.1', '/v1/lookups', { digests })).status).toBe(200);
      expect(JSON.stringify(registry.events)).not.toContain('2001:');
      rest();
      expect((await ask('2001:db8::1', '/v1/lookups', { digests })).status).toBe(200);
    });

    it('does not let a stranger spend a key’s rate', async () => {
      rest();
      const record = await signed(drafts.record(people.alice.did, 'spent'), people.alice);
      const stolen = record.canonical.replace('"version":"1.0.0"', '"version":"6.6.6"');
      expect(
        (await batch(registry, Array(500).fill(stolen) as string[])).every(({ code }) => code === 'invalid-signature'),
      ).toBe(true);
      expect((await submit(registry, record)).status).toBe(201);
    });
  });
}
