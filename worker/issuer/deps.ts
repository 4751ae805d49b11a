import type { Context } from 'hono';
import type { IssuerConfig, Provider } from '../../schemas/issuer-config.ts';
import type { Bytes } from '../../protocol/bytes.ts';
import type { Signer } from '../../protocol/ed25519/signer.ts';
import type { VerifySignature } from '../../protocol/ed25519/verify.ts';
import type { Database } from '../database/port.ts';
import type { Limiter, Log } from '../deps.ts';
import type { Env } from '../http/env.ts';

/** A provider with the secret that its configuration points to. */
export type ConfiguredProvider = Provider & { clientSecret: string | null };

/** Everything the issuer app needs from where it runs. */
export interface IssuerDeps {
  /** Over migrations/issuer. */
  database: Database;
  name: string;
  /** Its public address, without a slash at its end; requests have no say in it. */
  url: string;
  /** Milliseconds for which a credential holds. */
  validity: number;
  providers: readonly ConfiguredProvider[];
  /** Signs credentials. */
  signer: Signer;
  /** 32 bytes: without them, people who come again count as new ones. */
  nullifierSecret: Bytes;
  verify: VerifySignature;
  /** Enrolments begun: in all, from one network, and with one key. */
  limits: { all: Limiter; network: Limiter; key: Limiter };
  /** Where a request comes from, as the platform knows it; null where it does not. */
  addressOf(c: Context<Env>): string | null;
  /** Reaches providers. */
  fetch: typeof fetch;
  /** Milliseconds since the epoch. */
  now(): number;
  log: Log;
}

/** A provider’s configuration with its secret, as `secretOf` finds it. */
export const withSecrets = (
  { providers }: IssuerConfig,
  secretOf: (provider: Provider) => string | null,
): ConfiguredProvider[] => providers.map((provider) => ({ ...provider, clientSecret: secretOf(provider) }));
