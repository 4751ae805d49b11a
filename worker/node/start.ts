import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { ED25519, encodeVkey, verifierKey } from '../../protocol/log/note.ts';
import type { Signer } from '../../protocol/ed25519/signer.ts';
import { verifySignature } from '../../protocol/ed25519/verify.ts';
import { createApp } from '../app.ts';
import { createWaitingRoom } from '../changes/growth.ts';
import { db, type Database } from '../database/port.ts';
import { createContentIndex } from '../content/content-index.ts';
import type { Deps, Log } from '../deps.ts';
import { READ_UNITS } from '../http/read-limit.ts';
import { ensureIdentity } from '../log/identity.ts';
import { loadLog } from '../log/log-state.ts';
import { createSequencer } from '../log/sequencer.ts';
import { MAINTENANCE, maintain } from '../maintenance.ts';
import { addressBy } from './client-address.ts';
import { startCheckThreads } from './check-threads.ts';
import { createFileBlobs, sweepTemporaries } from './file-blobs.ts';
import { openHttpServer } from './http-server.ts';
import { createIndexer, openIndexDatabase } from './index-database.ts';
import type { IssuerOptions } from './issuer.ts';
import { loadKeyFile } from './key-file.ts';
import { createLimiter } from './limiter.ts';
import { logTo } from './log.ts';
import { startLookupThreads } from './lookup-threads.ts';
import { makeFolder } from './make-folder.ts';
import { openRegistryDatabase } from './registry-database.ts';

export interface RegistryOptions {
  /** Holds the databases, the blobs and the keys; made at first use. */
  dataDir: string;
  /** 0 for any free one. */
  port: number;
  host: string;
  /** The log's origin, a scheme-less URL prefix; once the first entry is logged it cannot change. */
  origin?: string;
  name?: string;
  /** Statements a minute and key. */
  rateLimit?: number;
  /** Behind a proxy: the header in which it says, and nobody else can say, where a request came from. */
  clientAddressHeader?: string;
  /** Empties the content index and makes it anew, from the log and the blobs. */
  rebuildIndex?: boolean;
  /** An issuer app beside the registry; at `/issuer` unless its configuration has an address. */
  issuer?: IssuerOptions;
  /** Hears of starts, stops and what went wrong; of every request with `verbose`. */
  log(line: string): void;
  verbose?: boolean;
}

export interface RunningRegistry {
  url: string;
  origin: string;
  vkey: string;
  operator: string;
  operatorKeyFile: string;
  /** The issuer app beside it. */
  issuer?: { url: string; did: string };
  /** Resolves where it can write nothing any more, for good. It reads on until it is closed; started again it is whole. */
  failed: Promise<Error>;
  /** Stops taking requests, finishes those under way, and closes the databases. */
  close(): Promise<void>;
}

const RATE_LIMIT = 60_000;
/** At most: each takes some 40 MiB once there are large look-ups. */
const LOOKUP_THREADS = 4;
const folderOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Starts a registry on Node: better-sqlite3, files, and a sequencer in this process. */
export async function startRegistry(options: RegistryOptions): Promise<RunningRegistry> {
  const { dataDir, host, port } = options;
  makeFolder(dataDir);
  const closers: (() => void | Promise<void>)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of closers.toReversed()) await close();
  };
  // The address is known, and so taken, before there is an app to answer at it.
  const server = await openHttpServer(host, port);
  try {
    const { authority } = server;
    const { deps, failed, growth, operatorKeyFile, operator } = await openDeps(options, `${authority}/log`, closers);
    const app = createApp(deps);
    const beside = { dataDir, defaultUrl: `http://${authority}/issuer`, log: deps.log };
    const issuer = options.issuer === undefined ? null : await openIssuer(options.issuer, beside);
    if (issuer !== null) closers.push(issuer.close);
    const respond = getRequestListener(issuer === null ? app.fetch : issuer.beside(app.fetch));
    server.answerWith((request, response) => void respond(request, response));
    return {
      url: `http://${authority}`,
      origin: deps.logKey.name,
      vkey: encodeVkey(deps.logKey),
      operator,
      operatorKeyFile,
      ...(issuer === null ? {} : { issuer: { url: issuer.url, did: issuer.did } }),
      failed,
      async close() {
        growth.close();
        await server.close();
        await closeAll();
      },
    };
  } catch (error) {
    await server.abort();
    await closeAll();
    throw error;
  }
}

