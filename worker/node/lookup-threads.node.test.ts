import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { digestOf } from '../../protocol/digest.ts';
import { encodeManifest, readContent } from '../../protocol/manifest.ts';
import { createContentIndex } from '../content/content-index.ts';
import type { Found, Log } from '../deps.ts';
import { openIndexDatabase } from './index-database.ts';
import { startLookupThreads } from './lookup-threads.ts';

const file = (name: string) => ({
  path: name,
  bytes: 1,
  mediaType: 'text/plain',
  sha256: digestOf(name).slice('sha256:'.length),
});
const files = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => file(`${prefix}${i}`));

/** An index of two manifests that share files, and a look-up of all these and of some that nobody has. */
async function indexed() {
  const folder = mkdtempSync(join(tmpdir(), 'firsthand-lookups-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const database = openIndexDatabase(folder, () => {}, false);
  onTestFinished(() => database.close());
  const index = createContentIndex(database);
  const [some, both, others] = [files('a', 1_000), files('b', 700), files('c', 700)];
  for (const listed of [
    [...some, ...both],
    [...both, ...others],
  ]) {
    const text = encodeManifest({ files: listed });
    const content = readContent(text);
    if (!content.ok) throw new Error(content.reason);
    await index.add(digestOf(text), content.value);
  }
  const wanted = [...some, ...files('nobody’s ', 100), ...both, ...others].map(({ sha256 }) => sha256).join('');
  const own = vi.fn<typeof index.find>(index.find);
  const log = vi.fn<Log>();
  const open = (more: Partial<{ migrations: string }> = {}) => {
    const { file: of, migrations } = database;
    const threads = startLookupThreads(2, { file: of, migrations, ...more }, own, log);
    onTestFinished(() => threads.close());
    return threads;
  };
  return { wanted, own, log, open };
}

const inOrder = (found: readonly Found[]): Found[] =>
  found
    .map(({ manifest, places }) => ({ manifest, places: places.toSorted((a, b) => a - b) }))
    .toSorted((a, b) => (a.manifest.manifest < b.manifest.manifest ? -1 : 1));

test('threads find what this one would find; it does so itself until they are ready', async () => {
  const { wanted, own, log, open } = await indexed();
  const { find } = open();
  const first = inOrder(await find(wanted, 5));
  expect(own).toHaveBeenCalledOnce();
  expect(first.map(({ places }) => places.length)).toEqual([1_700, 1_400]);
  await vi.waitFor(async () => {
    own.mockClear();
    expect(inOrder(await find(wanted, 5))).toEqual(first);
    expect(own).not.toHaveBeenCalled();
  }, 20_000);
  // Several at once, each with its own answer, of other sizes and bounds.
  const asked = [64, 128_000, 96_000, wanted.length].flatMap((digits) => [1, 5].map((each) => ({ digits, each })));
  const answers = await Promise.all(asked.map(({ digits, each }) => find(wanted.slice(0, digits), each)));
  for (const [i, { digits, each }] of asked.entries()) {
    const places = (found: readonly Found[]) => inOrder(found).flatMap((one) => one.places).length;
    expect(places(answers[i] ?? [])).toBe(places(await own(wanted.slice(0, digits), each)));
  }
  expect(log).not.toHaveBeenCalled();
});

test('what threads leave unanswered as they end, this one finds', async () => {
  const { wanted, own, open } = await indexed();
  const { find, close } = open();
  await vi.waitFor(async () => {
    own.mockClear();
    await find(wanted, 5);
    expect(own).not.toHaveBeenCalled();
  }, 20_000);
  const asked = [find(wanted, 5), find(wanted, 5), find(wanted, 5)];
  await close();
  const before = inOrder(await own(wanted, 5));
  for (const found of await Promise.all(asked)) expect(inOrder(found)).toEqual(before);
  expect(inOrder(await find(wanted, 5))).toEqual(before);
});

test('threads that cannot start are told of, and not waited for', async () => {
  const { wanted, log, open } = await indexed();
  const { find } = open({ migrations: '/nowhere' });
  const first = await find(wanted, 5);
  await vi.waitFor(() => expect(log).toHaveBeenCalledTimes(2), 20_000);
  expect(log).toHaveBeenCalledWith({ event: 'lookup-thread-ended', message: expect.stringContaining('/nowhere') });
  expect(await find(wanted, 5)).toEqual(first);
});
