import { describe, expect, test } from 'vitest';
import type { Certificate } from '../../schemas/certificate.ts';
import { Report } from '../../schemas/report.ts';
import type { RightsRule } from '../../schemas/rights-rule.ts';
import { MemoryLog, registry } from '../../test/support/log.ts';
import { drafts, idOf, signed, signerOf } from '../../test/support/statements.ts';
import { altered, detailsOf, failuresOf, judge } from '../../test/support/verify.ts';
import { logTimeOf } from '../time.ts';

/** A registry with one record by Alice, and its certificate. */
async function world() {
  const all = await registry();
  const record = all.log.append(await signed(drafts.record(all.alice.did, 'rows'), all.alice));
  const certificate = await all.log.certificate({ subject: record.id });
  return { ...all, record, certificate };
}

const at = (certificate: Certificate, index: number): Certificate['statements'][number] =>
  certificate.statements.find((statement) => statement.index === index) as Certificate['statements'][number];

describe('a certificate in order', () => {
  test('passes the default policy, and the report says so check by check', async () => {
    const { log, certificate, record } = await world();
    const report = await judge(certificate, { log });
    expect(failuresOf(report)).toEqual([]);
    expect(Report.parse(report)).toEqual(report);
    expect(report).toMatchObject({
      verdict: 'pass',
      subject: record.id,
      asOf: logTimeOf(log.now),
      humans: { min: 1, max: 1 },
      assistance: { worst: 'none', shares: { none: 1 } },
      coverage: null,
      rights: null,
    });
    const passed = report.checks.filter(({ outcome }) => outcome === 'pass').map(({ id }) => id);
    expect(passed).toEqual(
      expect.arrayContaining([
        'log.checkpoint',
        'log.inclusion',
        'statement.digest',
        'statement.signature',
        'issuer.accredited',
        'human.credential',
        'lineage.complete',
        'standing',
        'freshness',
      ]),
    );
  });

  test('lists its statements in log order, each once', async () => {
    const { log, certificate } = await world();
    const changes: ((copy: Certificate) => void)[] = [
      (copy) => void (copy.statements = copy.statements.toReversed()),
      ({ statements }) => void statements.splice(1, 0, statements[1] as (typeof statements)[0]),
    ];
    for (const change of changes) {
      expect(failuresOf(await judge(altered(certificate, change), { log }))).toEqual(['certificate.format']);
    }
  });

  test('is judged the same in any spelling of its JSON', async () => {
    const { log, certificate } = await world();
    const spelled = await judge(JSON.stringify(certificate, null, 2), { log });
    expect(spelled).toEqual(await judge(certificate, { log }));
  });
});

describe('form', () => {
  test.for(['', 'null', '[]', '{}', 'not JSON', '\ufeff{}', '{"mediaType":"text/html"}', '['.repeat(100_000)])(
    '%# garbage',
    async (text) => {
      const { log } = await registry();
      const report = await judge(text, { log });
      expect(failuresOf(report)).toEqual(['certificate.format']);
      expect(report).toMatchObject({ subject: null, humans: null, assistance: null, coverage: null });
    },
  );

  test('cut off, with a field more, or with a key twice', async () => {
    const { log, certificate } = await world();
    const text = JSON.stringify(certificate);
    for (const bad of [
      text.slice(0, -1),
      text.slice(0, text.length / 2),
      text.replace('{', '{"x":1,'),
      text.replace('{', '{"subject":"x",'),
    ]) {
      expect(failuresOf(await judge(bad, { log }))).toEqual(['certificate.format']);
    }
  });

  test('a string of megabytes in an unusual spelling is a refusal, not an exhausted stack', async () => {
    const { log } = await registry();
    expect(failuresOf(await judge(`{ "subject":"${'x'.repeat(8_000_000)}"}`, { log }))).toEqual(['certificate.format']);
  });
});

