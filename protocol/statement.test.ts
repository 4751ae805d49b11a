import { describe, expect, test } from 'vitest';
import { CONTEXT, type StatementKind } from '../schemas/statement.ts';
import { limits } from '../schemas/limits.ts';
import { toBase58, utf8 } from './bytes.ts';
import { digestOf } from './digest.ts';
import { verifyNatively, verifySignature, verifyWithNoble } from './ed25519/verify.ts';
import { canonicalJson } from './json.ts';
import {
  hashDataOf,
  parseStatement,
  parseStatementNatively,
  signDocument,
  signStatement,
  verifyStatement,
} from './statement.ts';
import type { Draft, ParsedStatement, StatementFault } from './statement.ts';
import { drafts, idOf, signed, signerOf, VALID_FROM } from '../test/support/statements.ts';

const signer = await signerOf('alice');
const other = await signerOf('bob');
const ALL: readonly Draft<StatementKind>[] = [
  drafts.identityIssuer(other.did),
  drafts.credential(other.did, 'Bob', { expertise: [{ field: 'radiology', basis: 'professional-licence' }] }),
  drafts.record(signer.did, 'some text', { derivedFrom: [{ id: idOf('source'), relation: 'filtered' }] }),
  drafts.review(idOf('record'), { scores: [{ criterion: 'clarity', value: 4, min: 0, max: 5 }] }),
  drafts.grant(other.did, idOf('record')),
  drafts.revocation(idOf('record'), { invalidSince: VALID_FROM, erase: true }),
];
const record = await signed(drafts.record(signer.did, 'some text'), signer);

const faultOf = (input: string | Uint8Array): StatementFault | null => {
  const parsed = parseStatement(input);
  return parsed.ok ? null : parsed.reason;
};

/** A copy of a document with the value at a path replaced; undefined removes it. */
function edit(document: unknown, path: string, value: unknown): string {
  const copy = JSON.parse(JSON.stringify(document)) as Record<string, unknown>;
  const keys = path.split('/').slice(1);
  const last = keys.pop() as string;
  let at = copy;
  for (const key of keys) at = at[key] as Record<string, unknown>;
  if (value === undefined) delete at[last];
  else Object.defineProperty(at, last, { value, enumerable: true, configurable: true, writable: true });
  return JSON.stringify(copy);
}

describe.for(ALL.map((draft) => [draft.kind, draft] as const))('%s', ([kind, draft]) => {
  test('signs, parses and verifies; what is served hashes to its id', async () => {
    const more = draft.kind === 'Revocation' ? {} : { validUntil: '2030-01-01T00:00:00Z' };
    const statement = await signed({ ...draft, ...more }, signer);
    expect(statement.kind).toBe(kind);
    expect(statement.document.issuer).toBe(signer.did);
    expect(statement.canonical).toBe(canonicalJson(statement.document));
    expect(statement.id).toBe(digestOf(statement.canonical));
    const { proof, ...unsigned } = statement.document;
    const { proofValue: _, ...options } = proof;
    expect(statement.hashData).toEqual(hashDataOf(unsigned, options));
    for (const input of [statement.canonical, utf8(statement.canonical)]) {
      expect(parseStatement(input)).toEqual({ ok: true, value: statement });
    }
    for (const verify of [verifyNatively, verifyWithNoble])
      expect((await verifyStatement(statement, verify)).ok).toBe(true);
  });

  test('hashed by WebCrypto it is the same', async () => {
    const { canonical } = await signed(draft, signer);
    const respelled = JSON.stringify(JSON.parse(canonical), null, 1);
    for (const input of [
      canonical,
      respelled,
      utf8(canonical),
      canonical.slice(1),
      edit(JSON.parse(canonical), '/more', 'Größe'),
    ]) {
      expect(await parseStatementNatively(input)).toEqual(parseStatement(input));
    }
  });

  test('any other spelling of it has the same id', async () => {
    const statement = await signed(draft, signer);
    const shuffled = Object.fromEntries(Object.entries(statement.document).toReversed());
    for (const text of [JSON.stringify(shuffled, null, 2), statement.canonical.replace('"issuer"', '"\\u0069ssuer"')]) {
      const parsed = parseStatement(text);
      expect(parsed.ok && [parsed.value.id, parsed.value.canonical]).toEqual([statement.id, statement.canonical]);
    }
  });

  test('an unknown field is refused at every depth, by name and place', async () => {
    const { document } = await signed(draft, signer);
    for (const place of ['', '/credentialSubject', '/proof']) {
      const fault = faultOf(edit(document, `${place}/surprise`, 1));
      expect(fault?.code).toBe('invalid-statement');
      expect(fault?.errors).toContainEqual({ path: place || '/', message: 'unknown field "surprise"' });
    }
  });

  test('every field of the envelope is needed, and of its type', async () => {
    const { document } = await signed(draft, signer);
    for (const key of ['@context', 'issuer', 'validFrom', 'credentialSubject', 'proof']) {
      for (const value of [undefined, null, 1, [], 'x']) {
        expect(faultOf(edit(document, `/${key}`, value))?.errors?.[0]?.path, key).toMatch(new RegExp(`^/${key}`));
      }
    }
    for (const value of [undefined, null, 1, [], 'VerifiableCredential', [kind], ['VerifiableCredential', 'Toast']]) {
      expect(faultOf(edit(document, '/type', value))?.code).toBe('invalid-statement');
    }
  });
});

