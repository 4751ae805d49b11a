import { checkWith } from '../../worker/admission/check.ts';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Digest } from '../../schemas/primitives.ts';
import { ED25519, verifierKey } from '../../protocol/log/note.ts';
import { digestOf } from '../../protocol/digest.ts';
import { verifySignature } from '../../protocol/ed25519/verify.ts';
import { encodeManifest } from '../../protocol/manifest.ts';
import { createApp } from '../../worker/app.ts';
import { createContentIndex } from '../../worker/content/content-index.ts';
import type { Blobs } from '../../worker/deps.ts';
import type { App } from '../../worker/http/route.ts';
import { drafts, manifestOf, signed, signerOf } from '../support/statements.ts';
import { assemble, growTo, logAll, ORIGIN, sequencerOver, START, type Cast } from './cast.ts';
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

  constructor(real: Blobs) {
    this.#real = real;
  }

  put: Blobs['put'] = (...given) => suffer(this.fates.shift() ?? 'works', () => this.#real.put(...given));
  get: Blobs['get'] = (...given) => this.#real.get(...given);
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
    app = createApp({
      database: storage.database,
      blobs,
      contentIndex: createContentIndex(content),
      sequencer,
      service: await signerOf('service'),
      logKey: verifierKey(ORIGIN, ED25519, cast.logSigner.publicKey),
      verify: verifySignature,
      check: checkWith(verifySignature),
      limiter: async () => true,
      now: () => START,
      log: () => {},
      assets: async () => null,
      operator: async () => cast.operator.did,
    });
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
      expect(await upload(manifest), 'again is no harm').toBe(200);
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
    const digests = Array.from({ length: 20_001 }, (_, i) => digestOf(`file ${i}`).slice('sha256:'.length));
    content.break({ name: 'the second part fails', writes: ['works', 'fails'] });
    await expect(index.add(3, digests)).rejects.toThrow(Injected);
    const wanted = [digests[0] as string, digests.at(-1) as string];
    expect((await index.find(wanted)).map(({ digest }) => digest)).toEqual(wanted.slice(0, 1));
    await index.add(3, digests);
    expect(await index.find(wanted)).toHaveLength(2);
    expect(await index.find(digests.slice(0, 10_000))).toHaveLength(10_000);
  });
}
