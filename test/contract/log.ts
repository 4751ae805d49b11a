import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { concatBytes, toBase64, utf8, type Bytes } from '../../protocol/bytes.ts';
import { verifySignature } from '../../protocol/ed25519/verify.ts';
import { decodeBundle, parseEntry } from '../../protocol/log/entry.ts';
import { parseCheckpoint, type Checkpoint } from '../../protocol/log/checkpoint.ts';
import { judgeCheckpoint } from '../../protocol/log/trust.ts';
import { drafts, signed } from '../support/statements.ts';
import { batch, cast, expectProblem, sizeOf, trustIn, type Cast } from './client.ts';
import type { Endpoint, OpenEndpoint } from './harness.ts';

const sha256 = (...parts: Uint8Array[]): Bytes =>
  new Uint8Array(
    createHash('sha256')
      .update(concatBytes(...parts))
      .digest(),
  );

/** RFC 6962 §2.1 as it is written there, to share nothing with the registry's. */
function rootOf(leaves: readonly Bytes[]): Bytes {
  if (leaves.length <= 1) return leaves[0] ?? sha256();
  const middle = 2 ** Math.floor(Math.log2(leaves.length - 1));
  return sha256(Uint8Array.of(1), rootOf(leaves.slice(0, middle)), rootOf(leaves.slice(middle)));
}

