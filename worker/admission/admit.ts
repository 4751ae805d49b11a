import type { Statement, StatementKind } from '../../schemas/statement.ts';
import type { Did, StatementId } from '../../schemas/primitives.ts';
import type { ProblemCode } from '../../schemas/problem.ts';
import { limits } from '../../schemas/limits.ts';
import type { ParsedStatement } from '../../protocol/statement.ts';
import type { Evidence, Present } from '../../protocol/evidence.ts';
import { compositionRoot } from '../../protocol/manifest.ts';
import { ok, refuse, type Result } from '../../protocol/result.ts';
import { authorityFault } from '../../protocol/standing.ts';
import type { EarlierRevocation, Reference } from '../database/evidence.ts';

/** Why a statement is not logged: a public code and a sentence for its sender. */
export interface Refusal {
  code: ProblemCode;
  detail: string;
  errors?: { path: string; message: string }[];
}

/** A statement whose form and signature were found good. */
export type Submission = Pick<ParsedStatement, 'id' | 'kind' | 'document' | 'canonical'>;

/** A statement's own times against the registry's clock, and its own arithmetic. */
function admitAlone({ document }: Submission, now: number): Result<true, Refusal> {
  for (const [field, time] of [
    ['validFrom', document.validFrom],
    ['proof.created', document.proof.created],
  ] as const) {
    if (Date.parse(time) > now + limits.clockSkew) {
      return refuse({
        code: 'not-yet-valid',
        detail: `${field} ${time} is more than ${limits.clockSkew / 60_000} minutes ahead of this registry’s clock; check yours`,
      });
    }
  }
  if (document.validUntil !== undefined && Date.parse(document.validUntil) <= now) {
    return refuse({
      code: 'expired',
      detail: `validUntil ${document.validUntil} has passed; sign it anew with a later one`,
    });
  }
  const subject = document.credentialSubject;
  if (document.type[1] === 'DatasetRecord' && 'rights' in subject && subject.content === undefined) {
    const root = compositionRoot(subject.parts ?? []);
    if (subject.id !== root) {
      const message = `a composition’s id is the Merkle root over its sorted parts, ${root}`;
      return refuse({
        code: 'invalid-statement',
        detail: message,
        errors: [{ path: '/credentialSubject/id', message }],
      });
    }
  }
  return ok(true);
}

/** The statements that a statement refers to; admission demands that each is logged. */
export function referencesOf(
  statement: Pick<Submission, 'document'>,
): { path: string; id: StatementId; kind?: StatementKind }[] {
  const at = (path: string, id: StatementId | undefined, kind?: StatementKind) =>
    id === undefined ? [] : [{ path: `/credentialSubject/${path}`, id, ...(kind === undefined ? {} : { kind }) }];
  const document: Statement = statement.document;
  switch (document.type[1]) {
    case 'Accreditation':
    case 'HumanCredential':
      return [];
    case 'DatasetRecord': {
      const { parts = [], derivedFrom = [], replaces } = (document as Statement<'DatasetRecord'>).credentialSubject;
      return [
        ...parts.flatMap((id, i) => at(`parts/${i}`, id, 'DatasetRecord')),
        ...derivedFrom.flatMap((source, i) =>
          'id' in source ? at(`derivedFrom/${i}/id`, source.id, 'DatasetRecord') : [],
        ),
        ...at('replaces', replaces, 'DatasetRecord'),
      ];
    }
    case 'ReviewRecord':
      return at('id', (document as Statement<'ReviewRecord'>).credentialSubject.id, 'DatasetRecord');
    case 'RightsGrant':
      return at('record', (document as Statement<'RightsGrant'>).credentialSubject.record, 'DatasetRecord');
    case 'Revocation':
      return at('id', (document as Statement<'Revocation'>).credentialSubject.id);
  }
}

/**
 * Decides whether a statement's signer may have it logged now, by the signer's credentials and accreditations. What it
 * names is for {@link admitReferences}: nothing is looked up on behalf of someone who may not write at all.
 */
