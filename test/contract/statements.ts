import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Submitted } from '../../schemas/api.ts';
import type { StatementKind } from '../../schemas/statement.ts';
import { utf8 } from '../../protocol/bytes.ts';
import { digestOf } from '../../protocol/digest.ts';
import type { ParsedStatement } from '../../protocol/statement.ts';
import { drafts, idOf, signed } from '../support/statements.ts';
import { batch, cast, expectProblem, expectReceipt, log, sizeOf, submit, type Cast } from './client.ts';
import type { Endpoint, OpenEndpoint } from './harness.ts';

/** What goes in comes out: submission, receipts, replays, the canonical bytes. */
export function describeStatements(name: string, open: OpenEndpoint): void {
  describe(`statements on ${name}`, () => {
    let registry: Endpoint;
    let people: Cast;
    let record: ParsedStatement<'DatasetRecord'> & Submitted;

    beforeAll(async () => {
      registry = await open();
      people = await cast(registry, 'statements');
      record = await log(registry, await signed(drafts.record(people.alice.did, 'statements'), people.alice));
    });
    afterAll(() => registry.close());

    const kinds: Record<StatementKind, () => Promise<ParsedStatement>> = {
      Accreditation: () =>
        signed(drafts.accreditation(people.stranger.did, { roles: ['publisher'] }), registry.operator),
      HumanCredential: () => signed(drafts.credential(people.stranger.did, 'Stranger'), people.issuer),
      DatasetRecord: () => signed(drafts.record(people.alice.did, 'one of each kind'), people.alice),
      ReviewRecord: () => signed(drafts.review(record.id), people.bob),
      RightsGrant: () => signed(drafts.grant(people.stranger.did, record.id), people.alice),
      Revocation: () => signed(drafts.revocation(people.bobsCredential.id), people.issuer),
    };

    it.each(Object.entries(kinds))(
      'logs a %s, answers with a receipt that a stranger can check, and serves both',
      async (kind, make) => {
        const statement = await make();
        const size = await sizeOf(registry);
        const response = await submit(registry, statement);
        expect(response.status).toBe(201);
        expect(response.headers.get('Location')).toBe(`/v1/statements/${statement.id}`);
        const answer = (await response.json()) as Submitted;
        expect(answer).toMatchObject({ id: statement.id, index: size });
        await expectReceipt(registry, answer, kind);
        expect(await sizeOf(registry)).toBe(size + 1);

        const served = await registry.fetch(`/v1/statements/${statement.id}`);
        const bytes = new Uint8Array(await served.arrayBuffer());
        expect(bytes).toEqual(utf8(statement.canonical));
        expect(digestOf(bytes)).toBe(statement.id);
        const receipt = await registry.fetch(`/v1/statements/${statement.id}/receipt`);
        expect(receipt.headers.get('Cache-Control')).toContain('immutable');
        expect(await receipt.text()).toBe(answer.receipt);
      },
    );

    it('answers a replay with 200 and the first receipt, byte for byte, however large the log has grown', async () => {
      await log(registry, await signed(drafts.record(people.alice.did, 'later'), people.alice));
      const size = await sizeOf(registry);
      const again = await submit(registry, record);
      expect(again.status).toBe(200);
      const { id, index, loggedAt, receipt } = record;
      expect(await again.json()).toEqual({ id, index, loggedAt, receipt });
      expect(await sizeOf(registry)).toBe(size);
    });

    it('logs a statement that stands twice in a batch once', async () => {
      const twin = await signed(drafts.record(people.alice.did, 'twin'), people.alice);
      const size = await sizeOf(registry);
      const [first, second, third] = await batch(registry, [twin, twin, record]);
      expect([first?.status, second?.status, third?.status]).toEqual([201, 200, 200]);
      expect(second?.receipt).toBe(first?.receipt);
      expect(third?.receipt).toBe(record.receipt);
      expect(await sizeOf(registry)).toBe(size + 1);
    });

    it.each([
      ['whitespace', (text: string) => JSON.stringify(JSON.parse(text), null, 2)],
      [
        'key order',
        (text: string) => JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(text) as object).toReversed())),
      ],
      ['escapes', (text: string) => text.replaceAll('/', '\\/')],
    ])('finds the same statement behind other %s', async (_, respell) => {
      const respelt = respell(record.canonical);
      expect(respelt).not.toBe(record.canonical);
      const response = await submit(registry, respelt);
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({ id: record.id, receipt: record.receipt });
    });

    it('logs canonical bytes whatever it was sent', async () => {
      const statement = await signed(drafts.record(people.alice.did, 'sent with whitespace'), people.alice);
      expect((await submit(registry, JSON.stringify(statement.document, null, 1))).status).toBe(201);
      const served = await registry.fetch(`/v1/statements/${statement.id}`);
      expect(await served.text()).toBe(statement.canonical);
    });

    it('answers a caller that has the statement with a mere 304', async () => {
      const path = `/v1/statements/${record.id}`;
      const first = await registry.fetch(path);
      const etag = first.headers.get('ETag') as string;
      expect(etag).toBe(`"${record.id}"`);
      await first.body?.cancel();
      for (const header of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
        const second = await registry.fetch(path, { headers: { 'If-None-Match': header } });
        expect(second.status, header).toBe(304);
        expect(await second.text()).toBe('');
        expect(second.headers.get('ETag')).toBe(etag);
      }
      const other = await registry.fetch(path, { headers: { 'If-None-Match': '"other"' } });
      expect(other.status).toBe(200);
      await other.body?.cancel();
    });

    it('says that a statement is not logged, and what an id looks like', async () => {
      for (const path of ['', '/receipt']) {
        await expectProblem(await registry.fetch(`/v1/statements/${idOf('nothing')}${path}`), [
          404,
          'not-found',
          /not in this log/,
        ]);
        await expectProblem(await registry.fetch(`/v1/statements/sha256:ABC${path}`), [
          400,
          'invalid-request',
          /\/id .*sha256/,
        ]);
      }
    });
  });
}
