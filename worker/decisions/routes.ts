import { Decisions, decisionsForm, DecisionsRequest } from '../../schemas/api.ts';
import { Decision, type DecisionRequest } from '../../schemas/decision.ts';
import { limits } from '../../schemas/limits.ts';
import type { Json } from '../../protocol/json.ts';
import { decide } from '../../protocol/rights/decide.ts';
import type { Deps } from '../deps.ts';
import { readJson } from '../http/body.ts';
import { ProblemError } from '../http/problem.ts';
import { chargeNetwork } from '../http/read-limit.ts';
import { json, problems, read, route, type App } from '../http/route.ts';
import { CALL_WORK, readEvidence } from './evidence.ts';

/** A request that names every country takes about 2 KB. */
const DECISIONS_BYTES = limits.decisions * 4096;

/** Decisions that are charged as one unit. */
const DECISIONS_A_UNIT = 10;

export function decisionRoutes(app: App, deps: Deps): void {
  route(
    app,
    {
      method: 'post',
      path: '/v1/decisions',
      summary: 'May we use this, how, where, until when? One request, up to 100, or one over up to 100 records',
      description:
        'What a request leaves out is read at its worst. The same function decides from a certificate, offline.',
      request: { body: { required: true, content: { 'application/json': { schema: DecisionsRequest } } } },
      responses: {
        200: json(Decision.or(Decisions), 'The decision; of several requests, the decisions in their order'),
        ...problems({
          400: 'Malformed, or too many',
          404: 'No such record',
          413: 'Too large',
          415: 'Not JSON',
          429: 'Too fast',
        }),
      },
    },
    async (c) => {
      const body = await readJson(c, DECISIONS_BYTES);
      const { requests, isSingle } = readRequests(body);
      await chargeNetwork(deps, c, Math.ceil(requests.length / DECISIONS_A_UNIT));
      const decisions = await decideAll(deps, requests);
      return c.json(isSingle ? decisions[0] : { decisions }, 200, { 'Cache-Control': 'no-store' });
    },
  );
}

function readRequests(body: Json): { requests: DecisionRequest[]; isSingle: boolean } {
  const asked = read(decisionsForm(typeof body === 'object' && body !== null ? body : {}), body);
  if ('requests' in asked) return { requests: asked.requests, isSingle: false };
  if (!('records' in asked)) return { requests: [asked], isSingle: true };
  const { records, ...question } = asked;
  return { requests: records.map((record) => ({ ...question, record })), isSingle: false };
}

/** Decides requests by one checkpoint, in three queries however many they are. */
async function decideAll(deps: Deps, requests: readonly DecisionRequest[]): Promise<Decision[]> {
  const now = deps.now();
  const times = requests.map(({ at }, i) => {
    const time = at === undefined ? now : Date.parse(at);
    if (time <= now + limits.clockSkew) return time;
    const [path, message] = [
      requests.length === 1 ? '/at' : `/requests/${i}/at`,
      `nobody knows yet what holds as of ${at}`,
    ];
    throw new ProblemError('invalid-request', message, [{ path, message }]);
  });
  const records = [...new Set(requests.map(({ record }) => record))];
  const licensees = [...new Set(requests.flatMap(({ licensee }) => (licensee === undefined ? [] : [licensee])))];
  const { evidence, asOf } = await readEvidence(deps, records, licensees);
  const work = { left: CALL_WORK };
  return requests.map((request, i) => {
    const decision = decide(evidence, request, times[i] ?? now, work);
    if (work.left >= 0) return { ...decision, asOf };
    throw new ProblemError(
      'too-large',
      'the lineages and their rules are more than can be weighed in one call; ask for fewer records or countries, or decide offline from a certificate',
    );
  });
}
