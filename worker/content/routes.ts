import { sql } from 'kysely';
import * as z from 'zod';
import { LookupRequest, LookupResponse } from '../../schemas/api.ts';
import { limits } from '../../schemas/limits.ts';
import { Digest, type StatementId } from '../../schemas/primitives.ts';
import type { Statement } from '../../schemas/statement.ts';
import { fromUtf8, type Bytes } from '../../protocol/bytes.ts';
import { digestOf } from '../../protocol/digest.ts';
import { parseManifest, summarizeContent } from '../../protocol/manifest.ts';
import { refuse } from '../../protocol/result.ts';
import { db } from '../database/port.ts';
import type { Deps } from '../deps.ts';
import { readBody, readJson } from '../http/body.ts';
import { ProblemError } from '../http/problem.ts';
import { IMMUTABLE, isHeld, json, problems, read, route, text, type App } from '../http/route.ts';

const DigestParam = z.object({ digest: Digest });
const LOOKUP_BYTES = limits.lookupDigests * 80;
/** Records listed for one digest. */
const RECORDS = 100;

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
      const max = await declaredSize(digest);
      const manifests = await recordsOver(digest);
      const known = (await blobs.size(digest)) !== null;
      if (manifests.length > 0) {
        // A manifest is read before it is kept: its files are to be found by their digests.
        const bytes = known ? await readBlob(digest) : await readBody(c, max);
        if (digestOf(bytes) !== digest) throw mismatch(digest);
        // Anyone may name this digest in a record that it does not fit: such a record gets no look-ups by it, and
        // does not keep the others from theirs.
        const { digests, fitting } = filesOf(bytes, manifests);
        if (!known) await store(digest, bytes);
        // Indexing is safe to repeat, so a crash before it is mended by the next upload.
        for (const { index } of fitting) await contentIndex.add(index, digests);
        return c.body(null, known ? 200 : 201);
      }
      if (known) return c.body(null, 200);
      const declared = Number(c.req.header('Content-Length') ?? NaN);
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
      const size = await blobs.size(digest);
      if (size === null) throw new ProblemError('not-found', `${digest} is not stored here`);
      const headers: Record<string, string> = {
        'Content-Type': 'application/octet-stream',
        'Cache-Control': IMMUTABLE,
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
      const found = await contentIndex.find([...new Set(digests)].map((digest) => digest.slice('sha256:'.length)));
      const ids = await idsOf([...new Set(found.map(({ logIndex }) => logIndex))]);
      const records = new Map<string, StatementId[]>();
      for (const { digest, logIndex } of found) {
        const id = ids.get(logIndex);
        const list = records.get(digest) ?? [];
        if (id !== undefined && list.length < RECORDS) records.set(digest, [...list, id]);
      }
      const matches = digests.map((digest) => ({ digest, records: records.get(digest.slice('sha256:'.length)) ?? [] }));
      return c.json({ matches } satisfies LookupResponse);
    },
  );

  const mismatch = (digest: Digest): ProblemError =>
    new ProblemError('digest-mismatch', `the bytes do not hash to ${digest}; nothing was kept`);

  async function declaredSize(digest: Digest): Promise<number> {
    const [ref] = await database.all(
      db
        .selectFrom('blob_refs')
        .select((of) => of.fn.max('max_bytes').as('max'))
        .where('digest', '=', digest)
        .compile(),
    );
    if (ref?.max == null) {
      throw new ProblemError('not-referenced', `no logged statement names ${digest}; submit the statement first`);
    }
    return ref.max;
  }

  /** The records whose manifest this is. */
  async function recordsOver(digest: Digest): Promise<Over[]> {
    const rows = await database.all(
      db
        .selectFrom('datasets')
        .innerJoin('statements', 'statements.log_index', 'datasets.log_index')
        .select(['statements.log_index', 'body'])
        .where('manifest', '=', digest)
        .where('body', 'is not', null)
        .orderBy('statements.log_index')
        .limit(RECORDS)
        .compile(),
    );
    return rows.map((row) => ({
      index: row.log_index,
      document: JSON.parse(row.body as string) as Statement<'DatasetRecord'>,
    }));
  }

  async function store(digest: Digest, bytes: Bytes): Promise<void> {
    if ((await blobs.put(digest, new Blob([bytes]).stream(), bytes.length)) === 'mismatch') throw mismatch(digest);
  }

  async function readBlob(digest: Digest): Promise<Bytes> {
    const stored = await blobs.get(digest);
    if (stored === null) throw new ProblemError('unavailable', `${digest} could not be read back`);
    return new Uint8Array(await new Response(stored.body as BodyInit).arrayBuffer());
  }

  async function idsOf(indices: readonly number[]): Promise<Map<number, StatementId>> {
    if (indices.length === 0) return new Map();
    const rows = await database.all(
      sql<{
        log_index: number;
        id: StatementId;
      }>`SELECT log_index, statements.id FROM json_each(${JSON.stringify(indices)}) AS wanted
        JOIN statements ON log_index = wanted.value`.compile(db),
    );
    return new Map(rows.map((row) => [row.log_index, row.id]));
  }
}

const SUMMARY_FIELDS = ['root', 'manifestBytes', 'files', 'rows', 'bytes'] as const;

/** A record that names a manifest. */
interface Over {
  index: number;
  document: Statement<'DatasetRecord'>;
}

/** The files of a manifest, and the records that it is the manifest of. Ends the request where there is none. */
function filesOf(bytes: Bytes, records: readonly Over[]): { digests: string[]; fitting: Over[] } {
  const text = fromUtf8(bytes);
  const manifest = text === null ? refuse('not UTF-8') : parseManifest(text);
  if (!manifest.ok) throw new ProblemError('invalid-manifest', `not a manifest: ${manifest.reason}`);
  const summary = summarizeContent(text as string, manifest.value);
  const faultOf = ({ document }: Over) =>
    SUMMARY_FIELDS.find((field) => document.credentialSubject.content?.[field] !== summary[field]);
  const fitting = records.filter((record) => faultOf(record) === undefined);
  if (fitting.length === 0) {
    const field = faultOf(records[0] as Over) as (typeof SUMMARY_FIELDS)[number];
    throw new ProblemError(
      'invalid-manifest',
      `not the manifest of its record: content.${field} must be ${summary[field]}`,
    );
  }
  return { digests: [...new Set(manifest.value.files.map((file) => file.sha256))], fitting };
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
