import type { Statement, StatementKind } from '../../schemas/statement.ts';
import type { Did, StatementId } from '../../schemas/primitives.ts';
import type { ProblemCode } from '../../schemas/problem.ts';
import { limits } from '../../schemas/limits.ts';
import type { ParsedStatement } from '../../protocol/statement.ts';
import type { Evidence } from '../../protocol/evidence.ts';
import { type Logged, type Present } from '../../protocol/evidence.ts';
import { compositionRoot } from '../../protocol/manifest.ts';
import { ok, refuse, type Result } from '../../protocol/result.ts';
import { authorityFault, mayRevoke } from '../../protocol/standing.ts';

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

/** Decides whether a statement may be logged now, by what the log holds (statements.md, "admission demands"). */
export function admit(submission: Submission, evidence: Evidence, now: number): Result<true, Refusal> {
  const alone = admitAlone(submission, now);
  if (!alone.ok) return alone;
  const candidate = {
    id: submission.id,
    kind: submission.kind,
    index: Number.MAX_SAFE_INTEGER,
    loggedAt: now,
    document: submission.document,
  } as Present;
  for (const { path, id, kind } of referencesOf(submission)) {
    const target = evidence.get(id);
    if (target === undefined || (kind !== undefined && target.kind !== kind)) {
      const message = `${id} is not a logged ${kind ?? 'statement'}; submit it first`;
      return refuse({ code: 'missing-reference', detail: message, errors: [{ path, message }] });
    }
    if (target.document === null && kind !== undefined) {
      return refuse({ code: 'erased', detail: `${id} was erased`, errors: [{ path, message: 'was erased' }] });
    }
  }
  if (submission.kind === 'Revocation')
    return admitRevocation(submission.document as Statement<'Revocation'>, evidence);
  const fault = authorityFault(evidence, candidate, now);
  return fault === null ? ok(true) : refuse({ code: AUTHORITY_CODE[submission.kind], detail: fault });
}

const AUTHORITY_CODE: Record<StatementKind, ProblemCode> = {
  Accreditation: 'not-entitled',
  HumanCredential: 'not-accredited',
  DatasetRecord: 'no-credential',
  ReviewRecord: 'no-credential',
  RightsGrant: 'not-entitled',
  Revocation: 'not-entitled',
};

function admitRevocation(document: Statement<'Revocation'>, evidence: Evidence): Result<true, Refusal> {
  const target = evidence.get(document.credentialSubject.id) as Logged;
  if (target.kind === 'Revocation') {
    return refuse({
      code: 'not-revocable',
      detail: 'a revocation cannot be revoked; submit the revoked statement anew',
    });
  }
  if (target.index === 0) {
    return refuse({
      code: 'not-revocable',
      detail: 'entry 0 names the operator and stands for as long as the log does',
    });
  }
  if (mayRevoke(evidence, target, document.issuer)) return ok(true);
  return refuse({ code: 'not-entitled', detail: 'only the statement’s signer, or the operator, may revoke it' });
}

/** The keys whose credentials and accreditations admission must see. */
export const signersOf = (submissions: readonly Submission[]): Did[] => [
  ...new Set(submissions.map(({ document }) => document.issuer)),
];
