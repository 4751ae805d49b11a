import { expect, test } from 'vitest';
import type { Digest } from '../../schemas/primitives.ts';
import type { Logged } from '../../protocol/evidence.ts';
import { digestOf } from '../../protocol/digest.ts';
import { utf8 } from '../../protocol/bytes.ts';
import { drafts, signed, signerOf } from '../../test/support/statements.ts';
import type { Blobs } from '../deps.ts';
import { manifestsOf } from './manifests.ts';

/** Blobs with these texts, and which of them were opened, read and let go. */
function storing(texts: readonly string[]) {
  const opened: Digest[] = [];
  let canceled = 0;
  const blobs: Blobs = {
    put: async () => 'stored',
    size: async () => null,
    delete: async () => {},
    async get(digest) {
      const text = texts.find((each) => digestOf(each) === digest);
      if (text === undefined) return null;
      opened.push(digest);
      const body = new ReadableStream<Uint8Array>(
        {
          pull(controller) {
            controller.enqueue(utf8(text));
            controller.close();
          },
          cancel: () => void canceled++,
        },
        { highWaterMark: 0 },
      );
      return { size: utf8(text).length, body };
    },
  };
  return { blobs, opened, canceled: () => canceled };
}

/** A record that calls a text its manifest, and declares some size of it. */
async function naming(text: string, manifestBytes: number, index: number): Promise<Logged> {
  const alice = await signerOf('alice');
  const draft = drafts.record(alice.did, `${text} ${index}`);
  const content = { ...draft.subject.content, manifest: digestOf(text), manifestBytes } as NonNullable<
    typeof draft.subject.content
  >;
  const { id, document } = await signed({ ...draft, subject: { ...draft.subject, content } }, alice);
  return { id, index, loggedAt: 0, document } as Logged;
}

test('a manifest is read once, however many records name it', async () => {
  const { blobs, opened } = storing(['one', 'two']);
  const records = await Promise.all(['one', 'one', 'two', 'one', 'lost'].map((text, i) => naming(text, 3, i)));
  expect(await manifestsOf(blobs, records)).toEqual(['one', 'two']);
  expect(opened).toHaveLength(2);
});

test('what counts is the size that is stored, whatever is declared; what does not fit is skipped', async () => {
  const { blobs, canceled } = storing(['small', 'much too large', 'fits']);
  const records = [
    await naming('small', 1_000_000, 0),
    await naming('much too large', 1, 1),
    await naming('fits', 4, 2),
  ];
  expect(await manifestsOf(blobs, records, 9)).toEqual(['small', 'fits']);
  expect(canceled()).toBe(1);
  expect(await manifestsOf(storing(['small', 'fits']).blobs, records, 8)).toEqual(['small']);
});
