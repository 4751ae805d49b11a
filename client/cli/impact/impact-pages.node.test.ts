import { beforeEach, expect, test } from 'vitest';
import type { Impact, ImpactItem } from '../../../schemas/impact.ts';
import type { StatementId } from '../../../schemas/primitives.ts';
import { digestOf } from '../../../protocol/digest.ts';
import { RegistryClient } from '../../registry-client.ts';
import { MemoryRegistry, URL_OF_TESTS } from '../../testing/memory-registry.ts';
import { temporaryFolder } from '../testing/run-cli.ts';
import { impactPages } from './impact-pages.ts';

const ID = digestOf('withdrawn') as StatementId;
const SIZE = 128;

let registry: MemoryRegistry;
let asked: number;
beforeEach(async () => {
  registry = await MemoryRegistry.open();
  for (let i = 0; i < SIZE; i++) registry.append(digestOf(`entry ${i}`));
  asked = 0;
});

const item = (index: number): ImpactItem => ({
  id: digestOf(`entry ${index}`) as StatementId,
  kind: 'DatasetRecord',
  index,
  loggedAt: '2026-01-01T00:00:00.000Z',
  revoked: false,
  through: null,
  when: 'always',
  how: 'ancestor',
  otherwise: null,
});

/** Asks a registry that answers its n-th page so. */
function told(page: (n: number) => Partial<Impact>, most = 1000): Promise<Impact> {
  registry.intercept = (path) => {
    if (!path.endsWith('/impact')) return null;
    const whole = { statement: ID, kind: 'DatasetRecord', note: '', asOf: { size: SIZE }, items: [], next: null };
    return Response.json({ ...whole, ...page(asked++) });
  };
  const client = new RegistryClient({ url: URL_OF_TESTS, trust: registry.trust, fetch: registry.fetch, retries: 0 });
  const cli = { env: { HOME: temporaryFolder() }, sleep: () => Promise.resolve() };
  return impactPages(cli, { client, trust: registry.trust }, ID, { after: 0, most });
}

test('goes through all pages, those that name nothing as well', async () => {
  const answer = await told((n) =>
    n === 2 ? { items: [item(50)] } : { items: n === 0 ? [item(3)] : [], next: 20 + n },
  );
  expect(answer.items.map(({ index }) => index)).toEqual([3, 50]);
  expect(answer.next).toBeNull();
});

test('stops at as many as are wanted, and says where to go on', async () => {
  const answer = await told((n) => ({ items: [item(2 * n)], next: 2 * n + 1 }), 5);
  expect([answer.items.length, answer.next, asked]).toEqual([5, 9, 5]);
});

test('a list that never names anything is left, with the place where it would go on', async () => {
  const answer = await told((n) => ({ next: n + 1 }));
  expect([answer.items.length, answer.next, asked]).toEqual([0, 100, 100]);
});

test('a list goes no further than the log by which it is told', async () => {
  await expect(told((n) => ({ items: [item(n * 20)], next: n * 20 + 1 }))).rejects.toThrow('beyond the log of 128');
  expect(asked).toBe(8);
  await expect(told(() => ({ next: SIZE }))).rejects.toThrow('beyond the log of 128');
});

test('and that log must be signed', async () => {
  const size = 2 ** 50;
  await expect(told((n) => ({ asOf: { size }, items: [item(n)], next: n + 1 }))).rejects.toThrow(
    `the log went back: it has 128 entries, and had ${size} before`,
  );
  expect(asked).toBe(1);
});