describe('unknown fields deep inside are named with their path', () => {
  test.for([
    '/credentialSubject/content',
    '/credentialSubject/authorship',
    '/credentialSubject/authorship/assistance',
    '/credentialSubject/rights',
  ])('%s', (path) => {
    expect(faultOf(edit(record.document, `${path}/extra`, true))?.errors).toContainEqual({
      path,
      message: 'unknown field "extra"',
    });
  });

  test('and a hostile name is cut short', () => {
    const fault = faultOf(edit(record.document, `/credentialSubject/${'k'.repeat(5000)}`, 1));
    expect(JSON.stringify(fault).length).toBeLessThan(500);
  });
});

describe('signatures', () => {
  const verdictOf = async (text: string): Promise<string> => {
    const parsed = parseStatement(text);
    if (!parsed.ok) return parsed.reason.code;
    const verified = await verifyStatement(parsed.value, verifySignature);
    return verified.ok ? 'valid' : verified.reason.code;
  };

  test('the statement as signed is valid', async () => expect(await verdictOf(record.canonical)).toBe('valid'));

  test.for<[string, unknown, string]>([
    ['/credentialSubject/name', 'Another name', 'invalid-signature'],
    ['/validFrom', '2026-01-02T00:00:00Z', 'invalid-signature'],
    ['/validUntil', '2030-01-01T00:00:00Z', 'invalid-signature'],
    ['/proof/created', '2026-01-02T00:00:00Z', 'invalid-signature'],
    ['/proof/type', 'Ed25519Signature2020', 'invalid-statement'],
    ['/proof/cryptosuite', 'eddsa-rdfc-2022', 'invalid-statement'],
    ['/proof/proofPurpose', 'authentication', 'invalid-statement'],
    ['/proof/@context', [...CONTEXT].toReversed(), 'invalid-statement'],
    ['/proof/@context', [CONTEXT[0]], 'invalid-statement'],
    ['/@context', [...CONTEXT, 'https://more.example'], 'invalid-statement'],
    ['/proof/proofValue', `z${'1'.repeat(64)}`, 'invalid-signature'],
    ['/proof/proofValue', `z${toBase58(new Uint8Array(63).fill(7))}`, 'invalid-signature'],
    ['/proof/proofValue', `z${toBase58(new Uint8Array(65).fill(7))}`, 'invalid-signature'],
    ['/proof/proofValue', 'z0OIl', 'invalid-statement'],
    ['/proof/proofValue', `u${'A'.repeat(86)}`, 'invalid-statement'],
    ['/proof/verificationMethod', `${other.did}#${other.did.slice(8)}`, 'foreign-key'],
    ['/proof/verificationMethod', `${signer.did}#${other.did.slice(8)}`, 'foreign-key'],
    ['/proof/verificationMethod', signer.did, 'foreign-key'],
    ['/issuer', other.did, 'foreign-key'],
    ['/issuer', `did:key:z6Mk${'z'.repeat(44)}`, 'foreign-key'],
  ])('%s changed to %j: %s', async ([path, value, code]) => {
    expect(await verdictOf(edit(record.document, path, value))).toBe(code);
  });

  test('made by another key over the same bytes is not the issuer’s', async () => {
    const stolen = await other.sign(record.hashData);
    expect(await verdictOf(edit(record.document, '/proof/proofValue', `z${toBase58(stolen)}`))).toBe(
      'invalid-signature',
    );
  });

  test('an issuer whose did holds no valid key is refused, never an exception', async () => {
    // Decodes to more than 34 bytes, so to no Ed25519 key.
    const did = `did:key:z6Mk${'z'.repeat(44)}`;
    const { proof: _, ...document } = record.document;
    const forged = await signDocument(
      { ...document, issuer: did },
      { ...signer, did: did as typeof signer.did },
      VALID_FROM,
    );
    expect(await verdictOf(JSON.stringify(forged))).toMatch(/^invalid-(key|signature)$/);
  });
});

