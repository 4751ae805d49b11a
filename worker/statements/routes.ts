import { sql } from 'kysely';
import * as z from 'zod';
import { BatchLine, Submitted, Tombstone } from '../../schemas/api.ts';
import { limits } from '../../schemas/limits.ts';
import type { StatementId } from '../../schemas/primitives.ts';
import { STATEMENT_KINDS } from '../../schemas/statement.ts';
import { logTimeOf } from '../../protocol/time.ts';
import { db, type Database } from '../database/port.ts';
import type { StatementRow } from '../database/tables.ts';
import type { Deps } from '../deps.ts';
import { answer } from '../http/answer.ts';
import { mediaTypeOf, readText } from '../http/body.ts';
import { problem, ProblemError, statusOf } from '../http/problem.ts';
import { IdParam, IMMUTABLE, isHeld, json, problems, read, route, text, type App } from '../http/route.ts';
import { receiptsOf } from '../log/receipts.ts';
import type { Outcome } from '../log/sequencer.ts';
import { splitBatch, submit } from './submit.ts';

const Statement = z.union(Object.values(STATEMENT_KINDS)).meta({ id: 'Statement' });

export function statementRoutes(app: App, deps: Deps): void {
  route(
    app,
    {
      method: 'post',
      path: '/v1/statements',
      summary: 'Submit one signed statement, or a batch of them as NDJSON',
      description: 'Submitting again is safe: a statement that is logged already answers 200 with its first receipt.',
      request: {
        body: {
          required: true,
          content: {
            'application/json': { schema: Statement },
            'application/x-ndjson': { schema: z.string().describe('One statement a line') },
          },
        },
      },
      responses: {
        201: json(Submitted, 'Logged'),
        200: {
          description: 'Logged already; of a batch, one result a line, in order',
          content: { 'application/json': { schema: Submitted }, 'application/x-ndjson': { schema: BatchLine } },
        },
        ...problems({
          400: 'Not JSON',
          403: 'The signer may not',
          409: 'Another licensee holds it exclusively',
          410: 'It names what was erased',
          413: 'Too large',
          415: 'Neither JSON nor NDJSON',
          422: 'Refused',
          429: 'Too fast',
          503: 'Perhaps not logged; submit it again',
        }),
      },
    },
    async (c) => {
      const mediaType = mediaTypeOf(c);
      if (mediaType === 'application/x-ndjson') {
        const batch = splitBatch(await readText(c, limits.batchBytes));
        if (!batch.ok) return problem(c, batch.reason);
        const outcomes = await submit(batch.value, deps);
        const lines = outcomes.map((outcome) => `${JSON.stringify(batchLine(outcome))}\n`);
        return answer(c, lines.join(''), 200, { 'Content-Type': 'application/x-ndjson' });
      }
      if (mediaType !== 'application/json') {
        throw new ProblemError('unsupported-media-type', 'send application/json, or application/x-ndjson for a batch');
      }
      const [outcome] = await submit([await readText(c, limits.statementBytes)], deps);
      if (outcome?.ok !== true) return problem(c, (outcome as Exclude<Outcome, { ok: true }>).reason);
      const { isNew, kind: _, ...submitted } = outcome.value;
      return answer(c, JSON.stringify(submitted satisfies z.input<typeof Submitted>), isNew ? 201 : 200, {
        'Content-Type': 'application/json',
        Location: `/v1/statements/${submitted.id}`,
      });
    },
  );

  route(
    app,
    {
      method: 'get',
      path: '/v1/statements/{id}',
      summary: 'The canonical bytes of a statement; their SHA-256 is its id',
      request: { params: IdParam },
      responses: {
        200: json(Statement, 'The statement'),
        410: json(Tombstone, 'Erased: what is left, and by which revocation'),
        ...problems({ 404: 'Not logged' }),
      },
    },
    async (c) => {
      const row = await statementRow(deps.database, read(IdParam, c.req.param()).id);
      if (row.body === null) {
        return c.json(await tombstone(deps.database, row), 410, { 'Cache-Control': 'public, max-age=300' });
      }
      const etag = `"${row.id}"`;
      // A body may yet be erased on request, so caches ask again; the answer is then a mere 304.
      const headers = { ETag: etag, 'Cache-Control': 'public, max-age=300' };
      if (isHeld(c, etag)) return c.body(null, 304, headers);
      return c.body(row.body, 200, { 'Content-Type': 'application/json', ...headers });
    },
  );

  route(
    app,
    {
      method: 'get',
      path: '/v1/statements/{id}/receipt',
      summary: 'The first receipt of a statement: a C2SP tlog-proof',
      request: { params: IdParam },
      responses: { 200: text('text/plain', 'The receipt'), ...problems({ 404: 'Not logged' }) },
    },
    async (c) => {
      const row = await statementRow(deps.database, read(IdParam, c.req.param()).id);
      const receipts = await receiptsOf(deps.database, [row]);
      return c.body(receipts.get(row.id)?.receipt ?? '', 200, {
        'Content-Type': 'text/plain; charset=utf-8',
        'Cache-Control': IMMUTABLE,
      });
    },
  );
}

async function statementRow(database: Database, id: StatementId): Promise<StatementRow> {
  const [row] = await database.all(db.selectFrom('statements').selectAll().where('id', '=', id).compile());
  if (row === undefined) throw new ProblemError('not-found', `${id} is not in this log`);
  return row;
}

async function tombstone(database: Database, row: StatementRow): Promise<z.input<typeof Tombstone>> {
  const [revocation] = await database.all(
    db
      .selectFrom('refs')
      .innerJoin('statements', 'statements.log_index', 'refs.log_index')
      .select('statements.id')
      .where('relation', '=', 'revokes')
      .where('target', '=', row.id)
      // An earlier one may have revoked it and left its body.
      .where(sql`body ->> '$.credentialSubject.erase'`, '=', 1)
      .orderBy('refs.log_index')
      .limit(1)
      .compile(),
  );
  return {
    id: row.id,
    kind: row.kind,
    index: row.log_index,
    loggedAt: logTimeOf(row.logged_at),
    revocation: revocation?.id as StatementId,
  };
}

function batchLine(outcome: Outcome): z.input<typeof BatchLine> {
  if (!outcome.ok) return { status: statusOf(outcome.reason.code), ...outcome.reason };
  const { isNew, kind: _, ...submitted } = outcome.value;
  return { status: isNew ? 201 : 200, ...submitted };
}
