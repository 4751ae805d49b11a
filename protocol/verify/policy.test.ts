import { describe, expect, test } from 'vitest';
import type { Policy } from '../../schemas/policy.ts';
import type { Did } from '../../schemas/primitives.ts';
import { HOUR, registry } from '../../test/support/log.ts';
import { drafts, signed, signerOf, VALID_FROM } from '../../test/support/statements.ts';
import { detailsOf, failuresOf, judge } from '../../test/support/verify.ts';
import { timestampOf } from '../time.ts';
import { parseCheckpoint } from '../log/checkpoint.ts';
import { COSIGNATURE, ED25519, encodeVkey, verifierKey } from '../log/note.ts';
import { parseTrustPolicy } from '../log/trust.ts';

type Demands = Omit<Policy, 'policy'>;
type Human = NonNullable<Policy['human']>;

/** Records by Alice (IAL2, radiology) and Bob (IAL2), and a composition of both by Alice. */
async function world() {
  const all = await registry();
  const { log, issuer, alice, bob } = all;
  const expertise = [
    { field: 'radiology', basis: 'professional-licence', validUntil: timestampOf(log.now + 100 * HOUR) },
  ];
  log.append(await signed(drafts.credential(alice.did, 'Alice', { expertise }), issuer));
  log.append(await signed(drafts.credential(bob.did, 'Bob'), issuer));
  const byAlice = log.append(await signed(drafts.record(alice.did, 'by Alice'), alice));
  const byBob = log.append(await signed(drafts.record(bob.did, 'by Bob'), bob));
  const both = log.append(await signed(drafts.composition(alice.did, [byAlice.id, byBob.id]), alice));
  const check = async (subject: typeof both.id, policy: Demands) =>
    judge(await log.certificate({ subject }), { log, policy });
  const failed = async (subject: typeof both.id, policy: Demands) => failuresOf(await check(subject, policy));
  return { ...all, byAlice, byBob, both, check, failed };
}

describe('human', () => {
  const cases: [string, Human, string[]][] = [
    ['a level that is reached', { minLevel: { 'nist-800-63-4': 'IAL2' } }, []],
    ['a lower one', { minLevel: { 'nist-800-63-4': 'IAL1', eidas: 'high' } }, []],
    ['a higher one', { minLevel: { 'nist-800-63-4': 'IAL3' } }, ['human.level']],
    ['a framework that nobody used: levels never compare across', { minLevel: { eidas: 'low' } }, ['human.level']],
    ['a credential young enough', { maxCredentialAge: '60d' }, []],
    ['one younger than it is', { maxCredentialAge: '1d' }, ['human.level']],
    ['as many people as there are', { minDistinct: 2 }, []],
    ['more', { minDistinct: 3 }, ['human.distinct']],
    ['an expertise that one signer lacks', { expertise: ['radiology'] }, ['human.expertise']],
  ];
  test.for(cases)('asks for %s', async ([, human, expected]) => {
    const { both, failed } = await world();
    expect(await failed(both.id, { human })).toEqual(expected);
  });

  test('expertise counts while it was valid when the record was logged', async () => {
    const { log, alice, byAlice, failed } = await world();
    expect(await failed(byAlice.id, { human: { expertise: ['radiology'] } })).toEqual([]);
    const late = log.append(await signed(drafts.record(alice.did, 'late'), alice), log.now + 200 * HOUR);
    expect(await failed(late.id, { human: { expertise: ['radiology'] } })).toEqual(['human.expertise']);
  });

  test('one person with two keys is one', async () => {
    const { log, issuer, carol, byAlice, check } = await world();
    log.append(await signed(drafts.credential(carol.did, 'Alice'), issuer));
    const byCarol = log.append(await signed(drafts.record(carol.did, 'by Carol'), carol));
    const composed = log.append(await signed(drafts.composition(carol.did, [byAlice.id, byCarol.id]), carol));
    const report = await check(composed.id, { human: { minDistinct: 2 } });
    expect(report.humans).toEqual({ min: 1, max: 1 });
    expect(failuresOf(report)).toEqual(['human.distinct']);
  });

  test('only credentials of issuers that the policy names count', async () => {
    const { issuer, stranger, both, failed } = await world();
    expect(await failed(both.id, { trust: { issuers: [issuer.did, stranger.did] } })).toEqual([]);
    expect(await failed(both.id, { trust: { issuers: [stranger.did] } })).toEqual(['human.credential']);
  });

  test('to name issuers is to ask for a credential, unless the policy says that none is required', async () => {
    const { issuer, stranger, both, failed } = await world();
    const by = (issuers: Did[], required?: boolean) => ({
      trust: { issuers },
      human: required === undefined ? undefined : { required },
    });
    expect(await failed(both.id, by([issuer.did]))).toEqual([]);
    expect(await failed(both.id, by([stranger.did]))).toEqual(['human.credential']);
    expect(await failed(both.id, by([stranger.did], false))).toEqual([]);
  });

  test('what is asked of signers is never passed for want of one', async () => {
    const { stranger, both, failed, check } = await world();
    const trust = { issuers: [stranger.did] };
    expect(await failed(both.id, { trust, human: { required: false, minLevel: { 'nist-800-63-4': 'IAL1' } } })).toEqual(
      ['human.level'],
    );
    expect(await failed(both.id, { trust, human: { required: false, maxCredentialAge: '900d' } })).toEqual([
      'human.level',
    ]);
    expect(await failed(both.id, { trust, human: { required: false, expertise: ['radiology'] } })).toEqual([
      'human.expertise',
    ]);
    expect(detailsOf(await check(both.id, { trust, human: { required: false } }), 'human.credential')).toMatch(/^warn/);
  });

  test('a record whose signer does not count is not counted as signed by a human', async () => {
    const { log, operator, stranger, bob, both, check } = await world();
    log.append(await signed(drafts.identityIssuer(stranger.did), operator));
    log.append(await signed(drafts.credential(bob.did, 'Bob'), stranger));
    const later = log.append(await signed(drafts.record(bob.did, 'later'), bob));
    const mixed = log.append(await signed(drafts.composition(bob.did, [both.id, later.id]), bob));
    const report = await check(mixed.id, { trust: { issuers: [stranger.did] }, human: { required: false } });
    expect(report.humans).toEqual({ min: 1, max: 1 });
    expect(detailsOf(report, 'human.credential')).toContain('1 of 3');
  });

  test('the operator of the registry is the one that the policy names', async () => {
    const { operator, publisher, both, failed } = await world();
    expect(await failed(both.id, { trust: { operator: operator.did } })).toEqual([]);
    expect(await failed(both.id, { trust: { operator: publisher.did } })).toEqual(['issuer.accredited']);
  });
});

