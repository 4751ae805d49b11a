import { describe, expect, test } from 'vitest';
import { drafts, idOf, nullifierOf, signed, signerOf, VALID_FROM } from '../test/support/statements.ts';
import { issuesOf, type ParsedStatement } from '../protocol/statement.ts';
import { FRAMEWORKS, reachesLevel, type FrameworkName, type LevelName } from './frameworks.ts';
import { RightsRule } from './rights-rule.ts';
import { STATEMENT_KINDS, isKind, kindOf } from './statement.ts';

const alice = await signerOf('alice');
const DID = alice.did;
const ID = idOf('target');
const base = {
  Accreditation: await signed(drafts.identityIssuer(DID), alice),
  HumanCredential: await signed(drafts.credential(DID, 'Alice'), alice),
  DatasetRecord: await signed(drafts.record(DID, 'x'), alice),
  ReviewRecord: await signed(drafts.review(ID), alice),
  RightsGrant: await signed(drafts.grant(DID, ID), alice),
  Revocation: await signed(drafts.revocation(ID), alice),
} satisfies Record<keyof typeof STATEMENT_KINDS, ParsedStatement>;
type Kind = keyof typeof base;

/** Where a kind's schema objects once fields of its subject are replaced (undefined removes); null where it does not. */
function objection(kind: Kind, change: Record<string, unknown>, envelope: Record<string, unknown> = {}): string | null {
  const { document } = base[kind];
  const value: unknown = { ...document, ...envelope, credentialSubject: { ...document.credentialSubject, ...change } };
  const parsed = STATEMENT_KINDS[kind].safeParse(JSON.parse(JSON.stringify(value)));
  return parsed.success ? null : (issuesOf(parsed.error)[0]?.path.replace('/credentialSubject', '') ?? '?');
}

type Row = [change: Record<string, unknown>, path: string | null, why: string];
function table(kind: Kind, rows: Row[]): void {
  describe(kind, () => {
    test.for(rows.map((row) => [row[2], row] as const))('%s', ([, [change, path]]) =>
      expect(objection(kind, change)).toBe(path),
    );
  });
}

const rule = { effect: 'permit', uses: ['train'] };
const manyIds = (n: number): string[] => Array.from({ length: n }, (_, i) => idOf(`part ${i}`));

table('Accreditation', [
  [{}, null, 'an identity issuer'],
  [{ roles: ['publisher'], frameworks: undefined }, null, 'a publisher needs no framework'],
  [{ roles: ['publisher', 'identity-issuer'] }, null, 'both'],
  [{ roles: [], frameworks: undefined }, null, 'no role: the operator of entry 0'],
  [{ roles: ['publisher'] }, '/frameworks', 'frameworks are an issuer’s'],
  [{ frameworks: undefined }, '/frameworks', 'an issuer names its frameworks'],
  [{ frameworks: [] }, '/frameworks', 'an issuer names at least one'],
  [
    { frameworks: [{ framework: 'eidas', maxLevel: 'IAL2' }] },
    '/frameworks/0/maxLevel',
    'the level of another framework',
  ],
  [{ frameworks: [1, 2].map(() => ({ framework: 'eidas', maxLevel: 'high' })) }, '/frameworks', 'one framework twice'],
  [{ roles: ['publisher', 'publisher'], frameworks: undefined }, '/roles', 'one role twice'],
  [{ roles: ['king'] }, '/roles/0', 'an unknown role'],
  [{ url: 'javascript:alert(1)' }, '/url', 'a URL that runs'],
  [{ url: 'https://issuer.example' }, null, 'a web address'],
  [{ url: ' https://issuer.example' }, '/url', 'a space before a URL'],
  [{ url: 'https://issuer.example\n' }, '/url', 'a line end after a URL'],
  [{ url: 'https://issuer.example/a b' }, '/url', 'a space in a URL'],
  [{ url: 'https:issuer.example' }, '/url', 'a URL that only a browser completes'],
  [{ url: 'https://' }, '/url', 'a URL of nowhere'],
  [{ url: 'https://issuer.example/\u202egnp' }, '/url', 'a direction override in a URL'],
  [{ name: '' }, '/name', 'no name'],
  [{ name: 'two\nlines' }, '/name', 'a name of two lines'],
  [{ name: 'safe\u202egnp.exe' }, '/name', 'a direction override'],
  [{ id: 'did:web:issuer.example' }, '/id', 'another DID method'],
]);

