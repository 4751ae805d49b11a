import * as z from 'zod';
import { limits } from '../../../schemas/limits.ts';
import { Policy } from '../../../schemas/policy.ts';
import { Day, LogTime, StatementId, Timestamp } from '../../../schemas/primitives.ts';
import type { Check, Report } from '../../../schemas/report.ts';
import { logTimeOf } from '../../../protocol/time.ts';
import { DEFAULT_POLICY, verifyCertificates, type Verification } from '../../../protocol/verify/verify.ts';
import { NetworkError, RegistryError } from '../../errors.ts';
import { readText } from '../bounded-file.ts';
import { readClaims } from '../certificate-source.ts';
import { CliError } from '../cli-error.ts';
import type { Cli } from '../context.ts';
import { readContent, type Content } from '../content/read-content.ts';
import { exitCodeOf } from '../failure.ts';
import { readFlag, readOptional } from '../flags.ts';
import { renderReport } from '../report-view.ts';
import { connect, offlineTrust } from '../trust-store.ts';
import { discover, noteLeftOut, type Discovery } from '../verifying/discover.ts';
import { Evidence, TRUST_NOBODY } from '../verifying/evidence.ts';
import { readEvidence, savedWith, type SavedEvidence } from '../verifying/saved.ts';
import { saveUnmatched, unmatchedRows } from '../verifying/unmatched.ts';
import { readYaml } from '../yaml-file.ts';

export interface VerifyOptions {
  policy?: string;
  certificate?: string[];
  offline?: boolean;
  asOf?: string;
  record?: string;
  unmatched?: string;
}

/** What to verify, with what is at hand for it. */
interface Target {
  policy: Policy;
  /** Null where a record is verified and no content. */
  content: Content | null;
  record: StatementId | undefined;
  given: readonly SavedEvidence[];
  saved: SavedEvidence | null;
}

/** Checks a folder, a file or a record against certificates and a policy. Answers the exit code: 0 or 3. */
export async function verify(cli: Cli, path: string, options: VerifyOptions): Promise<number> {
  const policy = await readPolicy(options);
  // A file of such a name can be given as ./sha256:…
  const named = path.startsWith('sha256:') ? readFlag(StatementId, path, 'the record’s id') : null;
  const record = named ?? readOptional(StatementId, options.record, '--record');
  const given = await readEvidence(options.certificate ?? []);
  using content = named === null ? await readContent(cli, path) : null;
  const saved = content === null ? null : await savedWith(path, content.isFolder);
  const target = { policy, content, record, given: ofRecord(given, record), saved };
  const { report, unmatched } =
    options.offline === true ? await verifyOffline(cli, target) : await verifyOnline(cli, target);
  if (record !== undefined && report.subjects.some((subject) => subject !== record)) {
    throw new CliError(
      'verification-failed',
      `the certificate is for ${report.subjects.join(', ')}, not for ${record}`,
    );
  }
  if (options.unmatched !== undefined) {
    if (content === null) throw new CliError('usage', '--unmatched goes with a folder or a file');
    await saveUnmatched(options.unmatched, unmatchedRows(path, content, unmatched));
  }
  cli.out.result(report, () => renderReport(report, cli.out.style));
  return report.verdict === 'pass' ? 0 : exitCodeOf('verification-failed');
}

/** Of several certificates, those of the record that was named; a damaged one stays, and is reported. */
function ofRecord(given: readonly SavedEvidence[], record: StatementId | undefined): readonly SavedEvidence[] {
  if (record === undefined || given.length < 2) return given;
  const fitting = given.filter(({ certificate }) => (readClaims(certificate)?.subject ?? record) === record);
  return fitting.length === 0 ? given : fitting;
}

const AsOf = z.union([Timestamp, LogTime, Day], 'expected a UTC time, as 2026-11-21T08:00:00Z, or a day');

export async function readPolicy({ policy: file, asOf }: Pick<VerifyOptions, 'policy' | 'asOf'>): Promise<Policy> {
  const policy =
    file === undefined ? DEFAULT_POLICY : readYaml(await readText(file, limits.policyBytes), Policy, file).value;
  const time = readOptional(AsOf, asOf, '--as-of');
  if (time === undefined) return policy;
  return { ...policy, trust: { ...policy.trust, asOf: time.length === 10 ? `${time}T00:00:00Z` : time } };
}

async function verifyOffline(cli: Cli, { policy, content, given, saved }: Target): Promise<Verification> {
  const held = given.length > 0 ? given : saved === null ? [] : [saved];
  if (held.length === 0) {
    throw new CliError(
      'not-found',
      'there is no certificate beside the data',
      'give --certificate FILE; going online could find it, too',
    );
  }
  const origins = held.flatMap(({ certificate }) => readClaims(certificate)?.origin ?? []);
  const trust = origins[0] === undefined ? TRUST_NOBODY : await offlineTrust(cli, origins[0]);
  using evidence = new Evidence(cli, null, foldersOf(held, saved));
  return judgeHeld(cli, held, { policy, content, trust, evidence });
}

