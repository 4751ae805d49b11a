import type { Did } from '../../schemas/primitives.ts';
import type { Statement, StatementKind } from '../../schemas/statement.ts';
import { ok, refuse, type Result } from '../../protocol/result.ts';
import type { Reference } from '../database/evidence.ts';
import type { Named, Refusal } from './admit.ts';

/** How often one signer may strengthen the revocation of one statement. */
const REVOCATIONS = 8;

/** Decides whether a revocation's signer may revoke what it names, and so. */
export function admitRevocation(
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
  const erasure = erasureFault(revocation, target.kind, issuer === operator);
  if (erasure !== null) return refuse({ code: 'not-erasable', detail: erasure });
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

/**
 * Why a statement's body must stay: what others signed rests on it, and could never be checked again. Who else may erase
 * does so for themselves (docs/decisions/0008).
 */
function erasureFault(
  { erase, reason }: Statement<'Revocation'>['credentialSubject'],
  kind: StatementKind,
  isOperator: boolean,
): string | null {
  if (erase === undefined) return null;
  if (kind === 'Accreditation') {
    return 'an accreditation is public, and all that was signed under it rests on it; revoke it without erase';
  }
  if (kind !== 'HumanCredential' && kind !== 'RightsGrant') return null;
  if (isOperator && reason === 'legal') return null;
  const what = kind === 'HumanCredential' ? 'what the person signed' : 'what the licensee did';
  return `${what} rests on it; revoke it without erase. Where the law demands that its body goes, the operator erases it, with reason "legal"`;
}
