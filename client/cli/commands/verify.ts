import * as z from 'zod';
import { limits } from '../../../schemas/limits.ts';
import { Policy } from '../../../schemas/policy.ts';
import { Day, LogTime, StatementId, Timestamp } from '../../../schemas/primitives.ts';
import type { Check, Report } from '../../../schemas/report.ts';
import { fromUtf8 } from '../../../protocol/bytes.ts';
import { digestOf } from '../../../protocol/digest.ts';
import { encodeManifest } from '../../../protocol/manifest.ts';
import { logTimeOf } from '../../../protocol/time.ts';
import type { TrustPolicy } from '../../../protocol/log/trust.ts';
import type { LocalContent } from '../../../protocol/verify/content.ts';
import { DEFAULT_POLICY, verifyCertificate } from '../../../protocol/verify/verify.ts';
import { RegistryError, NetworkError } from '../../errors.ts';
import type { RegistryClient } from '../../registry-client.ts';
import { readText } from '../bounded-file.ts';
import {
  findRecord,
  readCertificateFile,
  readClaims,
  savedWith,
  type CertificateClaims,
} from '../certificate-source.ts';
import { CliError } from '../cli-error.ts';
import type { Cli } from '../context.ts';
import { readContent, type Content } from '../content/read-content.ts';
import { exitCodeOf } from '../failure.ts';
import { readFlag, readOptional } from '../flags.ts';
import { renderReport } from '../report-view.ts';
import { text } from '../terminal.ts';
import { connect, offlineTrust } from '../trust-store.ts';
import { readYaml } from '../yaml-file.ts';

export interface VerifyOptions {
  policy?: string;
  certificate?: string;
  offline?: boolean;
  asOf?: string;
  record?: string;
}

/** What there is to verify with. */
interface Evidence {
  certificate: string;
  /** Null where the certificate is damaged: the report will say how. */
  claims: CertificateClaims | null;
  trust: TrustPolicy;
  manifests: string[];
}

/** Manifests fetched for one verification may take this much memory, in bytes. */
const MANIFESTS_BYTES = 256 * 1024 * 1024;

/** Checks a folder, a file or a record against its certificate and a policy. Answers the exit code: 0 or 3. */
export async function verify(cli: Cli, target: string, options: VerifyOptions): Promise<number> {
  const policy = await readPolicy(options);
  // A file of such a name can be given as ./sha256:…
  const named = target.startsWith('sha256:') ? readFlag(StatementId, target, 'the record’s id') : null;
  const content = named === null ? await readContent(cli, target) : null;
  const record = named ?? readOptional(StatementId, options.record, '--record');
  const saved = content === null ? null : await savedWith(target, content.isFolder);
  const given = options.certificate === undefined ? null : await readCertificateFile(options.certificate);
  const evidence =
    options.offline === true
      ? await evidenceOffline(cli, given ?? saved?.certificate ?? null)
      : await evidenceOnline(cli, { given, record, saved: saved?.certificate ?? null, content });
  const report =
    'outcome' in evidence
      ? failedReport(evidence, cli.now())
      : await verifyCertificate({
          certificate: evidence.certificate,
          trust: evidence.trust,
          policy,
          now: cli.now(),
          content: localContent(content, evidence, saved?.manifests ?? []),
        });
  if (record !== undefined && report.subject !== record && report.subject !== null) {
    throw new CliError('verification-failed', `the certificate is for ${report.subject}, not for ${record}`);
  }
  cli.out.result(report, () => renderReport(report, cli.out.style));
  return report.verdict === 'pass' ? 0 : exitCodeOf('verification-failed');
}

const AsOf = z.union([Timestamp, LogTime, Day], 'expected a UTC time, as 2026-11-21T08:00:00Z, or a day');

export async function readPolicy({ policy: file, asOf }: Pick<VerifyOptions, 'policy' | 'asOf'>): Promise<Policy> {
  const policy =
    file === undefined ? DEFAULT_POLICY : readYaml(await readText(file, limits.policyBytes), Policy, file).value;
  const time = readOptional(AsOf, asOf, '--as-of');
  if (time === undefined) return policy;
  return { ...policy, trust: { ...policy.trust, asOf: time.length === 10 ? `${time}T00:00:00Z` : time } };
}

async function evidenceOffline(cli: Cli, certificate: string | null): Promise<Evidence> {
  if (certificate === null) {
    throw new CliError(
      'not-found',
      'there is no certificate beside the data',
      'give --certificate FILE; going online could find it, too',
    );
  }
  const claims = readClaims(certificate);
  const trust = claims === null ? TRUST_NOBODY : await offlineTrust(cli, claims.origin);
  return { certificate, claims, trust, manifests: [] };
}

