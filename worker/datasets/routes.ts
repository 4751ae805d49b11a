import type { Context } from 'hono';
import { CERTIFICATE_MEDIA_TYPE, Certificate } from '../../schemas/certificate.ts';
import { CertificateQuery, Dataset, VerificationRequest } from '../../schemas/api.ts';
import { SearchPage, SearchQuery, wordsOf } from '../../schemas/search.ts';
import { Report } from '../../schemas/report.ts';
import { encodeVkey } from '../../protocol/log/note.ts';
import { parseTrustPolicy } from '../../protocol/log/trust.ts';
import { BoundedCache } from '../../protocol/bounded-cache.ts';
import { Evidence } from '../../protocol/evidence.ts';
import { distinctHumans } from '../../protocol/humans.ts';
import { effectiveAssistance, lineageOf } from '../../protocol/lineage.ts';
import { signingCredentials, standingAt } from '../../protocol/standing.ts';
import { logTimeOf } from '../../protocol/time.ts';
import { encodeCertificate } from '../../protocol/verify/certificate.ts';
import { summarizeAssistance } from '../../protocol/verify/assistance.ts';
import { DEFAULT_POLICY, verifyCertificate } from '../../protocol/verify/verify.ts';
import type { Did, StatementId } from '../../schemas/primitives.ts';
import { toLogged } from '../database/evidence.ts';
import type { Deps } from '../deps.ts';
import { readJson } from '../http/body.ts';
import type { Env } from '../http/env.ts';
import { ProblemError } from '../http/problem.ts';
import { chargeNetwork } from '../http/read-limit.ts';
import { IdParam, json, problems, read, readQuery, route, type App } from '../http/route.ts';
import type { StatusLists } from '../status/status.ts';
import { manifestsOf } from '../content/manifests.ts';
import { createFindPermits } from '../rights/filter.ts';
import { makeCertificate, readClosure, type Closure } from './certificate.ts';
import { search } from './search.ts';

/** Units that a verification is charged: every signature of a certificate. */
const VERIFICATION_UNITS = 10;
const VERIFICATION_BYTES = 8 * 1024 * 1024;

/** Statements behind a record that are charged as one unit, up to what one request is charged at most; fewer are free. */
const STATEMENTS_A_UNIT = 100;
const MOST_UNITS = 10;
/** Records of which it is remembered what they cost. */
const KNOWN_COSTS = 4096;

