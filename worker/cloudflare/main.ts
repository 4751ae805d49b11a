import type { ExecutionContext, ScheduledController } from '@cloudflare/workers-types';
import type { Did } from '../../schemas/primitives.ts';
import { verifySignature } from '../../protocol/ed25519/verify.ts';
import { checkWith } from '../admission/check.ts';
import { createApp } from '../app.ts';
import { createContentIndex } from '../content/content-index.ts';
import type { Deps } from '../deps.ts';
import { refuse } from '../../protocol/result.ts';
import { parseStatementNatively } from '../../protocol/statement.ts';
import { maintain } from '../maintenance.ts';
import { loggedIn } from '../statements/logged.ts';
import { submitBy } from '../statements/submit.ts';
import { besideIssuer } from '../issuer/app.ts';
import { sweepEnrolments } from '../issuer/enrolments.ts';
import { keysOf, type Bindings, type RemoteSequencer } from './bindings.ts';
import { createD1 } from './d1.ts';
import { openIssuer } from './issuer.ts';
import { notConfigured } from './not-configured.ts';
import { createR2Blobs } from './r2-blobs.ts';
import { createUnitLimiter } from './unit-limiter.ts';

export { IndexerObject } from './indexer-object.ts';
export { SequencerObject } from './sequencer-object.ts';

/** The binding counts calls, not statements: one call stands for so many, or for a request with fewer. */
const STATEMENTS_A_UNIT = 50;

type Fetch = (request: Request, bindings: Bindings, context: ExecutionContext) => Response | Promise<Response>;

/** The app of this isolate, with the issuer app where one is configured; its ports hold nothing but bindings. */
let app: Promise<Fetch> | null = null;
/** Learned once: entry 0 never changes. */
let operator: Did | null = null;

export default {
  async fetch(request: Request, bindings: Bindings, context: ExecutionContext): Promise<Response> {
    app ??= open(bindings);
    try {
      return await (
        await app
      )(request, bindings, context);
    } catch (error) {
      // The configuration may have been mended by the next request.
      app = null;
      return notConfigured('registry', error);
    }
  },

  /**
   * Keeps the sequencer warm, logs the registry's identity soon after the first deployment, signs status lists ahead of
   * those who ask, deletes what was erased, has the content index filled, and sweeps enrolments.
   */
  async scheduled(_: ScheduledController, bindings: Bindings): Promise<void> {
    await sequencerOf(bindings).operator();
    await maintain(await openDeps(bindings));
    if (bindings.ISSUER_DB !== undefined) await sweepEnrolments(createD1(bindings.ISSUER_DB), Date.now());
  },
};

async function open(bindings: Bindings): Promise<Fetch> {
  const registry = createApp(await openDeps(bindings));
  const issuer = await openIssuer(bindings);
  return issuer === null ? registry.fetch : besideIssuer(registry.fetch, issuer.app.fetch, issuer.url);
}

const sequencerOf = ({ SEQUENCER, LOG_ORIGIN }: Bindings): RemoteSequencer =>
  SEQUENCER.get(SEQUENCER.idFromName(LOG_ORIGIN));

async function openDeps(bindings: Bindings): Promise<Deps> {
  const keys = await keysOf(bindings);
  const database = createD1(bindings.DB);
  return {
    database,
    blobs: createR2Blobs(bindings.BLOBS),
    contentIndex: createContentIndex(createD1(bindings.CONTENT_INDEX)),
    indexer: { wake: () => bindings.INDEXER.get(bindings.INDEXER.idFromName(bindings.LOG_ORIGIN)).wake() },
    submit: submitBy(checkWith(verifySignature, parseStatementNatively), {
      logged: loggedIn(database),
      limiter: createUnitLimiter((key) => spend(bindings.WRITE_LIMIT, key, 1), STATEMENTS_A_UNIT),
      sequencer: {
        async append(submissions) {
          const messages = submissions.map(({ id, canonical }) => ({ id, canonical }));
          try {
            return await sequencerOf(bindings).append(messages);
          } catch {
            // The object was restarted or is unreachable: what it committed stays, and submitting again finds it.
            const detail = 'the sequencer did not answer; submit again, that is safe';
            return submissions.map(() => refuse({ code: 'unavailable' as const, detail }));
          }
        },
      },
    }),
    growth: {
      // Isolates share no memory, so what a commit wakes waits where commits are made. A sequencer that is restarted or
      // unreachable ends the wait early, and the page is read all the same.
      beyond: (size, ms) =>
        sequencerOf(bindings)
          .beyond(size, ms)
          .catch(() => undefined),
    },
    service: keys.service,
    logKey: keys.logKey,
    verify: verifySignature,
    readLimiter: (key, cost) => spend(bindings.READ_LIMIT, key, cost),
    addressOf: (c) => c.req.header('CF-Connecting-IP') ?? null,
    now: Date.now,
    log: (event) => console.log(JSON.stringify(event)),
    assets: async (file) => (await bindings.ASSETS.fetch(`https://assets/${file}`)) as unknown as Response,
    operator: async () => {
      operator ??= await sequencerOf(bindings).operator();
      return operator;
    },
  };
}

async function spend(limit: Bindings['READ_LIMIT'], key: string, calls: number): Promise<boolean> {
  const verdicts = await Promise.all(Array.from({ length: calls }, () => limit.limit({ key })));
  return verdicts.every(({ success }) => success);
}
