import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Digest } from '../../schemas/primitives.ts';
import { digestOf } from '../../protocol/digest.ts';
import { encodeManifest, summarizeContent } from '../../protocol/manifest.ts';
import { createApp } from '../../worker/app.ts';
import { createContentIndex } from '../../worker/content/content-index.ts';
import type { Blobs } from '../../worker/deps.ts';
import type { App } from '../../worker/http/route.ts';
import { depsOver } from '../support/deps.ts';
import { drafts, manifestOf, signed } from '../support/statements.ts';
import { assemble, growTo, logAll, sequencerOver, START, type Cast } from './cast.ts';
import { FaultyDatabase, Injected, suffer, type Fate } from './faulty.ts';
import type { Shell, Storage } from './shell.ts';

/** A write that fails, in the storage that it fails in. */
const FAULTS: readonly { name: string; blobs: Fate[]; index: Fate[] }[] = [
  { name: 'storing the blob fails', blobs: ['fails'], index: [] },
  { name: 'storing the blob fails, but persisted', blobs: ['persists'], index: [] },
  { name: 'storing the blob fails twice', blobs: ['fails', 'fails'], index: [] },
  { name: 'indexing fails', blobs: [], index: ['fails'] },
  { name: 'indexing fails, but persisted', blobs: [], index: ['persists'] },
  { name: 'indexing fails twice', blobs: [], index: ['fails', 'fails'] },
  { name: 'storing fails but persisted, then indexing fails', blobs: ['persists'], index: ['fails'] },
];

/** Blobs whose writes fail as told. */
class FaultyBlobs implements Blobs {
  readonly #real: Blobs;
  fates: Fate[] = [];
  reads = 0;

  constructor(real: Blobs) {
    this.#real = real;
  }

