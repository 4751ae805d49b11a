import { describe, expect, test } from 'vitest';
import type { Policy } from '../../schemas/policy.ts';
import type { StatementId } from '../../schemas/primitives.ts';
import { HOUR, registry } from '../../test/support/log.ts';
import { drafts, signed, signerOf } from '../../test/support/statements.ts';
import { detailsOf, failuresOf, judge } from '../../test/support/verify.ts';
import { timestampOf } from '../time.ts';
import type { Draft } from '../statement.ts';

type Human = NonNullable<Policy['human']>;
type Claims = Partial<Draft<'HumanCredential'>['subject']>;

const DAY = 24 * HOUR;
const RADIOLOGY = { field: 'radiology', basis: 'professional-licence' };

/** A log in which issuers say things about Bob, who then makes a record. */
async function world() {
  const all = await registry();
  const { log, operator, issuer, stranger, bob } = all;
  log.append(
    await signed(
      drafts.identityIssuer(stranger.did, {
        frameworks: [
          { framework: 'nist-800-63-4', maxLevel: 'IAL3' },
          { framework: 'oidc', maxLevel: 'verified-login' },
        ],
      }),
      operator,
    ),
  );
  const verification = (more: Partial<Claims['verification'] & object> = {}) => ({
    framework: 'nist-800-63-4' as const,
    level: 'IAL2' as const,
    method: 'remote-document',
    verifiedAt: timestampOf(log.now - DAY),
    ...more,
  });
  const attest = async (claims: Claims, by = issuer, key = bob, person = 'Bob') =>
    log.append(await signed({ ...drafts.credential(key.did, person, claims), validFrom: timestampOf(log.now) }, by));
  const work = async (after = HOUR, by = bob) =>
    log.append(await signed(drafts.record(by.did, `by Bob after ${after}`), by), log.now + after);
  const check = async (subject: StatementId, human: Human, trust: Policy['trust'] = {}) =>
    judge(await log.certificate({ subject }), { log, policy: { human, trust } });
  return { ...all, verification, attest, work, check };
}

describe('expertise', () => {
  const expertise: Human = { expertise: ['radiology'] };

  test('is what the signer had when the record was logged: not later, not only before', async () => {
    const { log, attest, work, check } = await world();
    const until = timestampOf(log.now + 10 * HOUR);
    await attest({ expertise: [{ ...RADIOLOGY, validUntil: until }] });
    const [during, after] = [await work(), await work(20 * HOUR)];
    expect(failuresOf(await check(during.id, expertise))).toEqual([]);
    const report = await check(after.id, expertise);
    expect(failuresOf(report)).toEqual(['human.expertise']);
    expect(detailsOf(report, 'human.expertise')).toContain(`certified in radiology until ${until} only`);
    await attest({ expertise: [RADIOLOGY] });
    expect(failuresOf(await check(after.id, expertise)), 'nobody is certified in hindsight').toEqual([
      'human.expertise',
    ]);
    expect(failuresOf(await check((await work(2 * HOUR)).id, expertise))).toEqual([]);
  });

  test('is each field that is asked for, in one credential', async () => {
    const { attest, work, check } = await world();
    const law = { field: 'law', basis: 'bar-admission' };
    await attest({ expertise: [RADIOLOGY] });
    await attest({ expertise: [law] });
    const two: Human = { expertise: ['radiology', 'law'] };
    const report = await check((await work()).id, two);
    expect(failuresOf(report)).toEqual(['human.expertise']);
    expect(detailsOf(report, 'human.expertise')).toMatch(/not certified in law; not certified in radiology/);
    await attest({ expertise: [RADIOLOGY, law] });
    expect(failuresOf(await check((await work(2 * HOUR)).id, two))).toEqual([]);
  });

  test('is no more than a field that sounds like it', async () => {
    const { attest, work, check } = await world();
    await attest({ expertise: [{ field: 'radiology-assistant', basis: 'course' }] });
    expect(failuresOf(await check((await work()).id, expertise))).toEqual(['human.expertise']);
  });
});

describe('one credential meets all demands together', () => {
  test('a licence on a weak check lends nothing to a strong check without it', async () => {
    const { attest, verification, work, check, stranger, issuer } = await world();
    await attest({ verification: verification({ level: 'IAL1' }), expertise: [RADIOLOGY] }, stranger);
    await attest({ verification: verification({ level: 'IAL2' }) });
    const human: Human = { minLevel: { 'nist-800-63-4': 'IAL2' }, expertise: ['radiology'], minDistinct: 1 };
    const first = await work();
    const report = await check(first.id, human);
    expect(failuresOf(report)).toEqual(['human.distinct', 'human.expertise']);
    expect(detailsOf(report, 'human.expertise')).toMatch(
      /credential that does not count: verified at nist-800-63-4 IAL1, below IAL2; not certified in radiology/,
    );
    expect(report.humans).toEqual({ min: 0, max: 0 });
    expect(failuresOf(await check(first.id, { minLevel: { 'nist-800-63-4': 'IAL2' } }))).toEqual([]);
    expect(failuresOf(await check(first.id, { expertise: ['radiology'] }))).toEqual([]);
    await attest({ verification: verification({ level: 'IAL2' }), expertise: [RADIOLOGY] });
    const second = await work(2 * HOUR);
    expect(failuresOf(await check(second.id, human))).toEqual([]);
    expect(failuresOf(await check(second.id, human, { issuers: [issuer.did] }))).toEqual([]);
    expect(failuresOf(await check(second.id, human, { issuers: [stranger.did] }))).toEqual([
      'human.distinct',
      'human.expertise',
      'human.level',
    ]);
  });

  test('an old strong check and a new weak one are not a new strong one', async () => {
    const { log, attest, verification, work, check } = await world();
    await attest({ verification: verification({ verifiedAt: timestampOf(log.now - 30 * DAY) }) });
    await attest({ verification: verification({ level: 'IAL1' }) });
    const report = await check((await work()).id, { minLevel: { 'nist-800-63-4': 'IAL2' }, maxCredentialAge: '7d' });
    expect(failuresOf(report)).toEqual(['human.level']);
    expect(detailsOf(report, 'human.level')).toMatch(
      /more than 7d before it was logged; verified at .* IAL1, below IAL2/,
    );
  });
});