async function evidenceOnline(
  cli: Cli,
  at: { given: string | null; record: StatementId | undefined; saved: string | null; content: Content | null },
): Promise<Evidence | Check> {
  try {
    const { client, trust } = await connect(cli);
    const opened = async (certificate: string): Promise<Evidence> => {
      const claims = readClaims(certificate);
      return { certificate, claims, trust, manifests: await fetchManifests(cli, client, claims, at.content) };
    };
    if (at.given !== null) return await opened(at.given);
    const saved = at.saved === null ? null : readClaims(at.saved);
    if (at.record === undefined && at.saved !== null && saved === null) return await opened(at.saved);
    const subject = at.record ?? saved?.subject ?? (await lookUp(cli, client, at.content));
    if (subject === null) return UNKNOWN_FILES;
    // Fetched anew: what was saved cannot know of a later revocation.
    const fresh = await opened(await client.certificate(subject));
    if (fresh.claims !== null && fresh.claims.subject !== subject) {
      throw new CliError(
        'verification-failed',
        `the registry answered with a certificate for ${fresh.claims.subject}, not for ${subject}`,
      );
    }
    return fresh;
  } catch (error) {
    if (error instanceof RegistryError && error.code === 'erased') {
      return { id: 'standing', outcome: 'fail', detail: error.message };
    }
    if (!(error instanceof NetworkError) || (at.given ?? at.saved) === null) throw error;
    throw new CliError('network', error.message, 'without a registry, check the saved certificate: --offline');
  }
}

/** Enough to have a damaged certificate reported. */
const TRUST_NOBODY: TrustPolicy = { logs: [], witnesses: [], quorum: () => false, quorumName: 'none' };

async function lookUp(cli: Cli, client: RegistryClient, content: Content | null): Promise<StatementId | null> {
  if (content === null || content.files.length === 0) {
    throw new CliError(
      'not-found',
      'there is nothing here to verify: neither files nor a certificate',
      'name the record: firsthand verify sha256:…',
    );
  }
  const { best, others } = await findRecord(client, content.files);
  if (others.length > 0) {
    cli.out.note(
      text`note: verifying ${best ?? ''}; ${others.length} other records hold some of these files, too: ${others.slice(0, 5).join(', ')}${others.length > 5 ? ', …' : ''} (--record ID checks another)`,
    );
  }
  return best;
}

/** The manifests that the certificate’s records name, from the registry; each proves itself by its digest. */
async function fetchManifests(
  cli: Cli,
  client: RegistryClient,
  claims: CertificateClaims | null,
  content: Content | null,
): Promise<string[]> {
  if (content === null || claims === null) return [];
  const manifests: string[] = [];
  let left = MANIFESTS_BYTES;
  for (const { digest, bytes } of new Map(claims.manifests.map((manifest) => [manifest.digest, manifest])).values()) {
    left -= bytes;
    if (left < 0) {
      cli.out.note(
        text`note: not all manifests of this lineage fit into memory; files of the rest count as uncertified`,
      );
      break;
    }
    try {
      const manifest = fromUtf8(await client.getBlob(digest, bytes));
      if (manifest !== null) manifests.push(manifest);
    } catch (error) {
      // Withheld, or never uploaded: the report says what could not be checked.
      if (!(error instanceof RegistryError) || error.status !== 404) throw error;
    }
  }
  return manifests;
}

function localContent(
  content: Content | null,
  { claims, manifests }: Evidence,
  saved: string[],
): LocalContent | undefined {
  // A folder that holds no data yet can stand for a composition; for anything else, no files means none certified.
  if (content === null || (content.files.length === 0 && claims?.composesOnly === true)) return undefined;
  const rebuilt = content.files.length === 0 ? [] : [encodeManifest({ files: content.files })];
  const all = new Map([...manifests, ...saved, ...rebuilt].map((manifest) => [digestOf(manifest), manifest]));
  return { files: content.files, manifests: [...all.values()] };
}

const UNKNOWN_FILES: Check = {
  id: 'content.coverage',
  outcome: 'fail',
  detail: 'no record of this registry contains any of these files as they are',
};

/** The report where it comes to no certificate at all. */
export const failedReport = (check: Check, now: number): Report => ({
  verdict: 'fail',
  subject: null,
  asOf: logTimeOf(now),
  checks: [check],
  coverage: null,
  humans: null,
  assistance: null,
  rights: null,
});
