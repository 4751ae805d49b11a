import * as z from 'zod';
import { LookupRequest, LookupResponse, RowProofQuery } from '../../schemas/api.ts';
import { limits } from '../../schemas/limits.ts';
import { Digest } from '../../schemas/primitives.ts';
import { ROW_PROOF_MEDIA_TYPE, RowProof } from '../../schemas/row-proof.ts';
import { digestOf } from '../../protocol/digest.ts';
import type { Deps } from '../deps.ts';
import { answer } from '../http/answer.ts';
import { readJson } from '../http/body.ts';
import { ProblemError } from '../http/problem.ts';
import { chargeNetwork } from '../http/read-limit.ts';
import { isHeld, json, problems, read, readQuery, route, type App } from '../http/route.ts';
import { indexState } from './catch-up.ts';
import { recordsOver, type Fitting } from './records.ts';
import { rowProof } from './row-proof.ts';

const DigestParam = z.object({ digest: Digest });
/** Digests that are charged as one unit. */
const DIGESTS_A_UNIT = 1_000;
const LOOKUP_BYTES = limits.lookupDigests * 80;
/** Records listed for one digest, and for all of a look-up: those who ask for many get fewer of each. */
const RECORDS = 100;
const ANSWERS = 50_000;
const JSON_TYPE = { 'Content-Type': 'application/json' };

export function lookupRoutes(app: App, deps: Deps): void {
  const { database, contentIndex } = deps;

  route(
    app,
    {
      method: 'post',
      path: '/v1/lookups',
      summary: 'Which records contain these files or rows',
      request: { body: { required: true, content: { 'application/json': { schema: LookupRequest } } } },
      responses: {
        200: json(LookupResponse, 'Matches, in the order asked, and how far the index is'),
        ...problems({ 400: 'Malformed', 413: 'Too many', 415: 'Not JSON', 429: 'Too fast' }),
      },
    },
    async (c) => {
      const { digests } = read(LookupRequest, await readJson(c, LOOKUP_BYTES));
      await chargeNetwork(deps, c, Math.ceil(digests.length / DIGESTS_A_UNIT));
      // Read first: what is indexed while this goes on may be found, and is not promised.
      const index = await indexState(deps);
      const each = Math.min(RECORDS, Math.floor(ANSWERS / digests.length));
      const found = await contentIndex.find(digests.map((digest) => digest.slice('sha256:'.length)).join(''), each);
      const manifests = found.map(({ manifest }) => manifest);
      const over = await recordsOver(database, manifests, each);
      const holding: number[][] = digests.map(() => []);
      for (const [i, { places }] of found.entries()) for (const at of places) holding[at]?.push(i);
      const oldest = oldestOver(
        manifests.map(({ manifest }) => over.get(manifest) ?? []),
        each,
      );
      const records = holding.map(oldest);
      return answer(c, `{"matches":[${matches(digests, records)}],"index":${JSON.stringify(index)}}`, 200, JSON_TYPE);
    },
  );

  route(
    app,
    {
      method: 'get',
      path: '/v1/rows/{digest}/proof',
      summary: 'A self-contained proof that a record has this row, for offline verification',
      request: { params: DigestParam, query: RowProofQuery },
      responses: {
        200: { description: 'The proof', content: { [ROW_PROOF_MEDIA_TYPE]: { schema: RowProof } } },
        ...problems({ 404: 'No indexed record has it', 429: 'Too fast' }),
      },
    },
    async (c) => {
      const { digest } = read(DigestParam, c.req.param());
      const { record } = readQuery(c, RowProofQuery);
      await chargeNetwork(deps, c, 1);
      const index = await indexState(deps);
      const proof = await rowProof(deps, digest, record);
      if (proof === null) {
        const isBehind = index.through < index.size || index.pendingRows > 0;
        throw new ProblemError(
          'not-found',
          `${record ?? 'no record here'} ${record === undefined ? 'has' : 'is not known to have'} the row ${digest}` +
            (isBehind
              ? `; but the index is behind: it covers ${index.through} of ${index.size} entries, and ${index.pendingRows} rows wait`
              : ''),
        );
      }
      // It holds for ever, but its record may be erased, or an older one be uploaded: caches ask again.
      const headers = { 'Cache-Control': 'public, max-age=300', ETag: `"${digestOf(proof)}"` };
      if (isHeld(c, headers.ETag)) return c.body(null, 304, headers);
      return c.body(proof, 200, { ...headers, 'Content-Type': ROW_PROOF_MEDIA_TYPE });
    },
  );
}

/** As JSON: for ten thousand digests, whose text is known to be plain, that is quicker than a value and its text. */
function matches(digests: readonly Digest[], records: readonly (readonly Fitting[])[]): string {
  // Most digests of a look-up share their records: those are written once.
  const written = new Map<readonly Fitting[], string>();
  let text = '';
  for (const [at, digest] of digests.entries()) {
    const of = records[at] ?? [];
    const ids = written.get(of) ?? JSON.stringify(of.map(({ id }) => id));
    written.set(of, ids);
    text += `${at > 0 ? ',' : ''}{"digest":"${digest}","records":${ids}}`;
  }
  return text;
}

/** Tells the oldest `each` records over some of these manifests, by their numbers: for the same ones the same list. */
function oldestOver(
  records: readonly (readonly Fitting[])[],
  each: number,
): (manifests: readonly number[]) => readonly Fitting[] {
  const ordered = records
    .flatMap((over, manifest) => over.map((record) => ({ record, manifest })))
    .toSorted((a, b) => a.record.index - b.record.index);
  const known = new Map<string, readonly Fitting[]>();
  return (manifests) => {
    const key = manifests.join();
    let oldest = known.get(key);
    if (oldest === undefined) {
      const wanted = new Set(manifests);
      const list: Fitting[] = [];
      for (const { record, manifest } of wanted.size === 0 ? [] : ordered) {
        if (wanted.has(manifest)) list.push(record);
        if (list.length === each) break;
      }
      known.set(key, (oldest = list));
    }
    return oldest;
  };
}
