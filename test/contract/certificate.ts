import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Certificate, CERTIFICATE_MEDIA_TYPE } from '../../schemas/certificate.ts';
import type { Submitted } from '../../schemas/api.ts';
import type { Policy } from '../../schemas/policy.ts';
import { limits } from '../../schemas/limits.ts';
import type { StatementId } from '../../schemas/primitives.ts';
import { Report } from '../../schemas/report.ts';
import { utf8 } from '../../protocol/bytes.ts';
import { verifySignature } from '../../protocol/ed25519/verify.ts';
import { canonicalJson } from '../../protocol/json.ts';
import { parseReceipt, provesInclusion } from '../../protocol/log/receipt.ts';
import { openStatusList, verifyStatusList } from '../../protocol/status-list.ts';
import type { ParsedStatement } from '../../protocol/statement.ts';
import { timestampOf } from '../../protocol/time.ts';
import { verifyCertificate } from '../../protocol/verify/verify.ts';
import { drafts, signed } from '../support/statements.ts';
import { cast, expectProblem, filesRecord, getJson, log, post, putBlob, trustIn, type Cast } from './client.ts';
import type { OpenRegistry, Registry } from './harness.ts';

type Record = ParsedStatement<'DatasetRecord'> & Submitted;
const DAY = 86_400_000;