describe('hostile input', () => {
  test.for<[string, string | Uint8Array, string]>([
    ['nothing', '', 'invalid-json'],
    ['no UTF-8', Uint8Array.of(0xff, 0xfe), 'invalid-json'],
    ['an overlong encoding', Uint8Array.of(0xc0, 0xaf), 'invalid-json'],
    ['a byte-order mark', utf8(`\ufeff${record.canonical}`), 'invalid-json'],
    ['null', 'null', 'invalid-statement'],
    ['a string', '"DatasetRecord"', 'invalid-statement'],
    ['an array', '[1,2]', 'invalid-statement'],
    ['a type that is a string', '{"type":"xDatasetRecord"}', 'invalid-statement'],
    ['the name of a method as kind', '{"type":["VerifiableCredential","constructor"]}', 'invalid-statement'],
    ['a key given twice', record.canonical.replace('{', '{"issuer":"x",'), 'invalid-json'],
    ['a prototype', record.canonical.replace('"name":', '"__proto__":{},"name":'), 'invalid-json'],
    ['deep nesting', `${'['.repeat(1000)}${']'.repeat(1000)}`, 'invalid-json'],
    ['a lone surrogate', record.canonical.replace('Record of', '\\ud800'), 'invalid-json'],
    ['more bytes than a statement has', ' '.repeat(limits.statementBytes + 1), 'too-large'],
    ['many bytes', new Uint8Array(limits.statementBytes + 1), 'too-large'],
  ])('%s', ([, input, code]) => expect(faultOf(input)?.code).toBe(code));

  test('the bound counts bytes of the canonical form, not characters', async () => {
    const tools = Array.from({ length: 60 }, (_, i) => ({ name: 'é'.repeat(195) + String(i) }));
    const many = drafts.record(signer.did, 'x', {
      process: { tools, checks: tools.map((tool) => ({ ...tool, result: 'pass' as const })) },
    });
    const draft = { ...many, subject: { ...many.subject, description: 'é'.repeat(10_000) } };
    const characters = canonicalJson(draft.subject).length;
    const result = await signStatement(draft, signer);
    expect(characters).toBeLessThan(limits.statementBytes);
    expect(result).toMatchObject({ ok: false, reason: { code: 'too-large' } });
  });

  test('a draft that breaks its schema is refused with the field at fault, before anyone sees it', async () => {
    const bad = drafts.record(signer.did, 'x', { name: '' });
    expect(await signStatement(bad, signer)).toMatchObject({
      ok: false,
      reason: { errors: [{ path: '/credentialSubject/name' }] },
    });
    const surrogate = drafts.record(signer.did, 'x', { name: '\ud800' });
    expect(await signStatement(surrogate, signer)).toMatchObject({ ok: false, reason: { code: 'invalid-json' } });
  });
});

test('signing is deterministic: one draft, one id', async () => {
  const again: ParsedStatement = await signed(drafts.record(signer.did, 'some text'), signer);
  expect(again).toEqual(record);
});
