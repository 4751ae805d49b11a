import * as z from 'zod';
import { LookupRequest, LookupResponse } from '../../schemas/api.ts';
import { limits } from '../../schemas/limits.ts';
import { Digest } from '../../schemas/primitives.ts';
import { fromUtf8, type Bytes } from '../../protocol/bytes.ts';
import { digestOf } from '../../protocol/digest.ts';
import { readContent, SUMMARY_FIELDS, type Content } from '../../protocol/manifest.ts';
import { refuse, type Result } from '../../protocol/result.ts';
import { db } from '../database/port.ts';
import type { Deps } from '../deps.ts';
import { readBody, readJson } from '../http/body.ts';
import { ProblemError } from '../http/problem.ts';
import { isHeld, json, problems, read, route, text, type App } from '../http/route.ts';
import { bytesOf } from './manifests.ts';
import { recordsOver, type Fitting } from './records.ts';

const DigestParam = z.object({ digest: Digest });
const LOOKUP_BYTES = limits.lookupDigests * 80;
/** Records listed for one digest, and for all of a look-up: those who ask for many get fewer of each. */
const RECORDS = 100;
const ANSWERS = 50_000;

export function contentRoutes(app: App, deps: Deps): void {
  const { database, blobs, contentIndex } = deps;

  route(
    app,
    {
      method: 'put',
      path: '/v1/blobs/{digest}',
      summary: 'Upload a blob that a logged statement names; no token is needed',
      request: {
        params: DigestParam,
        body: { required: true, content: { 'application/octet-stream': { schema: z.string() } } },
      },
      responses: {
        201: { description: 'Stored' },
        200: { description: 'Stored already' },
        ...problems({ 403: 'No logged statement names it', 413: 'Larger than declared', 422: 'Not these bytes' }),
      },
    },
    async (c) => {
      const { digest } = read(DigestParam, c.req.param());
      const { max, asManifest, otherwise } = await referencesTo(digest);
      const size = await blobs.size(digest);
      if (size !== null) {
        // The first upload may have crashed before the index, or come before the first record over this manifest.
        const unread = asManifest && size <= limits.manifestBytes && !(await contentIndex.has(digest));
        if (unread) await index(digest, contentOf(await readBlob(digest)));
        return c.body(null, 200);
      }
      const declared = Number(c.req.header('Content-Length') ?? NaN);
      // A manifest is read before it is kept: its files are to be found by their digests. Nothing larger is one.
      if (asManifest && !(declared > limits.manifestBytes)) {
        const bytes = await readBody(c, Math.min(max, limits.manifestBytes));
        if (digestOf(bytes) !== digest) throw mismatch(digest);
        const content = contentOf(bytes);
        // Anyone may name any digest as a manifest; where it is named as something else too, it need not be one.
        if (!otherwise) await requireFit(content);
        if ((await blobs.put(digest, new Blob([bytes]).stream(), bytes.length)) === 'mismatch') throw mismatch(digest);
        // Indexing is safe to repeat, so a crash before it is mended by the next upload.
        await index(digest, content);
        return c.body(null, 201);
      }
      if (!Number.isSafeInteger(declared)) throw new ProblemError('invalid-request', 'send Content-Length');
      if (declared > max) throw new ProblemError('too-large', `this blob may be ${max} bytes at most`);
      const body = c.req.raw.body ?? new Blob([]).stream();
      if ((await blobs.put(digest, body, declared)) === 'mismatch') throw mismatch(digest);
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
      const size = (await isNamed(digest)) ? await blobs.size(digest) : null;
      if (size === null) throw new ProblemError('not-found', `${digest} is not stored here`);
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
      const range = parseRange(c.req.header('Range'), size);
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

  route(
    app,
    {
      method: 'post',
      path: '/v1/lookups',
      summary: 'Which records contain these files',
      request: { body: { required: true, content: { 'application/json': { schema: LookupRequest } } } },
      responses: {
        200: json(LookupResponse, 'Matches, in the order asked'),
        ...problems({ 400: 'Malformed', 413: 'Too many' }),
      },
    },
    async (c) => {
      const { digests } = read(LookupRequest, await readJson(c, LOOKUP_BYTES));
      const files = [...new Set(digests)].map((digest) => digest.slice('sha256:'.length));
      const each = Math.min(RECORDS, Math.floor(ANSWERS / files.length));
      const found = await contentIndex.find(files, each);
      const over = await recordsOver(database, [...new Set(found.map(({ manifest }) => manifest))], each);
      const records = new Map<string, Fitting[]>();
      for (const { file, manifest } of found) {
        const more = over.get(manifest.manifest) ?? [];
        const all = [...(records.get(file) ?? []), ...more].toSorted((a, b) => a.index - b.index);
        records.set(file, all.slice(0, each));
      }
      const matches = digests.map((digest) => ({
        digest,
        records: (records.get(digest.slice('sha256:'.length)) ?? []).map(({ id }) => id),
      }));
      return c.json({ matches } satisfies LookupResponse);
    },
  );

  const mismatch = (digest: Digest): ProblemError =>
    new ProblemError('digest-mismatch', `the bytes do not hash to ${digest}; nothing was kept`);

  async function isNamed(digest: Digest): Promise<boolean> {
    const refs = db.selectFrom('blob_refs').select('log_index').where('digest', '=', digest).limit(1);
    return (await database.all(refs.compile())).length > 0;
  }

  /** How logged statements name a blob, and how large it may be. */
  async function referencesTo(digest: Digest): Promise<{ max: number; asManifest: boolean; otherwise: boolean }> {
    const [refs] = await database.all(
      db
        .selectFrom('blob_refs')
        .select((of) => [of.fn.min('max_bytes').as('min'), of.fn.max('max_bytes').as('max')])
        .where('digest', '=', digest)
        .compile(),
    );
    if (refs?.max == null) {
      throw new ProblemError('not-referenced', `no logged statement names ${digest}; submit the statement first`);
    }
    // A manifest may be as large as its record declares, within its limit; everything else gets the limit of all blobs.
    return {
      max: refs.max,
      asManifest: refs.min <= limits.manifestBytes,
      otherwise: refs.max > limits.manifestBytes,
    };
  }

  /** Ends the request unless this is the manifest of some record. */
  async function requireFit(content: Result<Content, string>): Promise<void> {
    if (!content.ok) throw new ProblemError('invalid-manifest', `not a manifest: ${content.reason}`);
    const { summary } = content.value;
    if ((await recordsOver(database, [summary], 1)).size > 0) return;
    const said = SUMMARY_FIELDS.map((field) => `content.${field} ${summary[field] ?? 'absent'}`).join(', ');
    throw new ProblemError('invalid-manifest', `not the manifest of any record; that of one over it has ${said}`);
  }

  const index = (digest: Digest, content: Result<Content, string>): Promise<void> =>
    contentIndex.add(digest, content.ok ? content.value : null);

  async function readBlob(digest: Digest): Promise<Bytes> {
    const stored = await blobs.get(digest);
    if (stored === null) throw new ProblemError('unavailable', `${digest} could not be read back`);
    return bytesOf(stored.body);
  }
}

/** A blob, read as a manifest. */
function contentOf(bytes: Bytes): Result<Content, string> {
  const text = fromUtf8(bytes);
  return text === null ? refuse('not UTF-8') : readContent(text);
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