async function verifyOnline(cli: Cli, target: Target): Promise<Verification> {
  const { policy, content, record, given, saved } = target;
  try {
    const { client, trust } = await connect(cli);
    using evidence = new Evidence(cli, client, foldersOf(given, saved));
    const settled = async (): Promise<Verification> => judge(cli, { policy, content, trust, evidence });
    if (given.length > 0) return await judgeHeld(cli, given, { policy, content, trust, evidence });
    const claims = saved === null ? null : readClaims(saved.certificate);
    const subject = record ?? claims?.subject;
    if (subject !== undefined) {
      // Fetched anew: what was saved cannot know of a later revocation.
      await evidence.fetch(subject, content);
      return await settled();
    }
    if (saved !== null) {
      await evidence.add(saved.certificate, content);
      return await settled();
    }
    return await discovered(cli, content, {
      client,
      expect: (open, settled, isAtOnce) => evidence.expect(open, settled, isAtOnce),
      admit: (found) => evidence.admit(found, content),
      claimsOf: (found) => evidence.claimsOf(found),
      judge: (records, signal) =>
        judge(cli, { policy, content, trust, evidence, signal }, evidence.certificates(records)),
    });
  } catch (error) {
    if (error instanceof RegistryError && error.code === 'erased') {
      return failed(cli, content, { id: 'standing', outcome: 'fail', detail: error.message });
    }
    if (!(error instanceof NetworkError) || (given.length === 0 && saved === null)) throw error;
    throw new CliError('network', error.message, 'without a registry, check the saved certificate: --offline');
  }
}

const foldersOf = (given: readonly SavedEvidence[], saved: SavedEvidence | null): string[] => [
  ...new Set([...given, ...(saved === null ? [] : [saved])].map(({ folder }) => folder)),
];

async function discovered(
  cli: Cli,
  content: Content | null,
  at: Parameters<typeof discover>[2],
): Promise<Verification> {
  if (content === null || content.files.length === 0) {
    throw new CliError(
      'not-found',
      'there is nothing here to verify: neither files nor a certificate',
      'name the record: firsthand verify sha256:…',
    );
  }
  const discovery = await discover(cli, content.files, at);
  noteLeftOut(cli, discovery.leftOut);
  const verification = discovery.verification ?? failed(cli, content, UNKNOWN_FILES);
  return { ...verification, report: withIndex(verification, discovery) };
}

/** A registry whose index is behind cannot say that a row is nobody's: that is said. */
function withIndex({ report, unmatched }: Verification, { index }: Discovery): Report {
  if (index === null || unmatched.length === 0) return report;
  const { through, size, pendingRows } = index;
  if (through >= size && pendingRows === 0) return report;
  const detail = `the registry’s index is behind, at entry ${through} of ${size} with ${pendingRows} rows to go: what it did not find may be certified all the same`;
  return { ...report, checks: [...report.checks, { id: 'content.index', outcome: 'warn', detail }] };
}

interface Judging {
  policy: Policy;
  content: Content | null;
  trust: Parameters<typeof verifyCertificates>[0]['trust'];
  evidence: Evidence;
  signal?: AbortSignal | undefined;
}

const judge = (
  cli: Cli,
  { policy, content, trust, evidence, signal }: Judging,
  certificates: readonly string[] = evidence.certificates(),
): Promise<Verification> =>
  verifyCertificates({ certificates, trust, policy, now: cli.now(), content: evidence.localContent(content, signal) });

/**
 * Judges by certificates that are at hand. One that a folder has counts where content comes from it, as one that a look-up
 * finds: the rest of the folder is about other content. One that was named counts in any case.
 */
async function judgeHeld(cli: Cli, held: readonly SavedEvidence[], judging: Judging): Promise<Verification> {
  for (const { certificate } of held) await judging.evidence.add(certificate, judging.content);
  const verification = await judge(cli, judging);
  const owners = verification.report.coverage?.byRecord.map(({ record }) => record) ?? [];
  const claims = new Map(held.map((each) => [each, readClaims(each.certificate)]));
  const subjects = new Set([...claims.values()].map((each) => each?.subject));
  // An owner without a certificate of its own is a part of what another certificate is for.
  const counts = (each: SavedEvidence): boolean => {
    const said = claims.get(each) ?? null;
    if (!each.isFound || said === null) return true;
    return owners.some((owner) => owner === said.subject || (!subjects.has(owner) && said.records.includes(owner)));
  };
  const counting = held.filter(counts);
  if (counting.length === 0 || counting.length === held.length) return verification;
  return judge(
    cli,
    judging,
    counting.map(({ certificate }) => certificate),
  );
}

const UNKNOWN_FILES: Check = {
  id: 'content.coverage',
  outcome: 'fail',
  detail: 'no record of this registry contains any of these files, or any row of them',
};

const failed = (cli: Cli, content: Content | null, check: Check): Verification => ({
  report: failedReport(check, cli.now()),
  unmatched: (content?.files ?? []).map((file) => ({
    file,
    rows: null,
    count: file.rowDigests?.count ?? 1,
    detail: check.detail,
  })),
});

/** The report where it comes to no certificate at all. */
export const failedReport = (check: Check, now: number): Report => ({
  verdict: 'fail',
  subject: null,
  subjects: [],
  asOf: logTimeOf(now),
  checks: [check],
  coverage: null,
  humans: null,
  assistance: null,
  rights: null,
});