/** What logs people in is loaded where somebody can log in. */
async function openIssuer(options: IssuerOptions, beside: { dataDir: string; defaultUrl: string; log: Log }) {
  const issuer = await import('./issuer.ts');
  return issuer.openIssuer(options, beside);
}

async function openDeps(options: RegistryOptions, defaultOrigin: string, closers: (() => void | Promise<void>)[]) {
  const { dataDir } = options;
  const keyFile = (name: string): string => join(dataDir, 'keys', `${name}.json`);
  const log = logTo(options);
  const growth = createWaitingRoom();
  const heard = { grew: growth.grew, report: (event: string, message: string) => log({ event, message }) };
  const database = openRegistryDatabase(dataDir, heard);
  closers.push(() => database.close());
  const isFirstStart = (await storedOrigin(database)) === null;
  const loadKey = (name: string): Promise<Signer> => loadKeyFile(keyFile(name), name, isFirstStart);
  const [logSigner, operatorSigner, service] = [
    await loadKey('log'),
    await loadKey('operator'),
    await loadKey('service'),
  ];
  const origin = options.origin ?? (await storedOrigin(database)) ?? defaultOrigin;
  const content = openIndexDatabase(dataDir, log, options.rebuildIndex ?? false);
  closers.push(() => content.close());
  const index = createContentIndex(content);
  const lookups = startLookupThreads(Math.min(availableParallelism(), LOOKUP_THREADS), content, index.find, log);
  closers.push(lookups.close);
  const threads = startCheckThreads(availableParallelism(), database, heard.report);
  closers.push(threads.close);
  // A log that does not add up, or is another's, is refused now rather than at the first submission.
  await loadLog(database, origin, logSigner.publicKey);
  const name = options.name ?? 'Firsthand registry';
  const operator = await ensureIdentity(
    database,
    // Before anybody submits, and at no rate.
    createSequencer({ database, origin, signer: logSigner, now: Date.now, ...heard }),
    { operator: operatorSigner, service: service.did },
    name,
    Date.now(),
  );
  const rateLimit = options.rateLimit ?? RATE_LIMIT;
  database.sequence({ origin, keyFile: keyFile('log'), rateLimit }, threads.settle);
  const blobs = join(dataDir, 'blobs');
  await sweepTemporaries(blobs);
  const stores = {
    database,
    blobs: createFileBlobs(blobs),
    contentIndex: { ...index, find: lookups.find },
    log,
  };
  const indexer = createIndexer(stores, content);
  closers.push(async () => {
    // What it has under way in the other thread ends with that; so it is not waited for first.
    const ended = indexer.close();
    await content.close();
    await ended;
  });
  const deps: Deps = {
    ...stores,
    indexer,
    submit: threads.submit,
    growth,
    service,
    logKey: verifierKey(origin, ED25519, logSigner.publicKey),
    verify: verifySignature,
    readLimiter: createLimiter(READ_UNITS, Date.now),
    addressOf: addressBy(options.clientAddressHeader),
    now: Date.now,
    assets: async (file) => new Response(await readFile(folderOf(`../../node_modules/swagger-ui-dist/${file}`))),
    operator: async () => operator,
  };
  closers.push(
    scheduleMaintenance(deps, () => {
      database.checkpoint();
      content.checkpoint();
    }),
  );
  return { deps, failed: database.died, growth, operator, operatorKeyFile: keyFile('operator') };
}

/** Runs maintenance now and then, one run at a time. Answers what stops it, once the run under way has ended. */
function scheduleMaintenance(deps: Deps, after: () => void): () => Promise<void> {
  let running: Promise<void> | null = null;
  const run = (): void => {
    running ??= maintain(deps)
      .then(after)
      .catch((error: unknown) => deps.log({ event: 'maintenance-failed', message: String(error) }))
      .finally(() => (running = null));
  };
  const timer = setInterval(run, MAINTENANCE);
  timer.unref();
  run();
  return async () => {
    clearInterval(timer);
    await running;
  };
}

/** The origin of the log that a database already holds. */
async function storedOrigin(database: Database): Promise<string | null> {
  const [newest] = await database.all(
    db.selectFrom('checkpoints').select('note').orderBy('size', 'desc').limit(1).compile(),
  );
  return newest?.note.split('\n', 1)[0] ?? null;
}
