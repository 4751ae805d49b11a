import type { TrustPolicy } from '../../../protocol/log/trust.ts';
import { refuse, ok, type Result } from '../../../protocol/result.ts';
import { readClaims } from '../certificate-source.ts';
import { CliError } from '../cli-error.ts';
import type { Cli } from '../context.ts';
import { offlineTrust } from '../trust-store.ts';

/** Says of a certificate whose keys count for the log that it names, or why none do. */
export type TrustFor = (certificate: string) => Result<TrustPolicy, string>;

/**
 * The trusted keys for certificates that were saved, without a network. Throws the reason where there are none for any of
 * them; one of a foreign log among others is a matter of its own.
 */
export async function trustByOrigin(cli: Cli, certificates: readonly string[]): Promise<TrustFor> {
  const origins = new Set(certificates.flatMap((text) => readClaims(text)?.origin ?? []));
  const found = new Map<string, Result<TrustPolicy, string>>();
  let missing: CliError | null = null;
  for (const origin of origins) {
    try {
      found.set(origin, ok(await offlineTrust(cli, origin)));
    } catch (error) {
      if (!(error instanceof CliError) || error.code !== 'verification-failed') throw error;
      missing ??= error;
      found.set(origin, refuse(error.message));
    }
  }
  if (missing !== null && [...found.values()].every((trust) => !trust.ok)) throw missing;
  return (certificate) => found.get(readClaims(certificate)?.origin ?? '') ?? refuse('the file is no certificate');
}
