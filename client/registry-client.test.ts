import { beforeEach, describe, expect, test } from 'vitest';
import type { Digest, StatementId } from '../schemas/primitives.ts';
import type { RightsExport } from '../schemas/rights-export.ts';
import { utf8 } from '../protocol/bytes.ts';
import { digestOf } from '../protocol/digest.ts';
import { parseStatement } from '../protocol/statement.ts';
import { RegistryError, UntrustedError } from './errors.ts';
import { proveGrowth } from './log-tiles.ts';
import { pinOf } from './pin.ts';
import { RegistryClient } from './registry-client.ts';
import { MemoryRegistry, statementOf, URL_OF_TESTS } from './testing/memory-registry.ts';

let registry: MemoryRegistry;
let client: RegistryClient;

const clientOf = (of: MemoryRegistry, trusted = of): RegistryClient =>
  new RegistryClient({ url: URL_OF_TESTS, fetch: of.fetch, trust: trusted.trust, retries: 0 });

const idOf = (statement: string): StatementId => {
  const parsed = parseStatement(statement);
  if (!parsed.ok) throw new Error(parsed.reason.detail);
  return parsed.value.id;
};

beforeEach(async () => {
  registry = await MemoryRegistry.open();
  client = clientOf(registry);
});

describe('submit', () => {
  test('answers what the receipt proves, and the same again for the same statement', async () => {
    for (let i = 0; i < 5; i++) registry.append(digestOf(`entry ${i}`));
    const statement = await statementOf(registry.signer, 1);
    const first = await client.submit(statement);
    expect(first).toMatchObject({ id: idOf(statement), index: 5, isNew: true });
    expect(await client.submit(statement)).toMatchObject({ id: first.id, index: 5, isNew: false });
    expect(registry.entries).toHaveLength(6);
  });

  test('refuses a receipt that another log signed', async () => {
    const stranger = await MemoryRegistry.open(2);
    const misled = clientOf(stranger, registry);
    await expect(misled.submit(await statementOf(registry.signer, 1))).rejects.toThrow(UntrustedError);
  });

  test('refuses a receipt for another statement', async () => {
    const [one, two] = [await statementOf(registry.signer, 1), await statementOf(registry.signer, 2)];
    const other = await client.submit(one);
    registry.intercept = () =>
      Response.json({ id: idOf(two), index: other.index, loggedAt: other.loggedAt, receipt: other.receipt });
    await expect(client.submit(two)).rejects.toThrow(/the receipt is for/);
  });

  test('refuses an answer that says more than its receipt', async () => {
    const statement = await statementOf(registry.signer, 1);
    const { isNew: _, ...submitted } = await client.submit(statement);
    registry.intercept = () => Response.json({ ...submitted, index: 7 });
    await expect(client.submit(statement)).rejects.toThrow(/differ/);
  });

  test('sends nothing that is not a statement', async () => {
    await expect(client.submit('{}')).rejects.toMatchObject({ code: 'invalid-statement' });
    expect(registry.requests).toEqual([]);
  });

  test('without trust is misuse', async () => {
    const credulous = new RegistryClient({ url: URL_OF_TESTS, fetch: registry.fetch, retries: 0 });
    await expect(credulous.submit(await statementOf(registry.signer, 1))).rejects.toThrow(TypeError);
  });
});

describe('submitBatch', () => {
  test('answers each statement in order, a bad one among them', async () => {
    const statements = [await statementOf(registry.signer, 1), '{"not":"one"}', await statementOf(registry.signer, 2)];
    const results = await client.submitBatch(statements);
    expect(results.map((result) => (result.ok ? result.value.index : result.reason.code))).toEqual([
      0,
      'invalid-statement',
      1,
    ]);
  });

  test('is cut where one request may hold no more', async () => {
    const statements = await Promise.all(Array.from({ length: 501 }, (_, i) => statementOf(registry.signer, i)));
    const sizes: number[] = [];
    const counting = new RegistryClient({
      url: URL_OF_TESTS,
      trust: registry.trust,
      retries: 0,
      fetch: async (_input, init) => {
        const lines = String(init?.body).trimEnd().split('\n');
        sizes.push(lines.length);
        return new Response(`{"status":403,"code":"no-credential","detail":"no"}\n`.repeat(lines.length));
      },
    });
    const results = await counting.submitBatch(statements);
    expect(sizes).toEqual([500, 1]);
    expect(results.every((result) => !result.ok && result.reason.code === 'no-credential')).toBe(true);
  });

  test('refuses an answer with too few lines', async () => {
    registry.intercept = () => new Response('');
    await expect(client.submitBatch([await statementOf(registry.signer, 1)])).rejects.toThrow(/answered with 0 lines/);
  });
});

describe('what has a digest is checked against it', () => {
  const blob = utf8('a manifest');
  const digest = digestOf(blob);

  test('a blob comes back as it went', async () => {
    expect(await client.putBlob(digest, blob)).toBe(true);
    expect(await client.getBlob(digest)).toEqual(blob);
  });

  test('other bytes are refused', async () => {
    registry.intercept = () => new Response('something else');
    await expect(client.getBlob(digest)).rejects.toThrow(UntrustedError);
    await expect(client.statement(digest as StatementId)).rejects.toThrow(UntrustedError);
  });

  test('an erased statement leaves its tombstone', async () => {
    const id = digestOf('gone') as StatementId;
    const revocation = digestOf('why') as StatementId;
    const tombstone = { id, kind: 'DatasetRecord', index: 3, loggedAt: '2026-01-01T00:00:00.000Z', revocation };
    registry.intercept = () => Response.json(tombstone, { status: 410 });
    const error = await client.statement(id).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RegistryError);
    expect(error).toMatchObject({ code: 'erased', tombstone });
  });
});