describe('age', () => {
  test('is from the check of the person to the record’s time in the log, to the second', async () => {
    const { log, attest, verification, work, check } = await world();
    const verifiedAt = timestampOf(log.now - DAY);
    await attest({ verification: verification({ verifiedAt }) });
    const within = await work(7 * DAY - (log.now - Date.parse(verifiedAt)));
    const past = log.append(
      await signed(drafts.record((await signerOf('bob')).did, 'a second later'), await signerOf('bob')),
      log.now + 1000,
    );
    expect(failuresOf(await check(within.id, { maxCredentialAge: '7d' }))).toEqual([]);
    expect(failuresOf(await check(past.id, { maxCredentialAge: '7d' }))).toEqual(['human.level']);
  });

  test('does not grow while the record lies in the log, and asOf does not change it', async () => {
    const { log, attest, work, check, alice } = await world();
    await attest({});
    const record = await work();
    log.append(await signed(drafts.record(alice.did, 'years later'), alice), log.now + 3000 * DAY);
    expect(failuresOf(await check(record.id, { maxCredentialAge: '60d' }))).toEqual([]);
  });

  test('is not made younger by a credential that was signed or renewed later', async () => {
    const { log, attest, verification, work, check } = await world();
    const verifiedAt = timestampOf(log.now - 400 * DAY);
    for (const _ of [1, 2]) await attest({ verification: verification({ verifiedAt }) });
    const report = await check((await work()).id, { maxCredentialAge: '365d' });
    expect(failuresOf(report)).toEqual(['human.level']);
    expect(detailsOf(report, 'human.level'), 'each reason once').toMatch(/^fail: [^;]*365d before it was logged$/);
  });
});

describe('level', () => {
  test('compares within a framework only, and a framework that is not named does not count', async () => {
    const { attest, verification, work, check, stranger } = await world();
    await attest({ verification: verification({ framework: 'oidc', level: 'verified-login' }) }, stranger);
    const record = await work();
    expect(failuresOf(await check(record.id, { minLevel: { oidc: 'self-asserted' } }))).toEqual([]);
    const report = await check(record.id, { minLevel: { 'nist-800-63-4': 'IAL1', eidas: 'low' } });
    expect(failuresOf(report)).toEqual(['human.level']);
    expect(detailsOf(report, 'human.level')).toContain('verified under oidc, which the policy does not name');
  });
});

describe('distinct humans', () => {
  test('five keys of one person are one, and another issuer’s word makes an interval of it', async () => {
    const { log, attest, check, issuer, stranger } = await world();
    const keys = await Promise.all([1, 2, 3, 4, 5].map((i) => signerOf(`key ${i} of one person`)));
    const parts: StatementId[] = [];
    for (const key of keys) {
      await attest({}, issuer, key, 'One');
      parts.push(log.append(await signed(drafts.record(key.did, key.did), key)).id);
    }
    const [first] = keys as [(typeof keys)[0]];
    const composed = log.append(await signed(drafts.composition(first.did, parts.toSorted()), first));
    expect((await check(composed.id, { minDistinct: 1 })).humans).toEqual({ min: 1, max: 1 });
    expect(failuresOf(await check(composed.id, { minDistinct: 2 }))).toEqual(['human.distinct']);

    const other = await signerOf('key at another issuer');
    await attest({}, stranger, other, 'Somebody');
    const more = log.append(await signed(drafts.record(other.did, 'more'), other));
    const all = log.append(await signed(drafts.composition(first.did, [composed.id, more.id].toSorted()), first));
    const report = await check(all.id, { minDistinct: 2 });
    expect(report.humans).toEqual({ min: 1, max: 2 });
    expect(detailsOf(report, 'human.distinct')).toBe('fail: distinct humans: 1 to 2, and at least 2 must be certain');
    const trusted = await check(all.id, { minDistinct: 1, required: false }, { issuers: [issuer.did] });
    expect(trusted.humans, 'who is off the list counts for nothing').toEqual({ min: 1, max: 1 });
    expect(failuresOf(await check(all.id, {}, { issuers: [issuer.did] }))).toEqual(['human.credential']);
    expect(failuresOf(await check(all.id, {}, { issuers: [issuer.did, stranger.did] }))).toEqual([]);
  });
});