describe('assistance', () => {
  test('is limited by the worst of the lineage, with its shares by rows', async () => {
    const { log, alice, byAlice, check, failed } = await world();
    const draft = drafts.record(alice.did, 'made by a model', {
      authorship: { role: 'curator', assistance: { level: 'synthetic' } },
    });
    const rows = (kind: typeof draft, count: number) => ({
      ...kind,
      subject: {
        ...kind.subject,
        content: { ...kind.subject.content, rows: count } as NonNullable<typeof kind.subject.content>,
      },
    });
    const synthetic = log.append(await signed(rows(draft, 100), alice));
    const human = log.append(await signed(rows(drafts.record(alice.did, 'made by hand'), 300), alice));
    const mixed = log.append(await signed(drafts.composition(alice.did, [human.id, synthetic.id]), alice));
    const report = await check(mixed.id, { assistance: { max: 'editing' } });
    expect(report.assistance).toEqual({ worst: 'synthetic', shares: { none: 0.75, synthetic: 0.25 } });
    expect(failuresOf(report)).toEqual(['assistance.level']);
    expect(report.checks.find(({ id }) => id === 'assistance.level')?.statement).toBe(synthetic.id);
    expect(await failed(mixed.id, { assistance: { max: 'synthetic' } })).toEqual([]);
    expect(await failed(byAlice.id, { assistance: { max: 'none' } })).toEqual([]);
  });

  test('a synthetic source worsens what derives from it, without counting as content', async () => {
    const { log, alice, check } = await world();
    const source = log.append(
      await signed(
        drafts.record(alice.did, 'source', { authorship: { role: 'curator', assistance: { level: 'synthetic' } } }),
        alice,
      ),
    );
    const derived = log.append(
      await signed(
        drafts.record(alice.did, 'derived', { derivedFrom: [{ id: source.id, relation: 'filtered' }] }),
        alice,
      ),
    );
    expect((await check(derived.id, {})).assistance).toEqual({ worst: 'synthetic', shares: { synthetic: 1 } });
  });

  test('is unknown for a source that is known only by URL', async () => {
    const { log, alice, check, failed } = await world();
    const source = { url: 'https://elsewhere.example/data', license: 'MIT', relation: 'filtered' as const };
    const draft = drafts.record(alice.did, 'derived', { derivedFrom: [source] });
    const derived = log.append(await signed(draft, alice));
    const composed = log.append(await signed(drafts.composition(alice.did, [derived.id]), alice));
    const report = await check(composed.id, { assistance: { max: 'generated' } });
    expect(failuresOf(report)).toEqual(['assistance.level']);
    expect(detailsOf(report, 'assistance.level')).toMatch(/^fail: .*declares no assistance level: \S+$/);
    expect(detailsOf(report, 'lineage.complete')).toMatch(/^warn: .*elsewhere\.example\/data is not registered/);
    expect(await failed(composed.id, { assistance: { max: 'synthetic' } })).toEqual([]);
    expect(await failed(composed.id, {})).toEqual([]);
  });

  test('is said, not judged, where the policy sets no limit', async () => {
    const { byAlice, check } = await world();
    expect(detailsOf(await check(byAlice.id, {}), 'assistance.level')).toMatch(/^skipped: .*sets no limit/);
  });
});