describe('exportRights', () => {
  const id = digestOf('a record') as StatementId;
  const written: RightsExport = {
    format: 'rsl',
    mediaType: 'application/rsl+xml',
    version: '1.0',
    document: null,
    lost: [],
  };

  test('answers the document, and what it could not say', async () => {
    registry.intercept = (path) => (path === `/v1/datasets/${id}/rights/rsl` ? Response.json(written) : null);
    expect(await client.exportRights(id, 'rsl')).toEqual(written);
  });

  test('refuses another format than was asked for, and none', async () => {
    registry.intercept = () => Response.json(written);
    await expect(client.exportRights(id, 'aipref')).rejects.toThrow(/were asked for as aipref/);
    registry.intercept = () => Response.json({ ...written, format: 'plain' });
    await expect(client.exportRights(id, 'rsl')).rejects.toThrow(/malformed: \/format/);
  });
});

describe('lookup', () => {
  test('asks 10,000 at a time and keeps the order', async () => {
    const digests = Array.from({ length: 10_001 }, (_, i) => `sha256:${String(i).padStart(64, '0')}` as Digest);
    const sizes: number[] = [];
    const asking = new RegistryClient({
      url: URL_OF_TESTS,
      retries: 0,
      fetch: async (_input, init) => {
        const asked = (JSON.parse(String(init?.body)) as { digests: string[] }).digests;
        sizes.push(asked.length);
        const index = { through: 7 - sizes.length, size: 6 + sizes.length, pendingRows: sizes.length };
        return Response.json({ matches: asked.map((digest) => ({ digest, records: [] })), index });
      },
    });
    const { matches, index } = await asking.lookup(digests);
    expect(sizes).toEqual([10_000, 1]);
    expect(matches.map((match) => match.digest)).toEqual(digests);
    expect(index, 'as far back as any of the answers').toEqual({ through: 5, size: 8, pendingRows: 2 });
  });

  test('refuses answers to other questions', async () => {
    registry.intercept = () =>
      Response.json({
        matches: [{ digest: digestOf('b'), records: [] }],
        index: { through: 1, size: 1, pendingRows: 0 },
      });
    await expect(client.lookup([digestOf('a')])).rejects.toThrow(UntrustedError);
  });
});

describe('the log', () => {
  test('its checkpoint is verified', async () => {
    registry.append(digestOf('x'));
    expect(await client.checkpoint()).toMatchObject({ size: 1, origin: 'registry.test/log' });
    await expect(clientOf(await MemoryRegistry.open(2), registry).checkpoint()).rejects.toThrow(UntrustedError);
  });

  test('growth is proven through tiles, partial ones dropped or not', async () => {
    for (let i = 0; i < 300; i++) registry.append(digestOf(`entry ${i}`));
    const before = await client.checkpoint();
    for (let i = 0; i < 300; i++) registry.append(digestOf(`later ${i}`));
    const after = await client.checkpoint();
    expect(await proveGrowth(before, after, client.tiles)).toEqual({ ok: true, value: true });
    for (let i = 0; i < 168; i++) registry.append(digestOf(`filler ${i}`));
    registry.dropsPartialTiles = true;
    const whole = await client.checkpoint();
    expect(whole.size).toBe(768);
    await expect(proveGrowth(after, whole, client.tiles)).resolves.toEqual({ ok: true, value: true });
  });

  test('a fork and a rollback are told', async () => {
    for (let i = 0; i < 10; i++) registry.append(digestOf(`entry ${i}`));
    const before = await client.checkpoint();
    registry.entries = registry.entries.slice(0, 4);
    const rolledBack = await client.checkpoint();
    expect(await proveGrowth(before, rolledBack, client.tiles)).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/went back/) as string,
    });
    for (let i = 0; i < 20; i++) registry.append(digestOf(`other ${i}`));
    const forked = await client.checkpoint();
    expect(await proveGrowth(before, forked, client.tiles)).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/forked/) as string,
    });
  });

  test('short tiles and broken bundles are refused', async () => {
    for (let i = 0; i < 5; i++) registry.append(digestOf(`entry ${i}`));
    expect(await client.entries(0, 5)).toHaveLength(5);
    registry.intercept = () => new Response(new Uint8Array(31));
    await expect(client.tiles([{ level: 0, index: 0, width: 5 }])).rejects.toThrow(UntrustedError);
    await expect(client.entries(0, 5)).rejects.toThrow(UntrustedError);
  });
});

describe('answers', () => {
  test('a malformed one is refused, with the field', async () => {
    registry.intercept = () => Response.json({ ...registry.discovery, operator: 'me' });
    await expect(client.discover()).rejects.toThrow(/operator/);
  });

  test('one past its bound is not read to the end', async () => {
    let sent = 0;
    registry.intercept = () =>
      new Response(
        new ReadableStream({
          pull(controller) {
            sent += 65_536;
            controller.enqueue(new Uint8Array(65_536));
          },
        }),
      );
    await expect(client.receipt(digestOf('a') as StatementId)).rejects.toThrow(/larger than/);
    expect(sent).toBeLessThan(1024 * 1024);
  });
});

test('a registry is pinned only under its own name', async () => {
  const { discovery } = registry;
  expect(pinOf(discovery, URL_OF_TESTS)).toEqual({
    ok: true,
    value: `log ${discovery.vkey} ${URL_OF_TESTS}/log\nquorum none\n`,
  });
  expect(pinOf({ ...discovery, origin: 'other.test/log' }, URL_OF_TESTS).ok).toBe(false);
  expect(pinOf({ ...discovery, vkey: 'nonsense' }, URL_OF_TESTS).ok).toBe(false);
});