const verification = { framework: 'nist-800-63-4', level: 'IAL2', method: 'remote-document', verifiedAt: VALID_FROM };
table('HumanCredential', [
  [{}, null, 'as issued'],
  [{ verification: { ...verification, level: 'IAL4' } }, '/verification/level', 'no such level'],
  [{ verification: { ...verification, level: 'high' } }, '/verification/level', 'the level of another framework'],
  [{ verification: { ...verification, framework: 'iso' } }, '/verification/framework', 'an unknown framework'],
  [
    { verification: { ...verification, verifiedAt: '2026-02-30T00:00:00Z' } },
    '/verification/verifiedAt',
    'a day that does not exist',
  ],
  [{ verification: { ...verification, verifiedAt: '2026-01-01' } }, '/verification/verifiedAt', 'a day is no time'],
  [{ verification: { ...verification, method: 'two words' } }, '/verification/method', 'a method is one word'],
  [{ verification: { ...verification, name: 'Alice' } }, '/verification', 'a name has no place'],
  [{ nullifier: nullifierOf('Alice').slice(1) }, '/nullifier', 'too short'],
  [{ nullifier: `${nullifierOf('Alice')}A` }, '/nullifier', 'too long'],
  [{ nullifier: `${'A'.repeat(42)}B` }, '/nullifier', 'bits left over: a second spelling of one value'],
  [{ nullifier: `${'+'.repeat(42)}A` }, '/nullifier', 'the standard alphabet'],
  [{ nullifier: undefined }, '/nullifier', 'none'],
  [
    { expertise: [{ field: 'law', basis: 'bar', jurisdiction: 'US-CA', reference: ID, validUntil: VALID_FROM }] },
    null,
    'an expert',
  ],
  [
    { expertise: [{ field: 'law', basis: 'bar', jurisdiction: 'California' }] },
    '/expertise/0/jurisdiction',
    'a jurisdiction in words',
  ],
  [
    { expertise: [{ field: 'law', basis: 'bar', reference: '12345' }] },
    '/expertise/0/reference',
    'a licence number in the clear',
  ],
  [{ email: 'a@b.example' }, '', 'an e-mail has no place'],
]);

