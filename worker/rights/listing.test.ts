import { expect, test } from 'vitest';
import { limits } from '../../schemas/limits.ts';
import { spansOf } from '../../protocol/rights/spans.ts';
import { drafts, idOf, signed, signerOf } from '../../test/support/statements.ts';
import { listingOf, type Listing } from './listing.ts';

test('a lineage with a path that is longer than is followed is not listed', async () => {
  const alice = await signerOf('alice');
  const { id, document } = await signed(drafts.composition(alice.did, [idOf('part')]), alice);
  const composition = {
    id,
    kind: 'DatasetRecord',
    index: 9,
    loggedAt: Date.parse(document.validFrom),
    document,
  } as const;
  const over = (depth: number): Listing => ({ spans: spansOf('MIT') ?? [], depth, records: depth + 1 });
  const listed = listingOf(composition, () => over(limits.lineageDepth - 1));
  expect(listed).toMatchObject({ depth: limits.lineageDepth, records: limits.lineageDepth + 1 });
  expect(listingOf(composition, () => over(limits.lineageDepth))).toBeNull();
});