describe('authenticity', () => {
  const cases: [string, string[], (copy: Certificate, record: number) => void][] = [
    [
      'an altered document',
      ['statement.digest'],
      (copy, record) => {
        const { credentialSubject } = at(copy, record).document as { credentialSubject: { name: string } };
        credentialSubject.name = 'Another name';
      },
    ],
    [
      'a document with another field',
      ['statement.digest'],
      (copy, record) => void Object.assign(at(copy, record).document as object, { extra: 1 }),
    ],
    [
      'the document of another entry',
      ['statement.digest'],
      (copy, record) => void (at(copy, record).document = at(copy, 3).document),
    ],
    [
      'an altered signature',
      ['statement.digest'],
      (copy, record) => {
        const { proof } = at(copy, record).document as { proof: { proofValue: string } };
        proof.proofValue = proof.proofValue.replace(/..$/, (end) => (end === '11' ? '22' : '11'));
      },
    ],
    [
      'an altered entry',
      ['log.inclusion'],
      (copy, record) => void (at(copy, record).entry = at(copy, record).entry.replace(/\.\d{3}Z/, '.999Z')),
    ],
    [
      'a malformed entry',
      ['log.inclusion'],
      (copy, record) => void (at(copy, record).entry = ` ${at(copy, record).entry}`),
    ],
    ['an altered proof', ['log.inclusion'], (copy, record) => void (at(copy, record).proof[0] = `${'A'.repeat(43)}=`)],
    ['no proof', ['log.inclusion'], (copy, record) => void (at(copy, record).proof = [])],
    ['another index', ['log.inclusion'], (copy, record) => void (at(copy, record).index += 1)],
    [
      'an altered root',
      ['log.checkpoint'],
      (copy) => void (copy.checkpoint = copy.checkpoint.replace(/\n[A-Za-z0-9+/]{43}=/, `\n${'A'.repeat(43)}=`)),
    ],
    [
      'an altered size',
      ['log.checkpoint'],
      (copy) => void (copy.checkpoint = copy.checkpoint.replace('\n5\n', '\n6\n')),
    ],
    ['a checkpoint cut short', ['log.checkpoint'], (copy) => void (copy.checkpoint = copy.checkpoint.slice(0, -1))],
    ['an erased body', ['lineage.complete'], (copy, record) => void (at(copy, record).document = null)],
    ['another subject', ['lineage.complete'], (copy) => void (copy.subject = idOf('elsewhere'))],
    [
      'a subject that is no record',
      ['lineage.complete'],
      (copy) => void (copy.subject = JSON.parse(at(copy, 3).entry).id),
    ],
  ];
  test.for(cases)('%s fails %j', async ([, expected, change]) => {
    const { log, certificate, record } = await world();
    const report = await judge(
      altered(certificate, (copy) => change(copy, record.index)),
      { log },
    );
    expect(failuresOf(report)).toEqual(expected);
  });

  test('a statement that its issuer did not sign, though the log took it', async () => {
    const { log, alice } = await registry();
    const draft = await signed(drafts.record(alice.did, 'forged'), alice);
    const forged = await signed(drafts.record(alice.did, 'forged'), {
      ...alice,
      sign: (await signerOf('mallory')).sign,
    });
    expect(forged.id).not.toBe(draft.id);
    const record = log.append(forged);
    expect(failuresOf(await judge(await log.certificate({ subject: record.id }), { log }))).toEqual([
      'statement.signature',
    ]);
  });

  test('a log that you do not trust', async () => {
    const { log, certificate } = await world();
    const elsewhere = new MemoryLog(await signerOf('log'), 'elsewhere.example/log').trust();
    const rekeyed = new MemoryLog(await signerOf('other'), log.origin).trust();
    for (const trust of [elsewhere, rekeyed])
      expect(failuresOf(await judge(certificate, { log, trust }))).toEqual(['log.checkpoint']);
  });

  test('no entry 0, so no operator', async () => {
    const { log, record } = await world();
    const report = await judge(await log.certificate({ subject: record.id, omit: [0] }), { log });
    expect(failuresOf(report)).toContain('issuer.accredited');
    expect(report.verdict).toBe('fail');
  });

  test('no credential, no accreditation, or no part', async () => {
    const { log, record, credential, accreditation, alice } = await world();
    for (const omit of [credential.index, accreditation.index]) {
      expect(failuresOf(await judge(await log.certificate({ subject: record.id, omit: [omit] }), { log }))).toEqual([
        'human.credential',
        'standing',
      ]);
    }
    const composed = log.append(await signed(drafts.composition(alice.did, [record.id]), alice));
    const report = await judge(await log.certificate({ subject: composed.id, omit: [record.index] }), { log });
    expect(detailsOf(report, 'lineage.complete')).toContain(`${record.id} is missing`);
    expect(failuresOf(report)).toContain('lineage.complete');
  });
});

test('what decides is the same in whatever order a certificate has its keys', async () => {
  const { log, alice } = await registry();
  const rules: RightsRule[] = [
    { effect: 'permit', uses: ['evaluate', 'train'] },
    { effect: 'permit', uses: ['train'], period: { until: '2090-01-01T00:00:00Z' } },
  ];
  const rights = { holder: alice.did, license: 'LicenseRef-own', terms: { digest: idOf('terms') }, rules };
  const record = log.append(await signed(drafts.record(alice.did, 'ruled', { rights }), alice));
  const certificate = await log.certificate({ subject: record.id });
  const turned = JSON.stringify(certificate, (_, part: unknown) =>
    part === null || typeof part !== 'object' || Array.isArray(part)
      ? part
      : Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? 1 : -1))),
  );
  const policy = { rights: { use: ['train' as const] } };
  const report = await judge(certificate, { log, policy });
  expect(failuresOf(report)).toEqual([]);
  expect(await judge(turned, { log, policy })).toEqual(report);
});
