import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Submitted } from '../../schemas/api.ts';
import { limits } from '../../schemas/limits.ts';
import { concatBytes, utf8, type Bytes } from '../../protocol/bytes.ts';
import type { ParsedStatement } from '../../protocol/statement.ts';
import { drafts, signed } from '../support/statements.ts';
import {
  altered,
  batch,
  cast,
  expectProblem,
  expectRefused,
  forged,
  log,
  post,
  sizeOf,
  submit,
  type Cast,
  type Refused,
} from './client.ts';
import type { Endpoint, OpenEndpoint } from './harness.ts';

type Logged = ParsedStatement<'DatasetRecord'> & Submitted;

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

/** What no statement may look like, whoever signs it. */
export function describeForm(name: string, open: OpenEndpoint): void {
  describe(`the form of statements on ${name}`, () => {
    let registry: Endpoint;
    let people: Cast;
    let record: Logged;

    beforeAll(async () => {
      registry = await open();
      people = await cast(registry, 'form');
      record = await log(registry, await signed(drafts.record(people.alice.did, 'form'), people.alice));
    });
    afterAll(() => registry.close());

    const edits: [what: string, path: string, value: unknown, refused: Refused][] = [
      ['a field of the subject', 'credentialSubject/name', 'Other', [422, 'invalid-signature', /not did:key:\S+'s/]],
      ['validFrom', 'validFrom', '2026-01-02T00:00:00Z', [422, 'invalid-signature', 'signature']],
      ['an added validUntil', 'validUntil', '2099-01-02T00:00:00Z', [422, 'invalid-signature', 'signature']],
      ['proof.created', 'proof/created', '2026-01-02T00:00:00Z', [422, 'invalid-signature', 'signature']],
      ['proof.type', 'proof/type', 'Ed25519Signature2020', [422, 'invalid-statement', '/proof/type']],
      ['proof.cryptosuite', 'proof/cryptosuite', 'eddsa-rdfc-2022', [422, 'invalid-statement', '/proof/cryptosuite']],
      ['proof.proofPurpose', 'proof/proofPurpose', 'authentication', [422, 'invalid-statement', '/proof/proofPurpose']],
      [
        'proof.@context',
        'proof/@context',
        ['https://www.w3.org/ns/credentials/v2'],
        [422, 'invalid-statement', '/proof/@context'],
      ],
      [
        'an added proof option',
        'proof/expires',
        '2099-01-02T00:00:00Z',
        [422, 'invalid-statement', /\/proof unknown field "expires"/],
      ],
      ['a proof value of one byte', 'proof/proofValue', 'z2', [422, 'invalid-signature', 'signature']],
      [
        'a proof value that is not base58',
        'proof/proofValue',
        'z0OIl',
        [422, 'invalid-statement', '/proof/proofValue'],
      ],
      ['no proof', 'proof', undefined, [422, 'invalid-statement', '/proof']],
      ['no validFrom', 'validFrom', undefined, [422, 'invalid-statement', '/validFrom']],
      [
        'a day that does not exist',
        'validFrom',
        '2026-02-30T00:00:00Z',
        [422, 'invalid-statement', /\/validFrom no such date/],
      ],
      [
        'an unknown kind',
        'type',
        ['VerifiableCredential', 'Passport'],
        [422, 'invalid-statement', /\/type\/1 expected one of/],
      ],
      ['another context', '@context/1', 'https://example.com/', [422, 'invalid-statement', '/@context/1']],
      ['an issuer that is no did:key', 'issuer', 'did:web:example.com', [422, 'invalid-statement', '/issuer']],
      ['an unknown field at the top', 'id', 'urn:x', [422, 'invalid-statement', 'unknown field "id"']],
      [
        'an unknown field at depth',
        'credentialSubject/authorship/assistance/extra',
        1,
        [422, 'invalid-statement', /\/credentialSubject\/authorship\/assistance unknown field "extra"/],
      ],
      [
        'a text-direction override in a name',
        'credentialSubject/name',
        'a\u202Eb',
        [422, 'invalid-statement', '/credentialSubject/name'],
      ],
    ];
    it.each(edits)('refuses %s', async (_, path, value, refused) => {
      await expectRefused(registry, altered(record, path, value), refused);
    });

    it('refuses a key that is not the issuer’s, however the proof names it', async () => {
      const stolen = await forged(record.document, people.bob);
      await expectRefused(registry, stolen, [422, 'foreign-key', people.alice.did]);
      const { proof } = JSON.parse(stolen.canonical) as { proof: { proofValue: string } };
      await expectRefused(registry, altered(record, 'proof/proofValue', proof.proofValue), [
        422,
        'invalid-signature',
        people.alice.did,
      ]);
    });

    it('names every field at fault, with its path', async () => {
      const document = {
        ...record.document,
        credentialSubject: { ...record.document.credentialSubject, taskType: 'chess', version: '' },
      };
      const problem = await expectRefused(registry, await forged(document, people.alice), [
        422,
        'invalid-statement',
        'DatasetRecord',
      ]);
      expect(problem.errors?.map((error) => error.path).toSorted()).toEqual([
        '/credentialSubject/taskType',
        '/credentialSubject/version',
      ]);
    });

    const broken: [what: string, make: (text: string) => string | Bytes, refused: Refused][] = [
      ['an empty body', () => '', [400, 'invalid-json', 'JSON']],
      ['a body cut short', (text) => text.slice(0, -1), [400, 'invalid-json', 'JSON']],
      ['two documents', (text) => text + text, [400, 'invalid-json', 'JSON']],
      ['a byte-order mark', (text) => `\uFEFF${text}`, [400, 'invalid-json', 'JSON']],
      [
        'bytes that are not UTF-8',
        (text) => concatBytes(utf8(text), Uint8Array.of(0xff)),
        [400, 'invalid-json', 'UTF-8'],
      ],
      [
        'a key given twice',
        (text) => text.replace('"issuer":', '"issuer":"x","issuer":'),
        [400, 'invalid-json', /"issuer" given twice/],
      ],
      [
        'a key given twice, once escaped',
        (text) => text.replace('"name":', '"n\\u0061me":"x","name":'),
        [400, 'invalid-json', /given twice/],
      ],
      [
        'a key __proto__',
        (text) => text.replace('"name":', '"__proto__":{},"name":'),
        [400, 'invalid-json', '__proto__'],
      ],
      [
        'an escaped __proto__',
        (text) => text.replace('"name":', '"\\u005f_proto__":{},"name":'),
        [400, 'invalid-json', '__proto__'],
      ],
      [
        'a key constructor',
        (text) => text.replace('"name":', '"constructor":{},"name":'),
        [422, 'invalid-statement', /unknown field "constructor"/],
      ],
      [
        'a lone surrogate',
        (text) => text.replace('"name":"', '"name":"\\ud800'),
        [400, 'invalid-json', /lone surrogate at \/credentialSubject\/name/],
      ],
      [
        'a lone surrogate in a key',
        (text) => text.replace('"name":', '"\\udc00":1,"name":'),
        [400, 'invalid-json', 'lone surrogate'],
      ],
      [
        'an integer past 2^53',
        (text) => text.replace('"files":1', '"files":9007199254740993'),
        [400, 'invalid-json', 'number'],
      ],
      [
        'an infinite number',
        (text) => text.replace('"files":1', '"files":1e400'),
        [400, 'invalid-json', /number too large at \/credentialSubject\/content\/files/],
      ],
      [
        'a number of many digits',
        (text) => text.replace('"files":1', '"files":1.00000000000000000001'),
        [400, 'invalid-json', 'round trip'],
      ],
      ['arrays 34 deep', () => nested(34), [400, 'invalid-json', /deeper than 32/]],
      ['arrays 30,000 deep', () => nested(30_000), [400, 'invalid-json', '']],
      ['null', () => 'null', [422, 'invalid-statement', '/type/1']],
      ['a list', () => '[]', [422, 'invalid-statement', '/type/1']],
      ['a text', () => '"sha256"', [422, 'invalid-statement', '/type/1']],
    ];
    it.each(broken)('refuses %s', async (_, make, refused) => {
      await expectRefused(registry, make(record.canonical), refused);
    });

    it('takes nesting to the limit as JSON, and refuses it as a statement', async () => {
      await expectRefused(registry, nested(33), [422, 'invalid-statement', '/type/1']);
    });

    it('takes 64 KiB, and not a byte more', async () => {
      const padded = (bytes: number): string => record.canonical + ' '.repeat(bytes - utf8(record.canonical).length);
      expect((await submit(registry, padded(limits.statementBytes))).status).toBe(200);
      await expectRefused(registry, padded(limits.statementBytes + 1), [413, 'too-large', /65536 bytes/]);

      const derivedFrom = Array.from({ length: 27 }, (_, i) => ({
        url: `https://example.com/${i}/${'a'.repeat(2000)}`,
        license: 'MIT',
        relation: 'filtered' as const,
      }));
      const draft = drafts.record(people.alice.did, 'large', { derivedFrom });
      const { document } = await signed(draft, people.alice);
      const padTo = async (pad: number, variant = 10): Promise<string> => {
        const subject = { ...document.credentialSubject, description: `é${variant}${'a'.repeat(pad)}` };
        return (await forged({ ...document, credentialSubject: subject }, people.alice)).canonical;
      };
      const large = async (bytes: number): Promise<string> => {
        const least = bytes - utf8(await padTo(0)).length - 2;
        // Signatures vary in length as base58, so the size is met by trying.
        for (let variant = 10; variant < 90; variant++) {
          const text = await padTo(least + (variant % 5), variant);
          if (utf8(text).length === bytes) return text;
        }
        throw new Error(`no statement has ${bytes} bytes`);
      };
      expect((await submit(registry, await large(limits.statementBytes))).status).toBe(201);
      await expectRefused(registry, await large(limits.statementBytes + 1), [413, 'too-large', /65536 bytes/]);
      // In a batch there is room for the line, and the limit is the same.
      const [line] = await batch(registry, [await large(limits.statementBytes + 1)]);
      expect(line).toMatchObject({ status: 413, code: 'too-large' });
    });

    it.each(['text/plain', 'application/ld+json', 'multipart/form-data; boundary=x', ''])(
      'refuses content type %j',
      async (type) => {
        const response = await post(
          registry,
          '/v1/statements',
          utf8(record.canonical),
          type === '' ? {} : { 'Content-Type': type },
        );
        await expectProblem(response, [415, 'unsupported-media-type', /application\/json.*application\/x-ndjson/]);
      },
    );

    it('reads content types as HTTP does', async () => {
      for (const type of ['application/json; charset=utf-8', 'Application/JSON', 'application/json;charset="utf-8"']) {
        expect((await post(registry, '/v1/statements', record.canonical, { 'Content-Type': type })).status).toBe(200);
      }
    });

    it.each([
      ['application/json', limits.statementBytes],
      ['application/x-ndjson', limits.batchBytes],
    ])('refuses an endless %s body as soon as it is over the limit', async (type, max) => {
      const size = await sizeOf(registry);
      let sent = 0;
      const body = new ReadableStream({
        pull(controller) {
          if (sent > max * 4) return controller.close();
          sent += 16_384;
          controller.enqueue(new Uint8Array(16_384).fill(0x20));
        },
      });
      const init = { method: 'POST', headers: { 'Content-Type': type }, body, duplex: 'half' };
      await expectProblem(await registry.fetch('/v1/statements', init), [413, 'too-large', `${max} bytes`]);
      expect(await sizeOf(registry)).toBe(size);
    });
  });
}