  put: Blobs['put'] = (...given) => suffer(this.fates.shift() ?? 'works', () => this.#real.put(...given));
  get: Blobs['get'] = (...given) => {
    this.reads++;
    return this.#real.get(...given);
  };
  delete: Blobs['delete'] = (...given) => this.#real.delete(...given);
  size: Blobs['size'] = (...given) => this.#real.size(...given);
}

/** Uploads whose storage fails: the uploader hears of it, nothing is half there, and uploading again mends it. */
export function contentFaults(shell: Shell): void {
  let cast: Cast;
  let storage: Storage;
  let blobs: FaultyBlobs;
  let content: FaultyDatabase;
  let app: App;
  const manifest = new TextEncoder().encode(encodeManifest(manifestOf({ 'data.txt': 'text' })));
  const guidelines = new TextEncoder().encode('Write what you know.');

  beforeAll(async () => {
    cast = await assemble();
  });
  beforeEach(async () => {
    storage = await shell.open();
    blobs = new FaultyBlobs(storage.blobs);
    content = new FaultyDatabase(storage.content);
    const sequencer = sequencerOver(storage.database, cast);
    await growTo(3, sequencer, cast);
    const process = { guidelines: { name: 'House style', version: '1', digest: digestOf(guidelines) } };
    await logAll(sequencer, [
      cast.record,
      await signed(drafts.record(cast.alice.did, 'other', { process }), cast.alice),
    ]);
    app = createApp(await depsOver({ ...storage, blobs, content }, { sequencer, now: () => START }));
  });
  afterEach(() => storage.close());

  const upload = async (bytes: Uint8Array<ArrayBuffer>, digest = digestOf(bytes)): Promise<number> =>
    (
      await app.request(`/v1/blobs/${digest}`, {
        method: 'PUT',
        headers: { 'Content-Type': 'application/octet-stream', 'Content-Length': String(bytes.length) },
        body: bytes,
      })
    ).status;
  const download = async (digest: Digest): Promise<Uint8Array | null> => {
    const response = await app.request(`/v1/blobs/${digest}`);
    return response.status === 200 ? new Uint8Array(await response.arrayBuffer()) : null;
  };
  const lookup = async (): Promise<unknown> => {
    const response = await app.request('/v1/lookups', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ digests: [digestOf('text')] }),
    });
    expect(response.status).toBe(200);
    return ((await response.json()) as { matches: { records: string[] }[] }).matches[0]?.records;
  };

  describe('a manifest', () => {
    test.each(FAULTS)('$name: refused, then mended by uploading again', async (fault) => {
      blobs.fates = [...fault.blobs];
      content.break({ name: fault.name, writes: fault.index });
      for (let failing = Math.max(fault.blobs.length + fault.index.length, 1); failing > 0; failing--) {
        expect(await upload(manifest)).toBeGreaterThanOrEqual(500);
        const kept = await download(digestOf(manifest));
        expect(kept === null || digestOf(kept) === digestOf(manifest), 'whole or not at all').toBe(true);
      }
      expect([200, 201]).toContain(await upload(manifest));
      expect(await download(digestOf(manifest))).toEqual(manifest);
      expect(await lookup(), 'found, and once').toEqual([cast.record.id]);
      const { reads } = blobs;
      expect(await upload(manifest), 'again is no harm').toBe(200);
      expect(blobs.reads, 'and what is indexed is not read again').toBe(reads);
      expect(await lookup()).toEqual([cast.record.id]);
    });
  });

  describe('another blob', () => {
    test.each(FAULTS.filter(({ index }) => index.length === 0))('$name: refused, then stored', async (fault) => {
      blobs.fates = [...fault.blobs];
      for (const _ of fault.blobs) expect(await upload(guidelines)).toBeGreaterThanOrEqual(500);
      expect([200, 201]).toContain(await upload(guidelines));
      expect(await download(digestOf(guidelines))).toEqual(guidelines);
    });

    test('other bytes under its digest: refused, nothing kept', async () => {
      expect(await upload(new TextEncoder().encode('Write what I know!!!'), digestOf(guidelines))).toBe(422);
      expect(await download(digestOf(guidelines))).toBeNull();
    });
  });

  test('an index write of several parts, of which a later one fails, is whole after it is repeated', async () => {
    const index = createContentIndex(content);
    const large = manifestOf(Object.fromEntries(Array.from({ length: 20_001 }, (_, i) => [`${i}.txt`, `file ${i}`])));
    const read = { summary: summarizeContent(encodeManifest(large), large), files: large.files, blocks: [] };
    const { manifest: digest } = read.summary;
    const wanted = large.files.map((file) => file.sha256);
    const isAdded = async (digest: Digest): Promise<boolean> => (await index.has([digest])).has(digest);
    const ends = `${wanted[0]}${wanted.at(-1)}`;
    content.break({ name: 'the second part fails', writes: ['works', 'fails'] });
    await expect(index.add(digest, read)).rejects.toThrow(Injected);
    expect([await isAdded(digest), await index.find(ends, 1)], 'nothing is found by a part').toEqual([false, []]);
    await index.add(digest, read);
    expect(await isAdded(digest)).toBe(true);
    expect(await index.find(ends, 1)).toEqual([{ manifest: read.summary, places: [0, 1] }]);
    const places = Array.from({ length: 10_000 }, (_, at) => at);
    expect(await index.find(wanted.slice(0, 10_000).join(''), 5)).toEqual([{ manifest: read.summary, places }]);
  });

  test('a file that many manifests list is found in some of them, as many as asked', async () => {
    const index = createContentIndex(content);
    for (let i = 0; i < 5; i++) {
      const other = manifestOf({ 'common.txt': 'common', [`own-${i}.txt`]: `own ${i}` });
      const summary = summarizeContent(encodeManifest(other), other);
      await index.add(summary.manifest, { summary, files: other.files, blocks: [] });
    }
    const files = ['common', 'own 0', 'unknown'].map((text) => digestOf(text).slice('sha256:'.length));
    const find = async (each: number): Promise<number[]> =>
      (await index.find(files.join(''), each)).flatMap(({ places }) => places).toSorted();
    expect(await find(3)).toEqual([0, 0, 0, 1]);
    expect(await find(9)).toEqual([0, 0, 0, 0, 0, 1]);
  });

  test('what is no manifest is remembered as none', async () => {
    const index = createContentIndex(content);
    expect(await index.has([digestOf(guidelines)])).toEqual(new Set());
    await index.add(digestOf(guidelines), null);
    expect(await index.has([digestOf(guidelines)])).toEqual(new Set([digestOf(guidelines)]));
  });
}
