import fc from 'fast-check';
import { expect, test } from 'vitest';
import { registry } from '../../test/support/log.ts';
import { drafts, signed } from '../../test/support/statements.ts';
import { failuresOf } from '../../test/support/verify.ts';
import { verifySignature, type VerifySignature } from '../ed25519/verify.ts';
import { encodeCertificate, openCertificates } from './certificate.ts';
import { DEFAULT_POLICY, verifyCertificates, verifyOpened } from './verify.ts';

/** The platform's verdicts, but for the signature that is asked about as number `bad`: late, and no. */
function allBut(bad: number): { verify: VerifySignature; asked(): number } {
  let asked = 0;
  const verify: VerifySignature = async (...signature) => {
    if (asked++ !== bad) return verifySignature(...signature);
    await new Promise((resolve) => setTimeout(resolve, 1));
    return false;
  };
  return { verify, asked: () => asked };
}

test('what was judged while a signature was out counts for nothing once it is wrong', async () => {
  const { log, alice } = await registry();
  const first = log.append(await signed(drafts.record(alice.did, 'one'), alice));
  const second = log.append(await signed(drafts.composition(alice.did, [first.id]), alice));
  const certificates = await Promise.all(
    [first, second].map(async ({ id }) => encodeCertificate(await log.certificate({ subject: id }))),
  );
  const [trust, question] = [log.trust(), { policy: DEFAULT_POLICY, now: log.now }];
  const all = allBut(-1);
  const { report } = await verifyCertificates({ certificates, trust, ...question, verify: all.verify });
  expect(failuresOf(report)).toEqual([]);
  const failures = new Set<string>();
  for (let bad = 0; bad < all.asked(); bad++) {
    const whole = await verifyCertificates({ certificates, trust, ...question, verify: allBut(bad).verify });
    const opened = await (await openCertificates(certificates, trust, allBut(bad).verify)).settled;
    expect(whole).toEqual(await verifyOpened(opened, question));
    for (const failure of failuresOf(whole.report)) failures.add(failure);
  }
  expect([...failures].toSorted()).toEqual(
    expect.arrayContaining(['freshness', 'log.checkpoint', 'statement.signature']),
  );
});

test('in whatever order verdicts come, and whatever they are, the report is the same', async () => {
  const { log, alice } = await registry();
  const first = log.append(await signed(drafts.record(alice.did, 'one'), alice));
  const { id } = log.append(await signed(drafts.composition(alice.did, [first.id]), alice));
  const certificates = [encodeCertificate(await log.certificate({ subject: id }))];
  const [trust, question] = [log.trust(), { policy: DEFAULT_POLICY, now: log.now }];
  const all = allBut(-1);
  await verifyCertificates({ certificates, trust, ...question, verify: all.verify });
  const count = all.asked();
  const order = fc.shuffledSubarray([...Array(count).keys()], { minLength: count });
  const bad = fc.subarray([...Array(count).keys()]);
  await fc.assert(
    fc.asyncProperty(order, bad, async (order, bad) => {
      let asked = 0;
      const inTurn: VerifySignature = async () => !bad.includes(asked++);
      const opened = await (await openCertificates(certificates, trust, inTurn)).settled;
      const answers = new Map<number, () => void>();
      const late: VerifySignature = () =>
        new Promise((resolve) => {
          const place = answers.size;
          answers.set(place, () => resolve(!bad.includes(place)));
        });
      const answer = verifyCertificates({ certificates, trust, ...question, verify: late });
      await new Promise((resolve) => setTimeout(resolve));
      expect(answers.size).toBe(count);
      for (const place of order) {
        answers.get(place)?.();
        await new Promise((resolve) => setTimeout(resolve));
      }
      expect(await answer).toEqual(await verifyOpened(opened, question));
    }),
    { numRuns: 40 },
  );
});

test('a checkpoint counts that is found once the text was read with care, whatever was found before', async () => {
  const { log, alice } = await registry();
  const record = log.append(await signed(drafts.record(alice.did, 'one'), alice));
  const text = encodeCertificate(await log.certificate({ subject: record.id }));
  const escaped = text.replace('"checkpoint"', String.raw`"\u0063heckpoint"`);
  const question = { trust: log.trust(), policy: DEFAULT_POLICY, now: log.now };
  // JSON.parse may take a key with an escape for another: json.ts.
  JSON.parse(String.raw`{"\\":0}`);
  const { report } = await verifyCertificates({ certificates: [escaped], ...question });
  expect(failuresOf(report)).toEqual([]);
  const twice = await verifyCertificates({ certificates: [`{"checkpoint":"",${escaped.slice(1)}`], ...question });
  expect(failuresOf(twice.report)).toEqual(['certificate.format']);
});

test('where the platform fails at a signature, that is heard of once, by whoever verifies', async () => {
  const { log, alice } = await registry();
  const record = log.append(await signed(drafts.record(alice.did, 'one'), alice));
  const certificate = encodeCertificate(await log.certificate({ subject: record.id }));
  const question = { trust: log.trust(), policy: DEFAULT_POLICY, now: log.now };
  // A rejection that nobody hears ends the process, and fails this test.
  for (const [text, fine] of [
    [certificate, 0],
    [certificate, 1],
    [certificate, 3],
    [`${certificate.slice(0, -1)},"more":0}`, 0],
  ] as const) {
    let asked = 0;
    const verify: VerifySignature = async (...signature) => {
      if (asked++ >= fine) throw new Error('out of memory');
      return verifySignature(...signature);
    };
    const verified = verifyCertificates({ certificates: [text], ...question, verify });
    if (text === certificate) await expect(verified).rejects.toThrow('out of memory');
    else expect(failuresOf((await verified).report)).toEqual(['certificate.format']);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
});

test('and at a statement that is left out all the same, by nobody', async () => {
  const { log, alice } = await registry();
  const record = log.append(await signed(drafts.record(alice.did, 'one'), alice));
  const certificate = await log.certificate({ subject: record.id });
  const statements = certificate.statements.map((each) =>
    each.index === record.index ? { ...each, proof: [] } : each,
  );
  const certificates = [encodeCertificate({ ...certificate, statements })];
  const question = { trust: log.trust(), policy: DEFAULT_POLICY, now: log.now };
  const all = allBut(-1);
  const { report } = await verifyCertificates({ certificates, ...question, verify: all.verify });
  const last = all.asked() - 1;
  let asked = 0;
  const verify: VerifySignature = async (...signature) => {
    if (asked++ === last) throw new Error('out of memory');
    return verifySignature(...signature);
  };
  expect(await verifyCertificates({ certificates, ...question, verify })).toMatchObject({ report });
  expect(failuresOf(report)).toContain('log.inclusion');
  await new Promise((resolve) => setTimeout(resolve, 1));
});