export function datasetRoutes(app: App, deps: Deps, statusLists: StatusLists): void {
  const { database } = deps;
  const findPermits = createFindPermits(database);
  const costs = new BoundedCache<StatementId, { units: number }>(KNOWN_COSTS);

  /** Charged before it is read where the cost is known from the last time: what is refused must cost nothing. */
  async function readCharged(c: Context<Env>, id: StatementId, licensee?: Did): Promise<Closure> {
    const cost = costs.get(id, () => ({ units: 0 }));
    const before = cost.units;
    if (before > 0) await chargeNetwork(deps, c, before);
    const charge = async (statements: number): Promise<void> => {
      cost.units = Math.min(MOST_UNITS, Math.floor(statements / STATEMENTS_A_UNIT));
      if (cost.units > before) await chargeNetwork(deps, c, cost.units - before);
    };
    return readClosure(deps, id, { licensee, charge });
  }

  route(
    app,
    {
      method: 'get',
      path: '/v1/datasets',
      summary: 'Search dataset records, newest first',
      description:
        'With `use`, only what everybody may use so now over its whole lineage, as `/v1/decisions` answers `allow` or `conditional`; purpose, territory and model release that are left out are read at their worst.',
      request: { query: SearchQuery },
      responses: { 200: json(SearchPage, 'A page'), ...problems({ 400: 'Malformed query', 429: 'Too fast' }) },
    },
    async (c) => {
      const query = readQuery(c, SearchQuery);
      const cost = (query.use === undefined ? 0 : 1) + wordsOf(query.q ?? '').length;
      if (cost > 0) await chargeNetwork(deps, c, cost);
      const charge = (units: number): Promise<void> => chargeNetwork(deps, c, units);
      const page = await search({ database, findPermits, now: deps.now(), charge }, query);
      return c.json(page, 200, { 'Cache-Control': 'public, max-age=5' });
    },
  );

  route(
    app,
    {
      method: 'get',
      path: '/v1/datasets/{id}',
      summary: 'A record with its standing, its humans and its effective assistance, as of now',
      request: { params: IdParam },
      responses: {
        200: json(Dataset, 'The record'),
        ...problems({ 404: 'No such record', 410: 'Erased', 413: 'Too large a lineage', 429: 'Too fast' }),
      },
    },
    async (c) => {
      const { id } = read(IdParam, c.req.param());
      return c.json(await describe(id, await readCharged(c, id)), 200, { 'Cache-Control': 'public, max-age=5' });
    },
  );

  route(
    app,
    {
      method: 'get',
      path: '/v1/datasets/{id}/certificate',
      summary: 'The certificate: everything a stranger needs to check the record, offline',
      request: { params: IdParam, query: CertificateQuery },
      responses: {
        200: { description: 'The certificate', content: { [CERTIFICATE_MEDIA_TYPE]: { schema: Certificate } } },
        ...problems({
          404: 'No such record',
          410: 'Erased',
          413: 'Too many statements for one certificate',
          429: 'Too fast',
        }),
      },
    },
    async (c) => {
      const { id } = read(IdParam, c.req.param());
      const { licensee } = readQuery(c, CertificateQuery);
      const certificate = await makeCertificate(database, statusLists, id, await readCharged(c, id, licensee));
      return c.body(encodeCertificate(certificate), 200, {
        'Content-Type': CERTIFICATE_MEDIA_TYPE,
        'Cache-Control': 'public, max-age=5',
      });
    },
  );

  route(
    app,
    {
      method: 'post',
      path: '/v1/verifications',
      summary: 'The report that a client would compute itself, for those who trust this registry to',
      request: { body: { required: true, content: { 'application/json': { schema: VerificationRequest } } } },
      responses: {
        200: json(Report, 'The report'),
        ...problems({
          400: 'Malformed',
          404: 'No such record',
          410: 'Erased',
          413: 'Too large',
          415: 'Not JSON',
          429: 'Too fast',
        }),
      },
    },
    async (c) => {
      // Before it is read: that may take longer than all else.
      await chargeNetwork(deps, c, VERIFICATION_UNITS);
      const request = read(VerificationRequest, await readJson(c, VERIFICATION_BYTES));
      const closure = await readClosure(deps, request.subject);
      const certificate = await makeCertificate(database, statusLists, request.subject, closure);
      const trust = parseTrustPolicy(`log ${encodeVkey(deps.logKey)}\nquorum none\n`);
      if (!trust.ok) throw new Error(`the registry’s own key is unusable: ${trust.reason}`);
      const report = await verifyCertificate({
        certificate: encodeCertificate(certificate),
        trust: trust.value,
        policy: request.policy ?? DEFAULT_POLICY,
        now: deps.now(),
        verify: deps.verify,
        ...(request.content === undefined
          ? {}
          : {
              content: {
                files: request.content.files,
                manifests: await manifestsOf(deps.blobs, closure.rows.map(toLogged)),
              },
            }),
      });
      return c.json(report);
    },
  );

  async function describe(id: StatementId, { rows }: Closure): Promise<Dataset> {
    const evidence = new Evidence(await deps.operator(), rows.map(toLogged));
    const record = evidence.record(id);
    if (record === undefined) throw new ProblemError('not-found', `${id} is not a dataset record of this log`);
    const at = deps.now();
    const lineage = lineageOf(evidence, id);
    const authored = lineage.records.filter((each) => each.document.credentialSubject.content !== undefined);
    const reviews = { accept: 0, revise: 0, reject: 0 };
    for (const review of evidence.reviewsOf(id)) {
      if (standingAt(evidence, review, at).state === 'active') reviews[review.document.credentialSubject.verdict]++;
    }
    return {
      id,
      index: record.index,
      loggedAt: logTimeOf(record.loggedAt),
      document: record.document,
      standing: standingAt(evidence, record, at),
      humans: distinctHumans([...new Set(authored.flatMap((each) => signingCredentials(evidence, each, at)))]),
      assistance: summarizeAssistance(lineage, effectiveAssistance(lineage)),
      reviews,
    };
  }
}
