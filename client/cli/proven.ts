import type { Policy } from '../../schemas/policy.ts';
import type { StatementId } from '../../schemas/primitives.ts';
import type { CheckId } from '../../schemas/report.ts';
import type { Evidence } from '../../protocol/evidence.ts';
import type { TrustPolicy } from '../../protocol/log/trust.ts';
import type { Result } from '../../protocol/result.ts';
import { readCertificateFile, readClaims } from './certificate-source.ts';
import { CliError } from './cli-error.ts';
import type { Cli } from './context.ts';
import { text } from './terminal.ts';
import { connect, offlineTrust } from './trust-store.ts';
import { proveRecord, type Proven } from './verifying/prove.ts';

/** A certificate, and whose word counts for its log. */
interface Trusted {
  certificate: string;
  trust: TrustPolicy;
}

/** A saved certificate, with the trust that is at hand for its log. */
export async function readOffline(cli: Cli, file: string | undefined): Promise<Trusted> {
  if (file === undefined) {
    throw new CliError('usage', '--offline decides from a certificate', 'give --certificate FILE');
  }
  const certificate = await readCertificateFile(file);
  const claims = readClaims(certificate);
  if (claims === null) throw new CliError('invalid-file', `${file} is not a certificate`);
  return { certificate, trust: await offlineTrust(cli, claims.origin) };
}

/** What was proven; ends the command where nothing was, and says where the certificate is old. */
export function requireProven<P extends Proven>(cli: Cli, proven: Result<P, string>): P {
  if (!proven.ok) throw new CliError('verification-failed', proven.reason);
  for (const warning of proven.value.warnings) cli.out.note(text`note: ${warning}`);
  return proven.value;
}

/** What an export says itself: that a record is withdrawn, or not complete. */
const SAID: readonly CheckId[] = ['standing', 'lineage.complete'];

/** What a record's certificate proves, fetched or saved, as of a time in milliseconds: now unless `at` is given. */
export async function provenEvidence(
  cli: Cli,
  record: StatementId,
  { certificate: file, offline }: { certificate?: string; offline?: boolean },
  at: string | undefined,
): Promise<{ evidence: Evidence; at: number }> {
  const { certificate, trust } = offline === true ? await readOffline(cli, file) : await readOnline(cli, record, file);
  const policy: Policy = { policy: 'firsthand/v1', ...(at === undefined ? {} : { trust: { asOf: at } }) };
  const now = cli.now();
  const proven = await proveRecord(certificate, record, { policy, trust, now }, () => SAID);
  const { evidence } = requireProven(cli, proven);
  return { evidence, at: at === undefined ? now : Date.parse(at) };
}

async function readOnline(cli: Cli, record: StatementId, file: string | undefined): Promise<Trusted> {
  const { client, trust } = await connect(cli);
  const certificate = file === undefined ? await client.certificate(record) : await readCertificateFile(file);
  return { certificate, trust };
}