export function admitSigner(submission: Submission, evidence: Evidence, now: number): Result<true, Refusal> {
  const alone = admitAlone(submission, now);
  // Whose these are depends on what they name.
  if (!alone.ok || submission.kind === 'Revocation' || submission.kind === 'RightsGrant') return alone;
  return admitAuthority(submission, evidence, now);
}

function admitAuthority(submission: Submission, evidence: Evidence, now: number): Result<true, Refusal> {
  const candidate = {
    id: submission.id,
    kind: submission.kind,
    index: Number.MAX_SAFE_INTEGER,
    loggedAt: now,
    document: submission.document,
  } as Present;
  const fault = authorityFault(evidence, candidate, now);
  return fault === null ? ok(true) : refuse({ code: AUTHORITY_CODE[submission.kind], detail: fault });
}

/** What the log holds of the statements that a group names. */
export interface Named {
  references: ReadonlyMap<StatementId, Reference>;
  revocations: readonly EarlierRevocation[];
}

/** Decides whether a statement may name what it names (statements.md, "admission demands"). */
export function admitReferences(
  submission: Submission,
  named: Named,
  evidence: Evidence,
  now: number,
): Result<true, Refusal> {
  for (const { path, id, kind } of referencesOf(submission)) {
    const target = named.references.get(id);
    if (target === undefined || (kind !== undefined && target.kind !== kind)) {
      const message = `${id} is not a logged ${kind ?? 'statement'}; submit it first`;
      return refuse({ code: 'missing-reference', detail: message, errors: [{ path, message }] });
    }
    if (target.erased === 1 && kind !== undefined) {
      return refuse({ code: 'erased', detail: `${id} was erased`, errors: [{ path, message: 'was erased' }] });
    }
  }
  if (submission.kind === 'Revocation') {
    return admitRevocation(submission.document as Statement<'Revocation'>, named, evidence.operator);
  }
  return submission.kind === 'RightsGrant' ? admitAuthority(submission, evidence, now) : ok(true);
}

const AUTHORITY_CODE: Record<StatementKind, ProblemCode> = {
  Accreditation: 'not-entitled',
  HumanCredential: 'not-accredited',
  DatasetRecord: 'no-credential',
  ReviewRecord: 'no-credential',
  RightsGrant: 'not-entitled',
  Revocation: 'not-entitled',
};

/** How often one signer may strengthen the revocation of one statement. */
const REVOCATIONS = 8;

function admitRevocation(
  { issuer, credentialSubject: revocation }: Statement<'Revocation'>,
  named: Named,
  operator: Did | null,
): Result<true, Refusal> {
  const target = named.references.get(revocation.id) as Reference;
  if (target.kind === 'Revocation') {
    return refuse({
      code: 'not-revocable',
      detail: 'a revocation cannot be revoked; submit the revoked statement anew',
    });
  }
  if (target.log_index === 0) {
    return refuse({
      code: 'not-revocable',
      detail: 'entry 0 names the operator and stands for as long as the log does',
    });
  }
  // Nobody else can tell any more who signed what was erased.
  if (issuer !== operator && (issuer !== target.issuer || target.erased === 1)) {
    return refuse({ code: 'not-entitled', detail: 'only the statement’s signer, or the operator, may revoke it' });
  }
  const earlier = named.revocations.filter((each) => each.target === revocation.id && each.issuer === issuer);
  const isCovered = earlier.some(
    ({ invalid_since, erase }) =>
      (revocation.invalidSince === undefined || (invalid_since !== null && invalid_since <= revocation.invalidSince)) &&
      (revocation.erase === undefined || erase === 1),
  );
  // The last one says all that the earlier ones said, so that a certificate need only prove that it carries the last.
  const reachesAsFar = earlier.every(
    ({ invalid_since }) =>
      invalid_since === null || (revocation.invalidSince !== undefined && revocation.invalidSince <= invalid_since),
  );
  if (!isCovered && reachesAsFar && earlier.length < REVOCATIONS) return ok(true);
  return refuse({
    code: 'not-revocable',
    detail: 'it is revoked already; another revocation must reach as far back, and further, or erase',
  });
}

/** The keys whose credentials and accreditations admission must see. */
export const signersOf = (submissions: readonly Submission[]): Did[] => [
  ...new Set(submissions.map(({ document }) => document.issuer)),
];
