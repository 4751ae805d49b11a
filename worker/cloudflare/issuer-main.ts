import type { ScheduledController } from '@cloudflare/workers-types';
import type { App } from '../http/route.ts';
import { sweepEnrolments } from '../issuer/enrolments.ts';
import type { IssuerBindings } from './bindings.ts';
import { createD1 } from './d1.ts';
import { openIssuer } from './issuer.ts';
import { notConfigured } from './not-configured.ts';

// An issuer app as a Worker of its own, with no registry beside it: wrangler deploy -c wrangler.issuer.toml.

/** The app of this isolate; its ports hold nothing but bindings. */
let app: Promise<App> | null = null;

export default {
  async fetch(request: Request, bindings: IssuerBindings): Promise<Response> {
    app ??= open(bindings);
    try {
      return await (await app).fetch(request);
    } catch (error) {
      // The configuration may have been mended by the next request.
      app = null;
      return notConfigured('issuer', error);
    }
  },

  /** Forgets enrolments whose time is over. */
  async scheduled(_: ScheduledController, { ISSUER_DB }: IssuerBindings): Promise<void> {
    if (ISSUER_DB !== undefined) await sweepEnrolments(createD1(ISSUER_DB), Date.now());
  },
};

async function open(bindings: IssuerBindings): Promise<App> {
  const issuer = await openIssuer(bindings);
  if (issuer === null) throw new Error('ISSUER_CONFIG is missing; see wrangler.issuer.toml');
  return issuer.app;
}
