import type { D1Database, Fetcher, R2Bucket, RateLimit } from '@cloudflare/workers-types';
import type { Did } from '../../schemas/primitives.ts';
import { ED25519, verifierKey, type VerifierKey } from '../../protocol/log/note.ts';
import { fromBase64, type Bytes } from '../../protocol/bytes.ts';
import { signerFromSeed, type Signer } from '../../protocol/ed25519/signer.ts';
import type { SubmissionMessage } from '../admission/admit.ts';
import type { Outcome } from '../log/sequencer.ts';

/** The Durable Object as others see it; what it is sent was checked by the Worker that took it. */
export interface RemoteSequencer {
  append(messages: readonly SubmissionMessage[]): Promise<Outcome[]>;
  /** The operator's DID; logs entry 0 in an empty log. */
  operator(): Promise<Did>;
  /** Resolves once the log may hold more than `size` entries, and at the latest after `ms`. */
  beyond(size: number, ms: number): Promise<void>;
}

/** The Durable Object that fills the content index, as others see it. */
export interface RemoteIndexer {
  wake(): Promise<void>;
}

/** What an issuer app needs, alone (wrangler.issuer.toml) or beside a registry. */
export interface IssuerBindings {
  /** Its configuration in JSON; where it is not there, there is no issuer app. */
  ISSUER_CONFIG?: string;
  ISSUER_DB?: D1Database;
  ISSUER_KEY?: string;
  ISSUER_NULLIFIER_KEY?: string;
  ENROL_LIMIT?: RateLimit;
  WRITE_LIMIT: RateLimit;
}

/** What wrangler.toml binds. */
export interface Bindings extends IssuerBindings {
  DB: D1Database;
  CONTENT_INDEX: D1Database;
  BLOBS: R2Bucket;
  SEQUENCER: { idFromName(name: string): unknown; get(id: unknown): RemoteSequencer };
  INDEXER: { idFromName(name: string): unknown; get(id: unknown): RemoteIndexer };
  /** Of reads that cost, by network. */
  READ_LIMIT: RateLimit;
  ASSETS: Fetcher;
  LOG_ORIGIN: string;
  LOG_KEY: string;
  SERVICE_KEY: string;
  /** Needed until entry 0 and the status service's accreditation are logged. */
  OPERATOR_KEY?: string;
}

export interface Keys {
  log: Signer;
  service: Signer;
  operator: Signer | null;
  logKey: VerifierKey;
}

/** A secret of 32 bytes; one that is missing or malformed is named, never shown. */
export function secretOf<N extends `${string}_KEY`>(bindings: Readonly<Partial<Record<N, string>>>, name: N): Bytes {
  const secret = fromBase64(bindings[name] ?? '');
  if (secret?.length !== 32)
    throw new Error(`secret ${name} is not 32 bytes in base64; set it with: wrangler secret put ${name}`);
  return secret;
}

/** Reads the secrets; a missing or malformed one is named, never shown. */
export async function keysOf(bindings: Bindings): Promise<Keys> {
  const signer = (name: 'LOG_KEY' | 'SERVICE_KEY' | 'OPERATOR_KEY'): Promise<Signer> =>
    signerFromSeed(secretOf(bindings, name));
  const log = await signer('LOG_KEY');
  return {
    log,
    service: await signer('SERVICE_KEY'),
    operator: bindings.OPERATOR_KEY === undefined ? null : await signer('OPERATOR_KEY'),
    logKey: verifierKey(bindings.LOG_ORIGIN, ED25519, log.publicKey),
  };
}