/** The log as C2SP tlog-tiles, from its first entries to past its second full tile. */
export function describeLog(name: string, open: OpenEndpoint): void {
  describe(`the log on ${name}`, () => {
    let registry: Endpoint;
    let people: Cast;
    /** The sizes that were published, with the root of each. */
    const heads: Checkpoint[] = [];

    const checkpoint = async (): Promise<Checkpoint> => {
      const response = await registry.fetch('/log/checkpoint');
      expect(response.headers.get('Content-Type')).toMatch(/^text\/plain/);
      expect(response.headers.get('Cache-Control')).toMatch(/max-age=[1-5]$/);
      const parsed = parseCheckpoint(await response.text());
      if (!parsed.ok) throw new Error(parsed.reason);
      return parsed.value;
    };
    const tile = async (path: string): Promise<Bytes> => {
      const response = await registry.fetch(`/log/tile/${path}`);
      expect(response.status, path).toBe(200);
      expect(response.headers.get('Content-Type')).toBe('application/octet-stream');
      expect(response.headers.get('Cache-Control')).toContain('immutable');
      return new Uint8Array(await response.arrayBuffer());
    };
    const entries = async (size: number): Promise<Bytes[]> => {
      const all: Bytes[] = [];
      for (let at = 0; at < size; at += 256) {
        const width = Math.min(256, size - at);
        const bundle = await tile(`entries/${String(at / 256).padStart(3, '0')}${width < 256 ? `.p/${width}` : ''}`);
        const texts = decodeBundle(bundle) as string[];
        expect(texts).toHaveLength(width);
        all.push(...texts.map(utf8));
      }
      return all;
    };

    beforeAll(async () => {
      registry = await open();
      people = await cast(registry, 'log');
      let size = await sizeOf(registry);
      heads.push(await checkpoint());
      // To both sides of the first tile's end and of the second's, exactly onto it, and over one in a single commit.
      for (const target of [size + 1, size + 8, 255, 256, 257, 300, 511, 512, 513, 800]) {
        if (target <= size) continue;
        const fresh = Array.from({ length: Math.min(target - size, 500) }, (_, i) =>
          signed(drafts.record(people.alice.did, `log ${size + i}`), people.alice),
        );
        const lines = await batch(registry, await Promise.all(fresh));
        expect(lines.every(({ status }) => status === 201)).toBe(true);
        size = await sizeOf(registry);
        heads.push(await checkpoint());
      }
    });
    afterAll(() => registry.close());

    it('signs a checkpoint of every size, over the root of its entries', async () => {
      const trust = await trustIn(registry);
      const newest = heads.at(-1) as Checkpoint;
      expect(newest.size).toBeGreaterThan(768);
      const leaves = (await entries(newest.size)).map((entry) => sha256(Uint8Array.of(0), entry));
      for (const head of heads) {
        expect((await judgeCheckpoint(head, trust, verifySignature)).log.ok, `size ${head.size}`).toBe(true);
        expect(toBase64(head.root), `size ${head.size}`).toBe(toBase64(rootOf(leaves.slice(0, head.size))));
      }
    });

    it('serves every hash tile, the first one at every width, the later ones at some', async () => {
      const { size } = heads.at(-1) as Checkpoint;
      const leaves = (await entries(size)).map((entry) => sha256(Uint8Array.of(0), entry));
      const expected = (from: number, to: number): Bytes => concatBytes(...leaves.slice(from, to));
      for (let index = 0; index * 256 < size; index++) {
        const count = Math.min(256, size - index * 256);
        if (count === 256) expect(await tile(`0/00${index}`)).toEqual(expected(index * 256, index * 256 + 256));
        const every = Array.from({ length: Math.min(count, 255) }, (_, i) => i + 1);
        const widths = index === 0 ? every : every.filter((width) => width % 50 === 1 || width > 253);
        const tiles = await Promise.all(widths.map((width) => tile(`0/00${index}.p/${width}`)));
        for (const [i, bytes] of tiles.entries()) {
          expect(bytes).toEqual(expected(index * 256, index * 256 + (widths[i] as number)));
        }
      }
      const full = Math.floor(size / 256);
      const roots = Array.from({ length: full }, (_, i) => rootOf(leaves.slice(i * 256, i * 256 + 256)));
      for (let width = 1; width <= full; width++) {
        expect(await tile(`1/000.p/${width}`)).toEqual(concatBytes(...roots.slice(0, width)));
      }
    });

    it('serves every bundle of entries, full or partial, as a prefix of the next', async () => {
      const whole = await tile('entries/000');
      const widths = [1, 2, 3, 100, 254, 255];
      for (const width of widths) {
        const part = await tile(`entries/000.p/${width}`);
        expect(part).toEqual(whole.slice(0, part.length));
        expect(decodeBundle(part)).toHaveLength(width);
      }
    });

    it('holds digests, kinds and times that never decrease, and nothing else', async () => {
      const { size } = heads.at(-1) as Checkpoint;
      let last = '';
      for (const bytes of await entries(size)) {
        const entry = parseEntry(new TextDecoder().decode(bytes));
        expect(entry).not.toBeNull();
        expect((entry?.loggedAt ?? '') >= last).toBe(true);
        last = entry?.loggedAt ?? '';
      }
    });

    it('answers 404 beyond the published tree', async () => {
      const { size } = heads.at(-1) as Checkpoint;
      const last = Math.floor(size / 256);
      const beyond = [
        `0/00${last}`,
        `0/00${last}.p/${(size % 256) + 1}`,
        `entries/00${last}`,
        `entries/00${last}.p/${(size % 256) + 1}`,
        '0/999',
        '0/x123/x456/789',
        '1/000',
        `1/000.p/${last + 1}`,
        '1/001.p/1',
        '2/000.p/1',
        '63/000.p/1',
        'entries/x001/000',
      ];
      for (const path of beyond) {
        await expectProblem(await registry.fetch(`/log/tile/${path}`), [404, 'not-found', `tree of ${size} entries`]);
      }
    });

    it.each([
      '',
      '0',
      '0/',
      '0/0',
      '0/00',
      '0/0000',
      '00/000',
      '0/x000',
      '0/x000/000',
      '0/001/002',
      '0/000.p',
      '0/000.p/',
      '0/000.p/0',
      '0/000.p/01',
      '0/000.p/256',
      '0/000.p/257',
      '0/000.p/-1',
      '0/000.p/1/',
      '0/-01',
      '0/0a0',
      '64/000',
      '-1/000',
      '0x0/000',
      'entries/0',
      'Entries/000',
      'data/000',
      '0//000',
      '0/../0/000.p',
      '0/x999/x999/x999/x999/x999/x999/999',
    ])('answers 404 to the malformed path tile/%s', async (path) => {
      await expectProblem(await registry.fetch(`/log/tile/${path}`), [
        404,
        'not-found',
        /not a tile path|there is no|tree of/,
      ]);
    });
  });
}
