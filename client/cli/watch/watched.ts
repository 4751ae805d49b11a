import type { Policy } from '../../../schemas/policy.ts';
import type { Digest, StatementId } from '../../../schemas/primitives.ts';
import type { Certificate } from '../../../schemas/certificate.ts';
import type { StatusListCredential } from '../../../schemas/status-list.ts';
import { digestOf } from '../../../protocol/digest.ts';
import { verifySignature } from '../../../protocol/ed25519/verify.ts';
import type { Evidence, Logged } from '../../../protocol/evidence.ts';
import { lineageOf } from '../../../protocol/lineage.ts';
import type { Checkpoint } from '../../../protocol/log/checkpoint.ts';
import type { TrustPolicy } from '../../../protocol/log/trust.ts';
import { statusListOf } from '../../../protocol/status-list.ts';
import { encodeCertificate, openCertificate } from '../../../protocol/verify/certificate.ts';
import { CliError } from '../cli-error.ts';
import type { SavedCertificate } from './find-certificates.ts';

/** A saved certificate that is followed. */
export interface Watched {
  file: string;
  /** Of the certificate as it was saved. */
  digest: Digest;
  subject: StatementId;
  /** The checkpoint that it was made for: what was logged since is news. */
  head: Checkpoint;
  /** The certificate as it is judged now: as saved, or fetched since, with the newest status lists. */
  text: string;
  /** Everything that it carries, found authentic. */
  evidence: Evidence;
  /** What its verdict stands on. */
  relied: ReadonlySet<StatementId>;
  /** The lineage's records: a new version of any of them is worth a word. */
  records: ReadonlySet<StatementId>;
  /** The status lists that cover it. */
  lists: readonly number[];
  /** What was last said of it. */
  said: string;
}

/** Reads a saved certificate, which must be authentic: nothing can be told from one that is not. */
export async function openWatched(
  { file, text }: SavedCertificate,
  trust: TrustPolicy,
  policy: Policy,
): Promise<Watched> {
  const opened = await openCertificate(text, trust, verifySignature);
  const { subject, checkpoint, statements, evidence } = opened;
  const fault = opened.findings.list().find(({ id, outcome }) => outcome === 'fail' && id !== 'freshness');
  if (fault !== undefined || subject === null || checkpoint === null) {
    throw new CliError(
      'verification-failed',
      `the certificate ${file} does not hold: ${fault?.id}: ${fault?.detail}`,
      'it is damaged, or of another registry than --registry and --trust name; fetch it again: firsthand certificate ID -o FILE',
    );
  }
  const records = new Set(lineageOf(evidence, subject).records.map(({ id }) => id));
  return {
    file,
    digest: digestOf(text),
    subject,
    head: checkpoint,
    text,
    evidence,
    relied: reliedOn(evidence, subject, records, policy),
    records,
    lists: [...new Set(statements.map(({ index }) => statusListOf(index)))],
    said: '',
  };
}

/**
 * The statements that a verdict stands on: the records, the reviews where the policy asks for any, the credentials and
 * accreditations of their signers, and the accreditations of those credentials' issuers and of the status service.
 */
function reliedOn(
  evidence: Evidence,
  subject: StatementId,
  records: ReadonlySet<StatementId>,
  policy: Policy,
): Set<StatementId> {
  const reviews = policy.review === undefined ? [] : evidence.reviewsOf(subject);
  const signed = [...[...records].flatMap((id) => evidence.get(id) ?? []), ...reviews];
  const signers = new Set(signed.flatMap(({ document }) => document?.issuer ?? []));
  const credentials = [...signers].flatMap((did) => evidence.credentialsOf(did));
  const vouching = new Set([...signers, ...credentials.map(({ document }) => document.issuer)]);
  const accreditations = [...evidence.all()].filter(
    (logged): logged is Logged<'Accreditation'> => logged.kind === 'Accreditation' && logged.document !== null,
  );
  const relied = accreditations.filter(({ document }) => {
    const subjectOf = document?.credentialSubject;
    return subjectOf !== undefined && (vouching.has(subjectOf.id) || subjectOf.roles.includes('status-service'));
  });
  return new Set([...records, ...[...reviews, ...credentials, ...relied].map(({ id }) => id)]);
}

/** The same certificate with other status lists: those of them that cover it. */
export function withStatus(watched: Watched, lists: ReadonlyMap<number, StatusListCredential>): string {
  const certificate = JSON.parse(watched.text) as Certificate;
  const status = watched.lists.flatMap((list) => lists.get(list) ?? []).map((list) => ({ ...list }));
  return encodeCertificate({ ...certificate, status });
}
