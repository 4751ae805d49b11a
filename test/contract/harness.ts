import type { Signer } from '../../protocol/ed25519/signer.ts';
import { createApp } from '../../worker/app.ts';
import { createWaitingRoom } from '../../worker/changes/growth.ts';
import type { Database } from '../../worker/database/port.ts';
import type { Deps } from '../../worker/deps.ts';
import { ensureIdentity } from '../../worker/log/identity.ts';
import { createSequencer } from '../../worker/log/sequencer.ts';
import { createLimiter } from '../../worker/node/limiter.ts';
import { depsOver, ORIGIN, type Stores } from '../support/deps.ts';
import { signerOf } from '../support/statements.ts';

/** A registry as a stranger sees it, and the operator's key. */
export interface Endpoint {
  fetch(path: string, init?: RequestInit): Promise<Response>;
  operator: Signer;
  close(): Promise<void>;
}

type Event = Record<string, string | number | boolean | undefined>;

/** A registry whose clock and database are at hand. */
export interface Registry extends Endpoint {
  now(): number;
  setNow(time: string | number): void;
  /** Its routes, as the app has them. */
  routes: { method: string; path: string }[];
  /** Everything it logged so far, in order. */
  events: Event[];
  /** Queries that its databases have run. */
  queries(): number;
  /** Whether its databases refuse everything. */
  setBroken(isBroken: boolean): void;
  /** Makes every commit wait until it is released; `reached` resolves once one does. */
  holdCommits(): { reached: Promise<void>; release(): void };
}

export interface RegistryOptions {
  /** Statements a minute and key. */
  rateLimit?: number;
  /** Units of reads a minute and network; requests say where they come from in the header `From`. */
  readLimit?: number;
}

export type OpenEndpoint = () => Promise<Endpoint>;
export type OpenRegistry = (options?: RegistryOptions) => Promise<Registry>;

/** What a platform provides. */
export interface Platform extends Stores {
  assets: Deps['assets'];
  close(): Promise<void>;
}

/** When the registries under test believe it is, until they are told otherwise. */
export const NOON = Date.parse('2026-06-01T12:00:00Z');

/** The app on a platform's real ports, with a clock of the test's own. */
export async function openRegistry(platform: Platform, options: RegistryOptions = {}): Promise<Registry> {
  const [logSigner, service, operator] = (await Promise.all(['log', 'service', 'operator'].map(signerOf))) as [
    Signer,
    Signer,
    Signer,
  ];
  let time = NOON;
  let queries = 0;
  let isBroken = false;
  let gate = { reach: (): void => {}, opened: Promise.resolve() };
  const events: Event[] = [];
  const now = (): number => time;
  const watched = (database: Database): Database => ({
    async all(query) {
      queries++;
      if (isBroken) throw new Error('the database at /var/secret/place is closed');
      return database.all(query);
    },
    async batch(all) {
      queries += all.length;
      gate.reach();
      await gate.opened;
      if (isBroken) throw new Error('the database at /var/secret/place is closed');
      return database.batch(all);
    },
  });
  const database = watched(platform.database);
  const log = (event: Event): void => void events.push(event);
  const growth = createWaitingRoom({ seats: 4 });
  const sequencer = createSequencer({
    database,
    origin: ORIGIN,
    signer: logSigner,
    now,
    grew: growth.grew,
    report: (event, message) => log({ event, message }),
  });
  const name = 'Registry under test';
  await ensureIdentity(database, sequencer, { operator, service: service.did }, name, time);
  const stores = { database, content: watched(platform.content), blobs: platform.blobs };
  const limiter = createLimiter(options.rateLimit ?? 1_000_000, now);
  const readLimiter = createLimiter(options.readLimit ?? 1_000_000, now);
  const addressOf: Deps['addressOf'] = (c) => c.req.header('From') ?? null;
  const ports = { sequencer, growth, limiter, readLimiter, addressOf, now, log, assets: platform.assets };
  const app = createApp(await depsOver(stores, ports));
  return {
    fetch: async (path, init) => app.fetch(new Request(`https://registry.example${path}`, init)),
    operator,
    close: () => platform.close(),
    now,
    setNow: (value) => void (time = typeof value === 'number' ? value : Date.parse(value)),
    routes: app.routes.map(({ method, path }) => ({ method, path })),
    events,
    queries: () => queries,
    setBroken: (value) => void (isBroken = value),
    holdCommits() {
      const reached = Promise.withResolvers<void>();
      const opened = Promise.withResolvers<void>();
      gate = { reach: reached.resolve, opened: opened.promise };
      return { reached: reached.promise, release: opened.resolve };
    },
  };
}
