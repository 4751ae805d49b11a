import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getConnInfo } from '@hono/node-server/conninfo';
import { sql } from 'kysely';
import { isLoopback, type IssuerConfig } from '../../schemas/issuer-config.ts';
import { fromBase64Url, toBase64Url, type Bytes } from '../../protocol/bytes.ts';
import { verifySignature } from '../../protocol/ed25519/verify.ts';
import { durationMs } from '../../protocol/time.ts';
import { db } from '../database/port.ts';
import type { Log } from '../deps.ts';
import type { App } from '../http/route.ts';
import { besideIssuer, createIssuerApp } from '../issuer/app.ts';
import { createBans, type Bans } from '../issuer/bans.ts';
import { withSecrets } from '../issuer/deps.ts';
import { sweepEnrolments } from '../issuer/enrolments.ts';
import { loadKeyFile } from './key-file.ts';
import { createLimiter } from './limiter.ts';
import { makeFolder } from './make-folder.ts';
import { openSqlite, type SqliteDatabase } from './sqlite.ts';

/** An issuer app as an operator configures it, its clients’ secrets by provider. */
export interface IssuerOptions {
  config: IssuerConfig;
  secrets: Readonly<Record<string, string>>;
}

export interface OpenIssuer {
  app: App;
  url: string;
  did: string;
  /** Answers what is the issuer's, and has a registry answer the rest. */
  beside(registry: App['fetch']): App['fetch'];
  close(): void;
}

/** Enrolments a minute: in all, from one network (a campus may be behind one address), and with one key. */
const RATE = { all: 600, network: 30, key: 10 };
const SWEEP_EVERY = 60_000;

/** Opens the issuer app over files in `dataDir`: a database, a key, and the secret of its pseudonyms. */
export async function openIssuer(
  { config, secrets }: IssuerOptions,
  { dataDir, defaultUrl, log }: { dataDir: string; defaultUrl: string; log: Log },
): Promise<OpenIssuer> {
  const url = config.url ?? defaultUrl;
  if (config.url === undefined && !isLoopback(new URL(url))) {
    throw new Error('the issuer’s configuration needs a url: logins beyond this machine go over https');
  }
  makeFolder(join(dataDir, 'keys'));
  const database = openDatabase(dataDir);
  try {
    const issued = await database.all(sql`SELECT 1 FROM credentials LIMIT 1`.compile(db));
    const isFirstStart = issued.length === 0;
    const signer = await loadKeyFile(join(dataDir, 'keys/issuer.json'), 'issuer', isFirstStart);
    const nullifierSecret = loadSecret(join(dataDir, 'keys/issuer.nullifier'), isFirstStart);
    const app = createIssuerApp({
      database,
      name: config.name,
      url,
      validity: durationMs(config.validity),
      providers: withSecrets(config, ({ name }) => secrets[name] ?? null),
      signer,
      nullifierSecret,
      verify: verifySignature,
      limits: {
        all: createLimiter(RATE.all, Date.now),
        network: createLimiter(RATE.network, Date.now),
        key: createLimiter(RATE.key, Date.now),
      },
      addressOf: (c) => {
        const { clientAddressHeader: header } = config;
        return (header === undefined ? getConnInfo(c).remote.address : c.req.header(header)) ?? null;
      },
      fetch,
      now: Date.now,
      log,
    });
    const sweep = (): void =>
      void sweepEnrolments(database, Date.now()).catch((error: unknown) => {
        // A full disk, say. The next one makes up for it.
        log({ event: 'sweep-failed', message: error instanceof Error ? error.message : '' });
      });
    const sweeper = setInterval(sweep, SWEEP_EVERY).unref();
    return {
      app,
      url,
      did: signer.did,
      beside: (registry) => besideIssuer(registry, app.fetch, url),
      close() {
        clearInterval(sweeper);
        database.close();
      },
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Whom the issuer app of a data folder gives nothing any more; null where there is no issuer app. */
export function openBans(dataDir: string): (Bans & { close(): void }) | null {
  if (!existsSync(databaseOf(dataDir))) return null;
  const database = openDatabase(dataDir);
  return { ...createBans(database, Date.now), close: () => database.close() };
}

const databaseOf = (dataDir: string): string => join(dataDir, 'issuer.sqlite');
const openDatabase = (dataDir: string): SqliteDatabase =>
  openSqlite(databaseOf(dataDir), fileURLToPath(new URL('../../migrations/issuer', import.meta.url)));

/** 32 bytes in a file that only its owner can read. Made at the first start, and never instead of lost ones. */
function loadSecret(file: string, isFirstStart: boolean): Bytes {
  if (isFirstStart) {
    try {
      writeFileSync(file, `${toBase64Url(randomBytes(32))}\n`, { mode: 0o600, flag: 'wx', flush: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  if (statSync(file, { throwIfNoEntry: false }) === undefined) {
    throw new Error(
      `${file} is missing; restore it from a backup: without it, everybody who comes again counts as new`,
    );
  }
  if ((statSync(file).mode & 0o077) !== 0) throw new Error(`${file} can be read by others; run: chmod 600 ${file}`);
  const secret = fromBase64Url(readFileSync(file, 'utf8').trim());
  if (secret?.length !== 32) throw new Error(`${file} does not hold 32 bytes in base64url; restore it from a backup`);
  return secret;
}
