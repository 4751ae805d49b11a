import { isKind, kindOf, type Statement, type StatementKind } from '../../schemas/statement.ts';
import type { Did, StatementId } from '../../schemas/primitives.ts';
import type { ProblemCode } from '../../schemas/problem.ts';
import { limits } from '../../schemas/limits.ts';
import type { ParsedStatement } from '../../protocol/statement.ts';
import { has, type Evidence, type Present } from '../../protocol/evidence.ts';
import { compositionRoot } from '../../protocol/manifest.ts';
import { ok, refuse, type Result } from '../../protocol/result.ts';
import { accreditationsFor, authorityFault } from '../../protocol/standing.ts';
import { timestampOf } from '../../protocol/time.ts';
import type { EarlierRevocation, Reference } from '../database/evidence.ts';
import { admitRevocation } from './revocation.ts';

/** Why a statement is not logged: a public code and a sentence for its sender. */
export interface Refusal {
  code: ProblemCode;
  detail: string;
  errors?: { path: string; message: string }[];
}

/** A statement whose form and signature were found good. */
export type Submission = Pick<ParsedStatement, 'id' | 'kind' | 'document' | 'canonical'>;

/** A submission on its way to the sequencer: its text says the rest. */
export type SubmissionMessage = Pick<Submission, 'id' | 'canonical'>;

/** Reads a message, whose text was checked before it was sent. */
export function submissionOf({ id, canonical }: SubmissionMessage): Submission {
  const document = JSON.parse(canonical) as Statement;
  return { id, kind: kindOf(document), document, canonical };
}

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
  if (isKind(document, 'Revocation')) {
    const { invalidSince } = document.credentialSubject;
    if (invalidSince !== undefined && Date.parse(invalidSince) > now + limits.clockSkew) {
      const instead = 'a revocation counts from when it is logged, so leave invalidSince out';
      return refuse({ code: 'not-yet-valid', detail: `invalidSince ${invalidSince} lies ahead; ${instead}` });
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
  const fault = authorityFault(evidence, candidate, now) ?? backdatingFault(candidate, evidence);
  return fault === null ? ok(true) : refuse({ code: AUTHORITY_CODE[submission.kind], detail: fault });
}

/**
 * Why a credential claims to hold from before its issuer could give one; null if it does not. It would hold from its
 * logging on all the same; but whoever reads it alone, without the log, should not be misled.
 */
function backdatingFault(candidate: Present, evidence: Evidence): string | null {
  if (!has(candidate, 'HumanCredential')) return null;
  const { issuer, validFrom } = candidate.document;
  const since = Math.min(...accreditationsFor(evidence, candidate).map((each) => Date.parse(each.document.validFrom)));
  if (Date.parse(validFrom) >= since - limits.clockSkew) return null;
  return `validFrom ${validFrom} is before ${issuer} was accredited, ${timestampOf(since)}; sign it with a validFrom of today`;
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

/** The keys whose credentials and accreditations admission must see. */
export const signersOf = (submissions: readonly Submission[]): Did[] => [
  ...new Set(submissions.map(({ document }) => document.issuer)),
];