const { subject: record } = drafts.record(DID, 'x');
const authorship = { role: 'author', assistance: { level: 'none' } };
table('DatasetRecord', [
  [{}, null, 'content alone'],
  [{ content: undefined, parts: [ID] }, null, 'parts alone'],
  [{ parts: [ID] }, null, 'both'],
  [{ content: undefined }, '/content', 'neither'],
  [{ id: ID }, '/id', 'an id that is not the content’s root'],
  [{ parts: [] }, '/parts', 'an empty list of parts'],
  [{ parts: [ID, ID] }, '/parts', 'one part twice'],
  [{ parts: manyIds(500) }, null, 'as many parts as allowed'],
  [{ parts: manyIds(501) }, '/parts', 'one part too many'],
  [{ parts: [ID.toUpperCase()] }, '/parts/0', 'an upper-case digest'],
  [
    {
      derivedFrom: [
        { id: ID, relation: 'filtered' },
        { url: 'https://a.example', license: 'MIT', relation: 'translated' },
      ],
    },
    null,
    'sources of both forms',
  ],
  [
    { derivedFrom: [{ id: ID, url: 'https://a.example', license: 'MIT', relation: 'filtered' }] },
    '/derivedFrom/0',
    'a source of both forms at once',
  ],
  [
    { derivedFrom: [{ url: 'https://a.example', relation: 'filtered' }] },
    '/derivedFrom/0',
    'a source without a licence',
  ],
  [{ rights: { holder: DID, license: 'LicenseRef-House' } }, '/rights/terms', 'a LicenseRef without terms'],
  [{ rights: { holder: DID, license: 'MIT OR LicenseRef-House' } }, '/rights/terms', 'nor inside an expression'],
  [{ rights: { holder: DID, license: 'LicenseRef-House', terms: { digest: ID } } }, null, 'a LicenseRef with terms'],
  [{ rights: { holder: DID, license: 'Apache-2.0 WITH LLVM-exception' } }, null, 'an SPDX expression'],
  [{ rights: { holder: DID, license: 'see website; or ask' } }, '/rights/license', 'prose for a licence'],
  [{ rights: { holder: DID, license: 'MIT ' } }, '/rights/license', 'a space at the end'],
  [{ rights: { license: 'MIT' } }, '/rights/holder', 'nobody holds the rights'],
  [{ personalData: 'consented' }, '/consent', 'consent without its form'],
  [{ personalData: 'consented', consent: ID }, null, 'consent with its form'],
  [{ consent: ID }, '/consent', 'a form for nothing'],
  [{ personalData: undefined }, '/personalData', 'silence about personal data'],
  [
    { authorship: { ...authorship, collectedFrom: '2026-03-01', collectedTo: '2026-01-01' } },
    '/authorship/collectedTo',
    'an end before its beginning',
  ],
  [{ authorship: { ...authorship, collectedFrom: '2025-02-29' } }, '/authorship/collectedFrom', 'no leap year'],
  [{ authorship: { ...authorship, collectedFrom: '2024-02-29', collectedTo: '2024-02-29' } }, null, 'a leap day'],
  [
    { authorship: { role: 'author', assistance: { level: 'some' } } },
    '/authorship/assistance/level',
    'an unknown level of assistance',
  ],
  [{ authorship: { ...authorship, effortMinutes: -1 } }, '/authorship/effortMinutes', 'negative effort'],
  [{ taskType: 'poetry' }, '/taskType', 'an unknown task'],
  [{ modality: [] }, '/modality', 'no modality'],
  [{ modality: ['text', 'text'] }, '/modality', 'one modality twice'],
  [{ language: ['English'] }, '/language/0', 'a language by its name'],
  [{ language: ['en', 'pt-BR', 'zh-Hant'] }, null, 'languages by their tags'],
  [{ content: { ...record.content, files: 0 } }, '/content/files', 'no files'],
  [{ content: { ...record.content, bytes: 1.5 } }, '/content/bytes', 'half a byte'],
  [{ content: { ...record.content, bytes: 2 ** 53 } }, '/content/bytes', 'more than a number carries'],
  [{ content: { ...record.content, visibility: 'secret' } }, '/content/visibility', 'another visibility'],
  [{ description: 'two\nlines' }, null, 'a description of several lines'],
  [{ description: 'x'.repeat(10_001) }, '/description', 'a description without end'],
]);

const score = { criterion: 'clarity', value: 3, min: 1, max: 5 };
table('ReviewRecord', [
  [{ scores: [score] }, null, 'a score within its range'],
  [
    {
      scores: [
        { ...score, value: 1 },
        { ...score, value: 5 },
      ],
    },
    null,
    'and at its ends',
  ],
  [{ scores: [{ ...score, value: 6 }] }, '/scores/0/value', 'a score above its range'],
  [{ scores: [{ ...score, value: 0 }] }, '/scores/0/value', 'a score below'],
  [{ scores: [{ ...score, min: 5, max: 5, value: 5 }] }, '/scores/0/value', 'a range of one value'],
  [{ startedAt: '2026-01-02T00:00:00Z' }, '/submittedAt', 'an end before the beginning'],
  [{ verdict: 'maybe' }, '/verdict', 'an unknown verdict'],
  [{ sawModelOutput: undefined }, '/sawModelOutput', 'silence about what was seen'],
]);

table('RightsGrant', [
  [{}, null, 'one rule'],
  [{ rules: [] }, '/rules', 'no rule'],
  [
    { rules: [{ ...rule, territory: { include: ['US', 'DE'] }, licensee: [DID], period: { until: VALID_FROM } }] },
    null,
    'constraints',
  ],
  [{ rules: [{ ...rule, licensee: 'public' }] }, null, 'everyone'],
  [{ rules: [{ ...rule, uses: [] }] }, '/rules/0/uses', 'no use'],
  [{ rules: [{ ...rule, uses: ['train', 'train'] }] }, '/rules/0/uses', 'one use twice'],
  [{ rules: [{ ...rule, uses: ['sell'] }] }, '/rules/0/uses/0', 'an unknown use'],
  [
    { rules: [{ ...rule, territory: { include: ['USA'] } }] },
    '/rules/0/territory/include/0',
    'a country of three letters',
  ],
  [
    { rules: [{ ...rule, territory: { include: ['US'], exclude: ['DE'] } }] },
    '/rules/0/territory',
    'both include and exclude',
  ],
  [{ rules: [{ ...rule, price: 1 }] }, '/rules/0', 'an unknown constraint'],
]);

