import type { Context } from 'hono';
import { sql } from 'kysely';
import * as z from 'zod';
import { limits } from '../../schemas/limits.ts';
import { Digest } from '../../schemas/primitives.ts';
import type { Bytes } from '../../protocol/bytes.ts';
import { digestOf } from '../../protocol/digest.ts';
import { SUMMARY_FIELDS, type Content } from '../../protocol/manifest.ts';
import type { Result } from '../../protocol/result.ts';
import { db } from '../database/port.ts';
import type { Deps } from '../deps.ts';
import { readBody } from '../http/body.ts';
import { ProblemError } from '../http/problem.ts';
import { isHeld, problems, read, route, text, type App } from '../http/route.ts';
import { indexManifest, isNamed } from './index-manifest.ts';
import { bytesOf, contentOf } from './manifests.ts';
import { recordsOver } from './records.ts';
import { isListed, listSizes } from './segments.ts';
import { wakeIndexer } from './wake.ts';

const DigestParam = z.object({ digest: Digest });
export function contentRoutes(app: App, deps: Deps): void {
  const { database, blobs, contentIndex } = deps;

  route(
    app,
    {
      method: 'put',
      path: '/v1/blobs/{digest}',
      summary: 'Upload a blob that a logged statement, or its manifest, names; no token is needed',
      request: {
        params: DigestParam,
        body: { required: true, content: { 'application/octet-stream': { schema: z.string() } } },
      },
      responses: {
        201: { description: 'Stored' },
        200: { description: 'Stored already' },
        ...problems({
          400: 'Not of the size it is said to have',
          403: 'Nothing names it',
          413: 'Larger than declared',
          422: 'Not these bytes',
        }),
      },
    },
    async (c) => {
      const { digest } = read(DigestParam, c.req.param());
      const size = await blobs.size(digest);
      const declared = Number(c.req.header('Content-Length') ?? NaN);
      const refs = await referencesTo(digest, size ?? declared);
      if (size !== null) {
        // The first upload may have crashed before the index, or come before the first record over this manifest.
        if (refs.asManifest && size <= limits.manifestBytes && (await contentIndex.has([digest])).size === 0) {
          await index(digest, contentOf(await readBlob(digest)));
        }
        await noticeList(digest, size, refs);
        return c.body(null, 200);
      }
      await noticeList(digest, await store(c, digest, declared, refs), refs);
      await requireNamed(digest, declared);
      return c.body(null, 201);
    },
  );

  route(
    app,
    {
      method: 'get',
      path: '/v1/blobs/{digest}',
      summary: 'Download a blob, or a range of it',
      request: { params: DigestParam },
      responses: {
        200: text('application/octet-stream', 'The bytes'),
        206: text('application/octet-stream', 'A range'),
        416: { description: 'No such range' },
        ...problems({ 404: 'Not stored' }),
      },
    },
    async (c) => {
      const { digest } = read(DigestParam, c.req.param());
      // What only erased statements named is not given out, though its bytes may still be here.
      const size = await blobs.size(digest);
      const isServed = size !== null && ((await isNamed(database, digest)) || (await isListed(deps, digest, size)));
      if (!isServed) throw new ProblemError('not-found', `${digest} is not stored here`);
      const headers: Record<string, string> = {
        'Content-Type': 'application/octet-stream',
        // It never changes, but it may be erased: caches ask again, and get a mere 304.
        'Cache-Control': 'public, max-age=300',
        'Accept-Ranges': 'bytes',
        ETag: `"${digest}"`,
      };
      if (isHeld(c, `"${digest}"`)) return c.body(null, 304, headers);
      // RFC 9110 §14.2: ranges are GET's. Nothing is opened that nobody would read, and so close.
      if (c.req.method === 'HEAD') return c.body(null, 200, { ...headers, 'Content-Length': String(size) });
      // RFC 9110 §13.1.5: a part of what the caller does not hold the rest of is no use to it.
      const isOfHeld = [undefined, headers['ETag']].includes(c.req.header('If-Range'));
      const range = isOfHeld ? parseRange(c.req.header('Range'), size) : null;
      if (range === 'unsatisfiable') return c.body(null, 416, { 'Content-Range': `bytes */${size}` });
      const stored = await blobs.get(digest, range ?? undefined);
      if (stored === null) throw new ProblemError('not-found', `${digest} is not stored here`);
      if (range === null) return c.body(stored.body, 200, { ...headers, 'Content-Length': String(size) });
      return c.body(stored.body, 206, {
        ...headers,
        'Content-Length': String(range.length),
        'Content-Range': `bytes ${range.offset}-${range.offset + range.length - 1}/${size}`,
      });
    },
  );

  const mismatch = (digest: Digest): ProblemError =>
    new ProblemError('digest-mismatch', `the bytes do not hash to ${digest}; nothing was kept`);

  /** How logged statements, and manifests of theirs, name a blob. Ends the request where none does. */
  async function referencesTo(digest: Digest, size: number): Promise<References> {
    // Each a step in the index, however many name it: SQLite goes through all of them for both at once.
    const [refs] = await database.all(
      sql<{ min: number | null; max: number | null }>`SELECT
        (SELECT min(max_bytes) FROM blob_refs WHERE digest = ${digest}) AS min,
        (SELECT max(max_bytes) FROM blob_refs WHERE digest = ${digest}) AS max`.compile(db),
    );
    const fitting = await listSizes(deps, digest, size);
    // Of the others it is only said which size they are of.
    const sizes = fitting.length > 0 ? fitting : await listSizes(deps, digest, null);
    const [min, max] = [refs?.min ?? null, refs?.max ?? null];
    if (max === null && sizes.length === 0) {
      throw new ProblemError(
        'not-referenced',
        `no logged statement names ${digest}, nor does a manifest that is stored here; submit the statement first, then its manifest, then row-digest lists`,
      );
    }
    // A manifest may be as large as its record declares, within its limit; everything else gets the limit of all blobs.
    return {
      max: max ?? 0,
      asManifest: min !== null && min <= limits.manifestBytes,
      otherwise: max !== null && max > limits.manifestBytes,
      sizes,
    };
  }

  /** Stores a blob that is not here yet, and indexes it where it is a manifest. Answers its bytes. */
  async function store(
    c: Context,
    digest: Digest,
    declared: number,
    { max, asManifest, otherwise, sizes }: References,
  ): Promise<number> {
    // A manifest is read before it is kept: its files are to be found by their digests. Nothing larger is one.
    if (asManifest && !(declared > limits.manifestBytes) && !sizes.includes(declared)) {
      const bytes = await readBody(c, Math.min(max, limits.manifestBytes));
      if (digestOf(bytes) !== digest) throw mismatch(digest);
      const content = contentOf(bytes);
      // Anyone may name any digest as a manifest; where it is named as something else too, it need not be one.
      if (!otherwise && sizes.length === 0) await requireFit(content);
      if ((await blobs.put(digest, new Blob([bytes]).stream(), bytes.length)) === 'mismatch') throw mismatch(digest);
      // Indexing is safe to repeat, so a crash before it is mended by the next upload.
      await index(digest, content);
      return bytes.length;
    }
    if (!Number.isSafeInteger(declared)) throw new ProblemError('invalid-request', 'send Content-Length');
    if (!sizes.includes(declared) && (declared > max || max === 0)) {
      if (max > 0) throw new ProblemError('too-large', `this blob may be ${max} bytes at most`);
      throw new ProblemError(
        'invalid-request',
        `this list of row digests has ${sizes.join(' or ')} bytes, not ${declared}`,
      );
    }
    const body = c.req.raw.body ?? new Blob([]).stream();
    if ((await blobs.put(digest, body, declared)) === 'mismatch') throw mismatch(digest);
    if (asManifest && declared <= limits.manifestBytes) await index(digest, contentOf(await readBlob(digest)));
    return declared;
  }

  /** Has a row-digest list indexed. */
  async function noticeList(digest: Digest, bytes: number, { sizes }: References): Promise<void> {
    if (sizes.length === 0) return;
    await contentIndex.stored(digest, bytes);
    await wakeIndexer(deps);
  }

  /** Ends the request where what names the blob was erased while it was on its way: it goes with the next sweep. */
  async function requireNamed(digest: Digest, size: number): Promise<void> {
    try {
      await referencesTo(digest, size);
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      await database.batch([sql`INSERT OR IGNORE INTO erased_blobs (digest) VALUES (${digest})`.compile(db)]);
      throw error;
    }
  }

  /** Ends the request unless this is the manifest of some record. */
  async function requireFit(content: Result<Content, string>): Promise<void> {
    if (!content.ok) throw new ProblemError('invalid-manifest', `not a manifest: ${content.reason}`);
    const { summary } = content.value;
    if ((await recordsOver(database, [summary], 1)).size > 0) return;
    const said = SUMMARY_FIELDS.map((field) => `content.${field} ${summary[field] ?? 'absent'}`).join(', ');
    throw new ProblemError('invalid-manifest', `not the manifest of any record; that of one over it has ${said}`);
  }

  async function index(digest: Digest, content: Result<Content, string>): Promise<void> {
    await indexManifest(deps, digest, content.ok ? content.value : null);
    // Its lists may be here already: those of an older version, or of an index that was emptied.
    if (content.ok && content.value.files.some(({ rows }) => rows !== undefined)) await wakeIndexer(deps);
  }

  async function readBlob(digest: Digest): Promise<Bytes> {
    const stored = await blobs.get(digest);
    if (stored === null) throw new ProblemError('unavailable', `${digest} could not be read back`);
    return bytesOf(stored.body);
  }
}

/** How a blob is named: as what, and how large it may be. */
interface References {
  /** Bytes that statements allow it; 0 where none names it. */
  max: number;
  asManifest: boolean;
  /** As a guideline, a rubric, ratings. */
  otherwise: boolean;
  /** Bytes that it has as a segment of a row-digest list. */
  sizes: number[];
}

/** One byte range (RFC 9110 §14.2); null for the whole, which any other form of the header gets too. */
function parseRange(
  header: string | undefined,
  size: number,
): { offset: number; length: number } | 'unsatisfiable' | null {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return null;
  const first = match[1] === '' ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const last = match[1] === '' || match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1);
  return first > last ? 'unsatisfiable' : { offset: first, length: last - first + 1 };
}
