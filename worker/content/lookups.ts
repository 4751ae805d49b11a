import * as z from 'zod';
import { LookupRequest, LookupResponse, RowProofQuery } from '../../schemas/api.ts';
import { limits } from '../../schemas/limits.ts';
import { Digest } from '../../schemas/primitives.ts';
import { ROW_PROOF_MEDIA_TYPE, RowProof } from '../../schemas/row-proof.ts';
import { digestOf } from '../../protocol/digest.ts';
import type { Deps } from '../deps.ts';
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
        ...problems({ 400: 'Malformed', 413: 'Too many', 429: 'Too fast' }),
      },
    },
    async (c) => {
      const { digests } = read(LookupRequest, await readJson(c, LOOKUP_BYTES));
      await chargeNetwork(deps, c, Math.ceil(digests.length / DIGESTS_A_UNIT));
      // Read first: what is indexed while this goes on may be found, and is not promised.
      const index = await indexState(deps);
      const hex = digests.map((digest) => digest.slice('sha256:'.length));
      const wanted = [...new Set(hex)];
      const each = Math.min(RECORDS, Math.floor(ANSWERS / wanted.length));
      const found = await contentIndex.find(wanted, each);
      const over = await recordsOver(database, [...new Set(found.map(({ manifest }) => manifest))], each);
      const records = new Map<string, readonly Fitting[]>();
      for (const { digest, manifest } of found) {
        const known = records.get(digest);
        const more = over.get(manifest.manifest) ?? [];
        records.set(digest, known === undefined ? more : merge(known, more, each));
      }
      // Most digests of a look-up share their records: those are written once.
      const ids = new Map<readonly Fitting[] | undefined, string[]>([[undefined, []]]);
      const matches = digests.map((digest, i) => {
        const of = records.get(hex[i] as string);
        if (!ids.has(of)) ids.set(of, of?.map(({ id }) => id) ?? []);
        return { digest, records: ids.get(of) };
      });
      return c.json({ matches, index });
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

/** The oldest records of both: one may hold what is asked for as a file and as a row, and in several files. */
function merge(some: readonly Fitting[], more: readonly Fitting[], each: number): readonly Fitting[] {
  const all = new Map([...some, ...more].map((record) => [record.index, record]));
  return all.size === some.length ? some : [...all.values()].toSorted((a, b) => a.index - b.index).slice(0, each);
}