/** What a stranger can check offline: certificates, status lists, and what erasure leaves of them. */
export function describeCertificates(name: string, open: OpenRegistry): void {
  describe(`certificates on ${name}`, () => {
    let registry: Registry;
    let people: Cast;
    let record: Record;
    let content: ReturnType<typeof filesRecord>;
    let composition: Record;

    beforeAll(async () => {
      registry = await open();
      people = await cast(registry, 'certificates');
      content = filesRecord(people.alice.did, { 'a.txt': 'alpha', 'b.txt': 'beta' });
      record = await log(registry, await signed(content.draft, people.alice));
      await putBlob(registry, content.manifest);
      await log(registry, await signed(drafts.review(record.id), people.bob));
      composition = await log(
        registry,
        await signed(drafts.composition(people.publisher.did, [record.id]), people.publisher),
      );
    });
    afterAll(() => registry.close());

    const certificateOf = async (id: string): Promise<string> => {
      const response = await registry.fetch(`/v1/datasets/${id}/certificate`);
      expect(response.status).toBe(200);
      expect(response.headers.get('Content-Type')).toBe(CERTIFICATE_MEDIA_TYPE);
      return response.text();
    };
    const judge = async (certificate: string, policy: Partial<Policy> = {}): Promise<Report> =>
      verifyCertificate({
        certificate,
        trust: await trustIn(registry),
        policy: { policy: 'firsthand/v1', human: { required: true }, ...policy },
        now: registry.now(),
      });
    const verify = async (request: object): Promise<Report> => {
      const response = await post(registry, '/v1/verifications', JSON.stringify(request));
      const text = await response.text();
      expect(response.status, text).toBe(200);
      return Report.parse(JSON.parse(text));
    };
    const bitOf = async (index: number): Promise<boolean> => {
      const served = await verifyStatusList(await getJson(registry, '/v1/status/0'), verifySignature);
      const list = served.ok ? openStatusList(served.value) : served;
      if (!list.ok) throw new Error(list.reason);
      return list.value.isRevoked(index);
    };

    it('serves a certificate that passes offline, in canonical form, every proof to one checkpoint', async () => {
      const text = await certificateOf(composition.id);
      const certificate = Certificate.parse(JSON.parse(text));
      expect(canonicalJson(certificate)).toBe(text);
      expect(certificate.subject).toBe(composition.id);
      const report = await judge(text, { trust: { statusMaxAge: '1h' } });
      expect(report.checks.filter(({ outcome }) => outcome === 'fail')).toEqual([]);
      expect(report).toMatchObject({ verdict: 'pass', humans: { min: 1, max: 1 }, assistance: { worst: 'none' } });
      const documents = certificate.statements.map(({ document }) => canonicalJson(document));
      for (const needed of [composition, record, people.credential, people.accreditation, people.publishing]) {
        expect(documents).toContain(needed.canonical);
      }
    });

    it('refuses what has more bytes behind it than a certificate has room for', async () => {
      const { statements } = JSON.parse(await certificateOf(composition.id)) as Certificate;
      const bytes = statements.reduce((sum, { document }) => sum + utf8(canonicalJson(document)).length, 0);
      const decisions = JSON.stringify({ requests: [{ record: composition.id, use: 'train' }] });
      const { certificateBytes } = limits;
      try {
        Object.assign(limits, { certificateBytes: bytes });
        await certificateOf(composition.id);
        Object.assign(limits, { certificateBytes: bytes - 1 });
        const path = `/v1/datasets/${composition.id}`;
        for (const asked of [path, `${path}/certificate`]) {
          await expectProblem(await registry.fetch(asked), [413, 'too-large', /certificate carries .* bytes at most/]);
        }
        Object.assign(limits, { certificateBytes: 1000 });
        await expectProblem(await post(registry, '/v1/decisions', decisions), [413, 'too-large', /decides .* bytes/]);
      } finally {
        Object.assign(limits, { certificateBytes });
      }
    });

    it('carries reviews to those who ask for them', async () => {
      const policy = { review: { min: 1 } };
      expect((await judge(await certificateOf(record.id), policy)).verdict).toBe('pass');
      expect((await judge(await certificateOf(record.id), { review: { min: 2 } })).verdict).toBe('fail');
    });

    it('reports on the server what a client finds, with content and without', async () => {
      const policy = { policy: 'firsthand/v1', human: { required: true } } as const;
      expect(await verify({ subject: record.id, policy })).toEqual(await judge(await certificateOf(record.id)));
      expect((await verify({ subject: record.id })).verdict).toBe('pass');
      const files = ['alpha', 'beta'].map((text, i) => ({
        path: `${'ab'[i]}.txt`,
        bytes: utf8(text).length,
        sha256: (content.files[i] as string).slice('sha256:'.length),
      }));
      const whole = await verify({ subject: record.id, content: { files } });
      expect(whole).toMatchObject({ verdict: 'pass', coverage: { files: 2, matched: 2, unmatched: 0 } });
      const foreign = { path: 'c.txt', bytes: 1, sha256: '0'.repeat(64) };
      const mixed = await verify({ subject: record.id, content: { files: [...files, foreign] } });
      expect(mixed).toMatchObject({ verdict: 'fail', coverage: { matched: 2, unmatched: 1 } });
      expect(mixed.checks.some(({ id, detail }) => id === 'content.coverage' && detail.includes('c.txt'))).toBe(true);
    });

    it('compares content whatever other records of the lineage claim of their manifests', async () => {
      const parts: StatementId[] = [];
      for (let i = 0; i < 5; i++) {
        const { subject } = filesRecord(people.bob.did, { 'claimed.txt': `claimed ${i}` }).draft;
        const claimed = { ...subject.content, manifestBytes: limits.manifestBytes } as NonNullable<
          typeof subject.content
        >;
        const draft = drafts.record(people.bob.did, 'claimed', { id: claimed.root, content: claimed });
        parts.push((await log(registry, await signed(draft, people.bob))).id);
      }
      const honest = filesRecord(people.alice.did, { 'honest.txt': 'honest' });
      parts.push((await log(registry, await signed(honest.draft, people.alice))).id);
      expect((await putBlob(registry, honest.manifest)).status).toBe(201);
      const draft = drafts.composition(people.publisher.did, parts.toSorted());
      const whole = await log(registry, await signed(draft, people.publisher));
      const sha256 = (honest.files[0] as string).slice('sha256:'.length);
      const files = [{ path: 'honest.txt', bytes: 6, sha256 }];
      const report = await verify({ subject: whole.id, content: { files } });
      expect(report).toMatchObject({ coverage: { matched: 1 } });
    });

    const failing: [string, Omit<Policy, 'policy'>, Report['checks'][number]['id']][] = [
      ['more humans', { human: { minDistinct: 2 } }, 'human.distinct'],
      ['a higher level', { human: { minLevel: { 'nist-800-63-4': 'IAL3' } } }, 'human.level'],
      ['another framework', { human: { minLevel: { eidas: 'low' } } }, 'human.level'],
      ['expertise', { human: { expertise: ['radiology'] } }, 'human.expertise'],
      [
        'another operator',
        { trust: { operator: 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK' as never } },
        'issuer.accredited',
      ],
      ['content that was not given', { content: { minCoverage: 1 } }, 'content.coverage'],
      ['the future', { trust: { asOf: '2036-01-01T00:00:00Z' } }, 'freshness'],
      ['a time before it was logged', { trust: { asOf: '2026-01-02T00:00:00Z' } }, 'standing'],
    ];
    it.each(failing)('fails a policy that asks for %s, and says by which check', async (_, policy, check) => {
      const report = await verify({ subject: record.id, policy: { policy: 'firsthand/v1', ...policy } });
      expect(report.verdict).toBe('fail');
      expect(report.checks.filter(({ outcome }) => outcome === 'fail').map(({ id }) => id)).toContain(check);
    });

    it('refuses a verification that is malformed, naming the field', async () => {
      const ask = (value: object) => post(registry, '/v1/verifications', JSON.stringify(value));
      await expectProblem(await ask({}), [400, 'invalid-request', '/subject']);
      await expectProblem(await ask({ subject: record.id, policy: { policy: 'firsthand/v2' } }), [
        400,
        'invalid-request',
        '/policy/policy',
      ]);
      await expectProblem(await ask({ subject: record.id, content: { files: [] } }), [
        400,
        'invalid-request',
        '/content/files',
      ]);
      await expectProblem(await ask({ subject: people.credential.id }), [404, 'not-found', 'not a dataset record']);
      await expectProblem(await post(registry, '/v1/verifications', ' '.repeat(8 * 1024 * 1024 + 1)), [
        413,
        'too-large',
        '8388608',
      ]);
    });

    it('flips a status bit with a revocation, and judges as of before and after it', async () => {
      const doomed = await log(registry, await signed(drafts.record(people.alice.did, 'doomed'), people.alice));
      expect(await bitOf(doomed.index)).toBe(false);
      const before = timestampOf(registry.now() + 1000);
      registry.setNow(registry.now() + DAY);
      await log(registry, await signed(drafts.revocation(doomed.id, { reason: 'withdrawn' }), people.alice));
      expect(await bitOf(doomed.index)).toBe(true);
      expect(await bitOf(record.index)).toBe(false);
      const text = await certificateOf(doomed.id);
      expect((await judge(text)).checks.find(({ id }) => id === 'standing')).toMatchObject({
        outcome: 'fail',
        detail: expect.stringContaining('withdrawn') as string,
      });
      expect((await judge(text, { trust: { asOf: before } })).verdict).toBe('pass');
      expect((await judge(text, { trust: { asOf: timestampOf(registry.now()) } })).verdict).toBe('fail');
    });

    it.each(['1', '68719476735'])('has no status list %s beyond the end of the log', async (list) => {
      await expectProblem(await registry.fetch(`/v1/status/${list}`), [404, 'not-found', `no list ${list}`]);
    });

    it.each(['-1', '1.5', '0x0', '00', '1e3', '+1', '%20', 'x', '68719476735000'])(
      'refuses the status list %s',
      async (list) => {
        await expectProblem(await registry.fetch(`/v1/status/${list}`), [400, 'invalid-request', '/n']);
      },
    );

    it('is stale, not valid, once its status list has run out', async () => {
      const text = await certificateOf(record.id);
      const now = registry.now();
      registry.setNow(now + 3 * DAY);
      const report = await judge(text, { trust: { statusMaxAge: '24h' } });
      expect(report.checks.find(({ id }) => id === 'freshness')).toMatchObject({ outcome: 'fail' });
      expect(
        (await judge(await certificateOf(record.id), { trust: { statusMaxAge: '24h' } })).verdict,
        'a new list is signed',
      ).toBe('pass');
    });

    it('erases a body from everywhere but the log, and says by which revocation', async () => {
      const words = 'unmistakable';
      const draft = drafts.record(people.alice.did, words, { domain: ['erasure'], keywords: [words] });
      const secret = await log(registry, await signed(draft, people.alice));
      const whole = await log(
        registry,
        await signed(drafts.composition(people.publisher.did, [secret.id, record.id].toSorted()), people.publisher),
      );
      const tile = async () => (await registry.fetch(`/log/tile/0/000.p/${secret.index + 1}`)).arrayBuffer();
      const bundle = async () => (await registry.fetch(`/log/tile/entries/000.p/${secret.index + 1}`)).arrayBuffer();
      const [tiles, entries] = [await tile(), await bundle()];
      // A first revocation leaves the body; the one that the tombstone must name is the second.
      await log(registry, await signed(drafts.revocation(secret.id), people.alice));
      expect((await registry.fetch(`/v1/statements/${secret.id}`)).status).toBe(200);
      const erasure = await log(
        registry,
        await signed(drafts.revocation(secret.id, { reason: 'legal', erase: true }), people.alice),
      );

      const gone = await registry.fetch(`/v1/statements/${secret.id}`);
      expect(gone.status).toBe(410);
      expect(await gone.json()).toEqual({
        id: secret.id,
        kind: 'DatasetRecord',
        index: secret.index,
        loggedAt: secret.loggedAt,
        revocation: erasure.id,
      });
      for (const query of [`q=${words}`, 'domain=erasure']) {
        expect(await getJson(registry, `/v1/datasets?${query}`)).toEqual({ datasets: [], next: null });
      }
      for (const path of ['', '/certificate']) {
        await expectProblem(await registry.fetch(`/v1/datasets/${secret.id}${path}`), [410, 'erased', secret.id]);
      }
      await expectProblem(await post(registry, '/v1/verifications', JSON.stringify({ subject: secret.id })), [
        410,
        'erased',
        secret.id,
      ]);
      const receipt = await (await registry.fetch(`/v1/statements/${secret.id}/receipt`)).text();
      expect(receipt).toBe(secret.receipt);
      const parsed = parseReceipt(receipt);
      expect(parsed.ok && provesInclusion(parsed.value, parsed.value.head)).toBe(true);
      expect(await tile()).toEqual(tiles);
      expect(await bundle()).toEqual(entries);

      const again = await post(registry, '/v1/statements', secret.canonical);
      expect(again.status, 'submitting it again does not bring it back').toBe(200);
      expect((await registry.fetch(`/v1/statements/${secret.id}`)).status).toBe(410);

      const text = await certificateOf(whole.id);
      expect(text).not.toContain(words);
      expect(
        Certificate.parse(JSON.parse(text)).statements.find(({ index }) => index === secret.index)?.document,
      ).toBeNull();
      const report = await judge(text);
      expect(report.verdict).toBe('fail');
      expect(report.checks).toContainEqual(
        expect.objectContaining({ id: 'lineage.complete', outcome: 'fail', statement: secret.id }),
      );
    });
  });
}