describe('review', () => {
  test('counts accepting reviews of the subject in good standing', async () => {
    const { log, alice, bob, stranger, byAlice, failed } = await world();
    const one = { review: { min: 1 } };
    expect(await failed(byAlice.id, one)).toEqual(['review.count']);
    log.append(await signed(drafts.review(byAlice.id, { verdict: 'reject' }), bob));
    log.append(await signed(drafts.review(byAlice.id), stranger));
    expect(await failed(byAlice.id, one)).toEqual(['review.count']);
    const review = log.append(await signed(drafts.review(byAlice.id), bob));
    expect(await failed(byAlice.id, one)).toEqual([]);
    expect(await failed(byAlice.id, { review: { min: 2 } })).toEqual(['review.count']);
    log.append(await signed(drafts.revocation(review.id), bob));
    expect(await failed(byAlice.id, one)).toEqual(['review.count']);
    log.append(await signed(drafts.review(byAlice.id), alice));
    expect(await failed(byAlice.id, one)).toEqual([]);
    expect(await failed(byAlice.id, { review: { min: 1, independent: true } })).toEqual([
      'review.count',
      'review.independence',
    ]);
  });

  test('one reviewer counts once, however many reviews and keys', async () => {
    const { log, issuer, bob, carol, byAlice, failed } = await world();
    log.append(await signed(drafts.credential(carol.did, 'Bob'), issuer));
    log.append(await signed(drafts.review(byAlice.id), bob));
    log.append(await signed(drafts.review(byAlice.id, { sawOtherReviews: true }), bob));
    log.append(await signed(drafts.review(byAlice.id), carol));
    expect(await failed(byAlice.id, { review: { min: 1, independent: true } })).toEqual([]);
    expect(await failed(byAlice.id, { review: { min: 2 } })).toEqual(['review.count']);
  });

  test('an author is known by their other keys, and as the author of a part', async () => {
    const { log, issuer, bob, carol, byAlice, both, failed } = await world();
    log.append(await signed(drafts.credential(carol.did, 'Alice'), issuer));
    log.append(await signed(drafts.review(byAlice.id), carol));
    log.append(await signed(drafts.review(both.id), bob));
    for (const subject of [byAlice.id, both.id]) {
      expect(await failed(subject, { review: { min: 1 } })).toEqual([]);
      expect(await failed(subject, { review: { min: 1, independent: true } })).toEqual([
        'review.count',
        'review.independence',
      ]);
    }
  });

  test('two issuers may know one person: only those whom one issuer tells apart are counted, or independent', async () => {
    const { log, operator, issuer, stranger, bob, carol, byAlice, failed } = await world();
    const independent = (min: number) => ({ review: { min, independent: true } });
    log.append(await signed(drafts.identityIssuer(stranger.did), operator));
    log.append(await signed(drafts.credential(carol.did, 'Alice, to another issuer'), stranger));
    log.append(await signed(drafts.review(byAlice.id), carol));
    expect(await failed(byAlice.id, { review: { min: 1 } })).toEqual([]);
    expect(await failed(byAlice.id, independent(1))).toEqual(['review.count', 'review.independence']);
    log.append(await signed(drafts.review(byAlice.id), bob));
    expect(await failed(byAlice.id, independent(1))).toEqual([]);
    expect(await failed(byAlice.id, { review: { min: 2 } })).toEqual(['review.count']);
    log.append(await signed(drafts.credential(carol.did, 'Carol'), issuer));
    log.append(await signed(drafts.review(byAlice.id, { sawOtherReviews: true }), carol));
    expect(await failed(byAlice.id, { review: { min: 2 } })).toEqual([]);
    expect(await failed(byAlice.id, independent(2))).toEqual([]);
    expect(await failed(byAlice.id, { ...independent(1), trust: { issuers: [stranger.did] } })).toContain(
      'review.independence',
    );
  });

  test('a publisher who only composed needs no issuer in common with the reviewer', async () => {
    const { log, operator, publisher, bob, byAlice, failed } = await world();
    log.append(await signed(drafts.accreditation(publisher.did, { roles: ['publisher'] }), operator));
    const composed = log.append(await signed(drafts.composition(publisher.did, [byAlice.id]), publisher));
    log.append(await signed(drafts.review(composed.id), bob));
    expect(await failed(composed.id, { review: { min: 1, independent: true } })).toEqual([]);
  });

  test('reviewers whom only a foreign issuer vouches for do not count', async () => {
    const { log, operator, issuer, stranger, carol, byAlice, failed } = await world();
    log.append(await signed(drafts.identityIssuer(stranger.did), operator));
    log.append(await signed(drafts.credential(carol.did, 'Carol'), stranger));
    log.append(await signed(drafts.review(byAlice.id), carol));
    expect(await failed(byAlice.id, { review: { min: 1 } })).toEqual([]);
    expect(await failed(byAlice.id, { review: { min: 1 }, trust: { issuers: [issuer.did] } })).toEqual([
      'review.count',
    ]);
  });
});

