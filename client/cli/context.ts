import type { Readable } from 'node:stream';
import type { IssuerConfig } from '../../schemas/issuer-config.ts';
import type { Output, OutputStream } from './output.ts';

/** A registry that runs inside this process. */
interface RunningRegistry {
  /** Where it answers: `http://127.0.0.1:8787`. */
  url: string;
  /** The log's origin and verifier key. */
  origin: string;
  vkey: string;
  /** The operator's DID, and the key file that holds its seed. */
  operator: string;
  operatorKeyFile: string;
  /** The issuer app beside it, where one was configured. */
  issuer?: { url: string; did: string };
  /** Resolves where it can write nothing any more, for good. */
  failed: Promise<Error>;
  close(): Promise<void>;
}

/** Starts a registry on this machine. */
type StartRegistry = (options: {
  dataDir: string;
  port: number;
  host: string;
  log: (line: string) => void;
  origin?: string;
  /** Empties the index of files and rows, and makes it anew. */
  rebuildIndex?: boolean;
  /** An issuer app to run beside it. */
  issuer?: ConfiguredIssuer;
}) => Promise<RunningRegistry>;

/** An issuer app that runs inside this process, with no registry beside it. */
interface RunningIssuer {
  url: string;
  did: string;
  close(): Promise<void>;
}

/** Whom an issuer app gives nothing any more, by pseudonym. Banning and lifting answer whether that changed anything. */
export interface Bans {
  ban(nullifier: string): Promise<boolean>;
  lift(nullifier: string): Promise<boolean>;
  list(): Promise<{ nullifier: string; bannedAt: string }[]>;
  close(): void;
}

/** An issuer app's configuration, with its clients’ secrets by provider. */
interface ConfiguredIssuer {
  config: IssuerConfig;
  secrets: Readonly<Record<string, string>>;
}

/** The servers that this program can be. Starting one rejects with `code` EADDRINUSE where the port is taken. */
export interface Servers {
  startRegistry: StartRegistry;
  startIssuer(options: {
    dataDir: string;
    port: number;
    host: string;
    issuer: ConfiguredIssuer;
    log: (line: string) => void;
  }): Promise<RunningIssuer>;
  /** Of the issuer app in a data folder; null where there is none. */
  openBans(dataDir: string): Promise<Bans | null>;
}

/** What a command needs of the process that it runs in. */
export interface Context extends Servers {
  env: NodeJS.ProcessEnv;
  stdin: Readable & { isTTY?: boolean };
  stdout: OutputStream;
  stderr: OutputStream;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Waits, in milliseconds; until `signal` aborts at the latest. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** The command line that runs this program again, without arguments. */
  self: readonly string[];
  /** Takes over SIGINT and SIGTERM from the default, which ends the process with 130. Returns how to give them back. */
  onStop(handler: () => void): () => void;
}

/** Options that every command has. */
export interface CommonOptions {
  json?: boolean;
  registry?: string;
  key?: string;
  trust?: string;
  /** False where files are to be hashed anew. */
  cache?: boolean;
}

/** One run of one command. */
export interface Cli extends Context {
  options: CommonOptions;
  out: Output;
}
