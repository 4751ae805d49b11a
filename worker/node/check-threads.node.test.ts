import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drafts, signed, signerOf } from '../../test/support/statements.ts';
import { verifySignature } from '../../protocol/ed25519/verify.ts';
import { checkWith } from '../admission/check.ts';
import { startCheckThreads } from './check-threads.ts';

describe('checking on threads', () => {
  let threads: ReturnType<typeof startCheckThreads>;
  beforeAll(() => {
    threads = startCheckThreads(2);
  });
  afterAll(() => threads.close());

  const statement = async (person: string): Promise<string> => {
    const signer = await signerOf(person);
    return (await signed(drafts.record(signer.did, person), signer)).canonical;
  };

  test('says of each statement what this thread would say, in order', async () => {
    const good = await statement('ada');
    const inputs = [
      good,
      '{',
      good.replace('"proofPurpose"', '"proofpurpose"'),
      good.replace('2026', '2025'),
      new TextEncoder().encode(good),
    ];
    const here = await checkWith(verifySignature)(inputs);
    const there = await threads.check(inputs);
    expect(there.map((result) => result.ok)).toEqual([true, false, false, false, true]);
    const { did } = await signerOf('ada');
    expect(there[0]).toMatchObject({ value: { canonical: good, kind: 'DatasetRecord', issuer: did } });
    expect(there).toEqual(here);
  });

  test('gives every caller its own answers, though a slow message may be overtaken', async () => {
    const people = await Promise.all(Array.from({ length: 120 }, (_, i) => statement(`person ${i}`)));
    const answers = await Promise.all(
      people.map(async (text, i) => {
        // Callers arrive over many turns of the event loop, so in many messages; new keys make some of them slow.
        for (let turn = 0; turn < i % 7; turn++) await new Promise((resolve) => setImmediate(resolve));
        return threads.check(i % 3 === 0 ? [text, '{'] : [text]);
      }),
    );
    for (const [i, results] of answers.entries()) {
      const [result] = results;
      expect(results).toHaveLength(i % 3 === 0 ? 2 : 1);
      expect(result?.ok === true && result.value.canonical).toBe(people[i]);
    }
  });

  test('refuses what would wait too long', async () => {
    const [first] = await threads.check(Array.from({ length: 20_001 }, () => '{'));
    expect(first).toMatchObject({ ok: false, reason: { code: 'overloaded' } });
  });
});