table('Revocation', [
  [{ invalidSince: VALID_FROM, erase: true }, null, 'reaching back, and erasing'],
  [{ erase: false }, '/erase', 'erase is said or left out'],
  [{ reason: 'because' }, '/reason', 'an unknown reason'],
  [{ id: 'sha256:abc' }, '/id', 'no statement id'],
  [{ invalidSince: '2026-01-01T00:00:00.000Z' }, '/invalidSince', 'milliseconds'],
]);

describe('the envelope', () => {
  test.for([
    '2026-02-30T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T23:59:60Z',
    '2026-01-01T00:60:00Z',
    '2026-01-01T00:00:00+00:00',
    '2026-01-01T00:00:00',
    '2026-01-01 00:00:00Z',
    '2026-01-01T00:00:00.0Z',
    '+02026-01-01T00:00:00Z',
    '2026-01-01T00:00:00Z\n',
  ])('%j is no time', (validFrom) => expect(objection('Revocation', {}, { validFrom })).toBe('/validFrom'));

  test('validUntil comes after validFrom', () => {
    expect(objection('ReviewRecord', {}, { validUntil: VALID_FROM })).toBe('/validUntil');
    expect(objection('ReviewRecord', {}, { validUntil: '2026-01-01T00:00:01Z' })).toBeNull();
  });

  test('a revocation is for good', () =>
    expect(objection('Revocation', {}, { validUntil: '2036-01-01T00:00:00Z' })).toBe('/validUntil'));

  test('a credential holds only once the person was verified', () => {
    const verifiedAt = '2026-01-01T00:00:01Z';
    const later = { verification: { ...verification, verifiedAt } };
    expect(objection('HumanCredential', later)).toBe('/verification/verifiedAt');
    expect(objection('HumanCredential', later, { validFrom: verifiedAt })).toBeNull();
  });

  test.for([
    'did:key:z6Mk',
    `did:key:z6Mk${'0'.repeat(44)}`,
    `${DID}#key`,
    ` ${DID}`,
    DID.toUpperCase(),
    'did:key:z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc',
  ])('%j is no issuer', (issuer) => expect(objection('Revocation', {}, { issuer })).toBe('/issuer'));

  test('a kind is told by its type, and one kind’s subject is not another’s', () => {
    for (const [kind, { document }] of Object.entries(base)) {
      expect(kindOf(document)).toBe(kind);
      expect(isKind(document, 'Revocation')).toBe(kind === 'Revocation');
      for (const [other, schema] of Object.entries(STATEMENT_KINDS))
        expect(schema.safeParse(document).success).toBe(other === kind);
    }
  });
});

describe('frameworks', () => {
  const pairs = Object.entries(FRAMEWORKS) as [FrameworkName, readonly LevelName[]][];

  test('levels compare by their order, within their framework only', () => {
    for (const [framework, levels] of pairs) {
      for (const [i, level] of levels.entries()) {
        for (const [j, floor] of levels.entries()) expect(reachesLevel(framework, level, floor)).toBe(i >= j);
      }
    }
    expect(reachesLevel('eidas', 'high', 'IAL1')).toBe(false);
    expect(reachesLevel('eidas', 'IAL3', 'low')).toBe(false);
    expect(reachesLevel('eidas', 'IAL3', 'IAL1')).toBe(false);
  });
});

test.each([[['US']], [{ only: ['US'] }], [{ include: ['US'], exclude: ['DE'] }]])(
  'a territory of another form, %j, is told which there are',
  (territory) => {
    const { error } = RightsRule.safeParse({ ...rule, territory });
    expect(error?.issues).toMatchObject([{ path: ['territory'], message: expect.stringContaining('under include') }]);
  },
);
