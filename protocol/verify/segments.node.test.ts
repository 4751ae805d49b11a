import { expect, test } from 'vitest';
import { limits } from '../../schemas/limits.ts';
import { registry } from '../../test/support/log.ts';
import { listedFile } from '../../test/support/row-files.ts';
import { drafts, signed } from '../../test/support/statements.ts';
import { detailsOf, judge } from '../../test/support/verify.ts';
import { concatBytes } from '../bytes.ts';
import { encodeManifest, summarizeContent } from '../manifest.ts';
import { ROW_DIGEST_BYTES } from '../rows/row-digests.ts';

// On Node alone: elsewhere SHA-256 of 32 MiB takes seconds, and what is tested does not depend on the platform.
test('a list of several segments is used as far as it is there, up to the last row of each', async () => {
  const count = limits.segmentRows + 3;
  const list = new Uint8Array(count * ROW_DIGEST_BYTES);
  const view = new DataView(list.buffer);
  for (let row = 0; row < count; row++) view.setUint32(row * ROW_DIGEST_BYTES, row + 1);
  const { certified, segments } = listedFile('large.jsonl', list);
  const manifest = encodeManifest({ files: [certified] });
  const content = { ...summarizeContent(manifest, { files: [certified] }), visibility: 'public' as const };
  const { log, alice } = await registry();
  const record = log.append(await signed(drafts.record(alice.did, '', { id: content.root, content }), alice));
  const certificate = await log.certificate({ subject: record.id });
  const edges = [0, limits.segmentRows - 1, limits.segmentRows, count - 1].map((row) =>
    list.subarray(row * ROW_DIGEST_BYTES, (row + 1) * ROW_DIGEST_BYTES),
  );
  const files = [listedFile('some.jsonl', concatBytes(...edges)).local];
  const [first, last] = [...segments.keys()];
  const holding = (there: readonly unknown[]) =>
    judge(certificate, {
      log,
      content: {
        files,
        manifests: [manifest],
        segment: async (digest) => (there.includes(digest) ? (segments.get(digest) ?? null) : null),
      },
    });
  expect(await holding([first, last])).toMatchObject({ verdict: 'pass', coverage: { rows: 4, matched: 4 } });
  const half = await holding([last]);
  expect(half).toMatchObject({ verdict: 'fail', coverage: { matched: 2, unmatched: 2 } });
  expect(detailsOf(half, 'content.rows')).toMatch(/is not at hand: 1048576 rows count as uncertified/);
});
