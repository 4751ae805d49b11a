import * as z from 'zod';
import type { Policy } from '../../schemas/policy.ts';
import { Day, LogTime, Timestamp, type StatementId } from '../../schemas/primitives.ts';
import type { CheckId, Report } from '../../schemas/report.ts';
import { verifySignature } from '../../protocol/ed25519/verify.ts';
import { Evidence } from '../../protocol/evidence.ts';
import type { TrustPolicy } from '../../protocol/log/trust.ts';
import { openCertificates } from '../../protocol/verify/certificate.ts';
import { verifyCertificate } from '../../protocol/verify/verify.ts';
import { readCertificateFile, readClaims } from './certificate-source.ts';
import { CliError } from './cli-error.ts';
import type { Cli } from './context.ts';
import { readOptional } from './flags.ts';
import { text } from './terminal.ts';
import { connect, offlineTrust } from './trust-store.ts';

const At = z.union([Timestamp, LogTime, Day], 'expected a UTC time, as 2026-11-21T08:00:00Z, or a day');

/** The time that `--at` gives; a day is its beginning. */
export function readAt(value: string | undefined): string | undefined {
  const at = readOptional(At, value, '--at');
  return at?.length === 10 ? `${at}T00:00:00Z` : at;
}

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

/**
 * Ends the command where a certificate is of another record, or proves nothing: where it fails a check other than `said`,
 * it may have left something out. Says where it is old.
 */
export function requireHolds(cli: Cli, report: Report, record: StatementId, said: readonly CheckId[]): void {
  if (report.subject !== null && report.subject !== record) {
    throw new CliError('verification-failed', `the certificate is for ${report.subject}, not for ${record}`);
  }
  const fault = report.checks.find((check) => check.outcome === 'fail' && !said.includes(check.id));
  if (fault !== undefined) {
    throw new CliError('verification-failed', `the certificate does not hold: ${fault.id}: ${fault.detail}`);
  }
  for (const { id, outcome, detail } of report.checks) {
    if (id === 'freshness' && outcome === 'warn') cli.out.note(text`note: ${detail}`);
  }
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
  requireHolds(cli, await verifyCertificate({ certificate, trust, policy, now }), record, SAID);
  const { operator, statements } = await openCertificates([certificate], trust, verifySignature);
  return { evidence: new Evidence(operator, statements), at: at === undefined ? now : Date.parse(at) };
}

async function readOnline(cli: Cli, record: StatementId, file: string | undefined): Promise<Trusted> {
  const { client, trust } = await connect(cli);
  const certificate = file === undefined ? await client.certificate(record) : await readCertificateFile(file);
  return { certificate, trust };
}
