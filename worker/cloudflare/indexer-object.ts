import { DurableObject } from 'cloudflare:workers';
import { createContentIndex } from '../content/content-index.ts';
import { indexSome } from '../content/index-step.ts';
import type { Log } from '../deps.ts';
import type { Bindings, RemoteIndexer } from './bindings.ts';
import { createD1 } from './d1.ts';
import { createR2Blobs } from './r2-blobs.ts';

/** Steps of one alarm, each a handful of queries: an invocation has a thousand, and a bounded time. */
const STEPS = 32;

/**
 * Settles what is permitted and fills the content index, a bounded part with each alarm, for as long as there is more. It keeps nothing itself: what is
 * pending, and how far it came, is in the index. An alarm that fails is tried again by the platform, and later by the
 * cron trigger, which wakes it.
 */
export class IndexerObject extends DurableObject<Bindings> implements RemoteIndexer {
  async wake(): Promise<void> {
    // While an alarm runs there is none to come: it is followed by this one, which sees what it did not.
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(Date.now());
  }

  async alarm(): Promise<void> {
    const content = createD1(this.env.CONTENT_INDEX);
    const blobs = createR2Blobs(this.env.BLOBS);
    const log: Log = (event) => console.log(JSON.stringify(event));
    const deps = { database: createD1(this.env.DB), blobs, contentIndex: createContentIndex(content) };
    if (await indexSome(deps, { database: content, blobs, log }, STEPS)) await this.wake();
  }
}
