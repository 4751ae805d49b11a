import { beforeEach, describe, expect, test } from 'vitest';
import type { Change, ChangesPage } from '../schemas/api.ts';
import { digestOf } from '../protocol/digest.ts';
import { UntrustedError } from './errors.ts';
import { Follower } from './follow.ts';
import { RegistryClient } from './registry-client.ts';
import type { TrustedCheckpoint } from './receipt.ts';
import { MemoryRegistry, URL_OF_TESTS } from './testing/memory-registry.ts';

let registry: MemoryRegistry;
let client: RegistryClient;
let count = 0;

/** Grows the log and answers its new head. */
async function grow(by: number): Promise<TrustedCheckpoint> {
  for (let i = 0; i < by; i++) registry.append(digestOf(`entry ${++count}`));
  return client.checkpoint();
}

const clientOf = (of: MemoryRegistry): RegistryClient =>
  new RegistryClient({ url: URL_OF_TESTS, fetch: of.fetch, trust: of.trust, retries: 0 });

beforeEach(async () => {
  registry = await MemoryRegistry.open();
  client = clientOf(registry);
});

describe('a follower', () => {
  test.each([
    [0, 1],
    [1, 1],
    [3, 5],
    [255, 2],
    [256, 300],
    [700, 1],
  ])('from size %d on proves the next %d entries, and answers them in order', async (before, more) => {
    const start = await grow(before);
    const follower = await Follower.at(client, start);
    const changes = await follower.advance(await grow(more));
    expect(changes.map(({ id }) => id)).toEqual(registry.entries.slice(before).map(({ id }) => id));
    expect(changes.map(({ index }) => index)).toEqual(Array.from({ length: more }, (_, i) => before + i));
    expect(follower.size).toBe(before + more);
    expect(await follower.advance(await client.checkpoint()), 'there is nothing more').toEqual([]);
  });

  test('asks for pages, answers what is to be kept, and goes on from there', async () => {
    const follower = await Follower.at(client, await grow(10));
    const head = await grow(950);
    registry.requests.length = 0;
    const kept = await follower.advance(head, { keep: ({ index }) => index % 100 === 0 });
    expect(kept.map(({ index }) => index)).toEqual([100, 200, 300, 400, 500, 600, 700, 800, 900]);
    expect(registry.requests.filter((request) => request === 'GET /v1/changes')).toHaveLength(10);
    expect(await follower.advance(await grow(1))).toHaveLength(1);
  });

  test('needs the heads on its way to be of the same history', async () => {
    const start = await grow(5);
    const [one, two] = [await grow(7), await grow(9)];
    const head = await grow(300);
    const follower = await Follower.at(client, start);
    const stranger = { ...two, root: one.root };
    await expect(follower.advance(head, { marks: [one, stranger] })).rejects.toThrow(/size 21: the log has forked/);
    expect(follower.size, 'it stays where it was').toBe(5);
    expect(await follower.advance(head, { marks: [two, start, one, head] })).toHaveLength(316);
  });

  test('does not begin at, nor go back to, what the log does not have', async () => {
    const head = await grow(20);
    const other = new Uint8Array(32).fill(7);
    await expect(Follower.at(client, { ...head, root: other })).rejects.toThrow(UntrustedError);
    const follower = await Follower.at(client, head);
    await expect(follower.advance({ ...head, root: other })).rejects.toThrow(/forked/);
    await expect(follower.advance({ ...head, size: 19 })).rejects.toThrow(/went back from size 20 to 19/);
  });

  const lies: [string, (page: ChangesPage) => void, RegExp][] = [
    [
      'another id',
      ({ changes }) => void ((changes[3] as Change).id = digestOf('forged') as never),
      /entries were altered/,
    ],
    ['another kind', ({ changes }) => void ((changes[3] as Change).kind = 'ReviewRecord'), /entries were altered/],
    ['another time', ({ changes }) => void ((changes[3] as Change).loggedAt = '2026-01-01T00:00:00.999Z'), /altered/],
    [
      'two entries exchanged',
      ({ changes }) => {
        const [a, b] = [changes[3] as Change, changes[4] as Change];
        [a.id, b.id] = [b.id, a.id];
      },
      /entries were altered/,
    ],
    ['a gap', ({ changes }) => void changes.splice(3, 1), /gap/],
    ['an entry twice', ({ changes }) => void changes.splice(3, 0, changes[3] as Change), /gap/],
    ['a jump ahead', (page) => void (page.next += 1), /gap/],
    ['no progress', (page) => void ((page.changes = []), (page.next = 10)), /end before entry 10/],
    [
      'more than was asked',
      (page) => void page.changes.push({ ...(page.changes[0] as Change), index: page.next++ }),
      /gap/,
    ],
  ];
  test.each(lies)('refuses %s, and stays where it was', async (_, alter, says) => {
    const start = await grow(10);
    const head = await grow(20);
    let isLying = true;
    const lying = new RegistryClient({
      url: URL_OF_TESTS,
      trust: registry.trust,
      retries: 0,
      fetch: async (input, init) => {
        const answer = await registry.fetch(input, init);
        if (!isLying || !String(input).includes('/v1/changes')) return answer;
        const page = (await answer.json()) as ChangesPage;
        alter(page);
        return Response.json(page);
      },
    });
    const follower = await Follower.at(lying, start);
    await expect(follower.advance(head)).rejects.toThrow(says);
    expect(follower.size).toBe(10);
    isLying = false;
    expect(await follower.advance(head)).toHaveLength(20);
  });
});