describe('rights', () => {
  const rightsOf = async (license: string, rights: NonNullable<Policy['rights']>) => {
    const { log, alice, byAlice, check } = await world();
    const part = log.append(
      await signed(drafts.record(alice.did, license, { rights: { holder: alice.did, license } }), alice),
    );
    const bundle = log.append(await signed(drafts.composition(alice.did, [byAlice.id, part.id]), alice));
    const report = await check(bundle.id, { rights });
    return { report, part };
  };

  test('each use is decided over the whole lineage, and the worst counts', async () => {
    const use = ['evaluate', 'redistribute', 'train'] as const;
    const { report, part } = await rightsOf('CC-BY-NC-4.0', { use: [...use], purpose: 'commercial' });
    expect(failuresOf(report)).toEqual(['rights.decision']);
    expect(report.rights?.decision).toBe('deny');
    expect(report.rights?.uses.map((each) => each.use)).toEqual(use);
    expect(report.rights?.uses[2]?.limitedBy).toMatchObject({ record: part.id, license: 'CC-BY-NC-4.0' });
    expect(detailsOf(report, 'rights.decision')).toContain('fail: train: deny: CC-BY-NC-4.0 §2(a)(1) prohibits');
  });

  test('what is conditional passes, and says what is owed', async () => {
    const { report } = await rightsOf('CC-BY-SA-4.0', { use: ['derive'], purpose: 'commercial' });
    expect(failuresOf(report)).toEqual([]);
    expect(detailsOf(report, 'rights.decision')).toContain('(duties: attribute, share-alike-data)');
    expect(report.rights).toMatchObject({ decision: 'conditional' });
  });

  test('unknown fails unless the policy says otherwise', async () => {
    const of = { use: ['train' as const] };
    expect(failuresOf((await rightsOf('OFL-1.1', of)).report)).toEqual(['rights.decision']);
    const { report } = await rightsOf('OFL-1.1', { ...of, unknown: 'allow' });
    expect(failuresOf(report)).toEqual([]);
    expect(detailsOf(report, 'rights.decision')).toMatch(/^warn: train: unknown: nothing permits train/);
  });
});

test('witnesses: a quorum that the trust file names must have cosigned', async () => {
  const { log, byAlice } = await world();
  const witness = await signerOf('witness');
  const key = verifierKey('w.example', COSIGNATURE, witness.publicKey);
  const trust = parseTrustPolicy(
    `log ${encodeVkey(verifierKey(log.origin, ED25519, log.signer.publicKey))}\nwitness w ${encodeVkey(key)}\nquorum w\n`,
  );
  if (!trust.ok) throw new Error(trust.reason);
  const certificate = await log.certificate({ subject: byAlice.id });
  expect(failuresOf(await judge(certificate, { log, trust: trust.value }))).toEqual(['log.witnesses']);
  const checkpoint = await log.checkpoint([
    { name: 'w.example', signer: witness, seconds: Date.parse(VALID_FROM) / 1000 },
  ]);
  expect(parseCheckpoint(checkpoint).ok).toBe(true);
  const report = await judge({ ...certificate, checkpoint }, { log, trust: trust.value });
  expect(failuresOf(report)).toEqual([]);
  expect(detailsOf(report, 'log.witnesses')).toMatch(/^pass/);
});
