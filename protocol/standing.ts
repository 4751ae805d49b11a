import { reachesLevel } from '../schemas/frameworks.ts';
import type { Role } from '../schemas/accreditation.ts';
import type { Did, StatementId } from '../schemas/primitives.ts';
import type { StandingState } from '../schemas/report.ts';
import type { Statement } from '../schemas/statement.ts';
import { has, type Evidence, type Logged, type Present } from './evidence.ts';

/** What holds for a statement as of a time, and why. */
export interface Standing {
  state: StandingState;
  reason: string;
  /** The statement that decided it: a revocation, or null. */
  because: StatementId | null;
  /** A later version by the same signer: the statement still holds, but this is said. */
  supersededBy: StatementId | null;
}

/**
 * The standing of a statement at time `at` (milliseconds): by what the log knew then, and by what was later declared
 * invalid since before then (statements.md). One function for registry and verifier; it reads nothing but its arguments.
 */
export function standingAt(evidence: Evidence, logged: Logged, at: number): Standing {
  const own = ownStandingAt(evidence, logged, at);
  return { ...own, supersededBy: own.state === 'active' ? successorAt(evidence, logged, at) : null };
}

/** Standing but for later versions. */
function ownStandingAt(evidence: Evidence, logged: Logged, at: number): Omit<Standing, 'supersededBy'> {
  const standing = (state: StandingState, reason: string, because: StatementId | null = null) => ({
    state,
    reason,
    because,
  });
  if (logged.loggedAt > at) return standing('pending', 'it was not logged yet');
  const revocation = entitledRevocations(evidence, logged).find(
    ({ loggedAt, document }) => loggedAt <= at || invalidSinceOf(document) <= at,
  );
  const { document } = logged;
  if (document === null) return standing('erased', 'its body was erased', revocation?.id ?? null);
  if (revocation !== undefined) {
    return standing('revoked', revocation.document.credentialSubject.reason, revocation.id);
  }
  if (Date.parse(document.validFrom) > at) return standing('pending', `valid only from ${document.validFrom}`);
  if (document.validUntil !== undefined && Date.parse(document.validUntil) <= at) {
    return standing('expired', `valid until ${document.validUntil}`);
  }
  const fault = authorityFault(evidence, logged as Present, at);
  return fault === null ? standing('active', 'active') : standing('untrusted', fault);
}

/**
 * Why the signer had no right to have this statement logged, by what was known at `knownAt` and what `invalidSince`
 * reaches; null if it had.
 */
export function authorityFault(evidence: Evidence, logged: Present, knownAt: number): string | null {
  const { document } = logged;
  if (has(logged, 'Accreditation')) {
    return document.issuer === evidence.operator ? null : 'an accreditation is signed by the operator';
  }
  if (has(logged, 'HumanCredential')) {
    const { framework, level } = logged.document.credentialSubject.verification;
    const accredited = issuerAccreditation(evidence, logged, logged, knownAt);
    return accredited === null
      ? `${document.issuer} was not accredited for ${framework} ${level} when it signed`
      : null;
  }
  if (has(logged, 'DatasetRecord') || has(logged, 'ReviewRecord')) {
    if (evidence.credentialsOf(document.issuer).some((held) => vouchedWhen(evidence, held, logged, knownAt)))
      return null;
    const composesOnly = has(logged, 'DatasetRecord') && logged.document.credentialSubject.content === undefined;
    if (composesOnly && roleAt(evidence, document.issuer, 'publisher', logged, knownAt) !== null) return null;
    const lacking = `held no active human credential${composesOnly ? ' or publisher accreditation' : ''} when it signed`;
    return `${document.issuer} ${lacking}${erasedBefore(evidence, logged)}`;
  }
  if (has(logged, 'RightsGrant')) {
    const record = evidence.record(logged.document.credentialSubject.record);
    return record?.document.credentialSubject.rights.holder === document.issuer
      ? null
      : 'a grant is signed by the record’s rights holder';
  }
  const target = evidence.get((document as Present<'Revocation'>['document']).credentialSubject.id);
  return target !== undefined && mayRevoke(evidence, target, document.issuer)
    ? null
    : 'a revocation is signed by its target’s signer or the operator';
}

/** Says of credentials that the evidence once had: one of them may be what is lacking. Whose they were is gone with them. */
function erasedBefore(evidence: Evidence, logged: Logged): string {
  const erased = evidence.erasedCredentials().filter(({ index }) => index < logged.index);
  return erased.length === 0
    ? ''
    : `; the credential ${erased
        .map(({ id }) => id)
        .slice(0, 3)
        .join(', ')} was erased`;
}

/** The human credentials that the signer of a record or review held when it was logged, oldest first. */
export function signingCredentials(evidence: Evidence, logged: Present, knownAt: number): Present<'HumanCredential'>[] {
  return evidence
    .credentialsOf(logged.document.issuer)
    .filter((credential) => vouchedWhen(evidence, credential, logged, knownAt));
}

/** Whether a credential held when `moment` was logged: it was in order when logged, and its issuer still was then. */
const vouchedWhen = (
  evidence: Evidence,
  credential: Present<'HumanCredential'>,
  moment: Logged,
  knownAt: number,
): boolean =>
  heldWhen(evidence, credential, moment, knownAt) &&
  issuerAccreditation(evidence, credential, credential, knownAt) !== null &&
  issuerAccreditation(evidence, credential, moment, knownAt) !== null;

/** The accreditation under which a credential's issuer could vouch at its level when `moment` was logged. */
export const issuerAccreditation = (
  evidence: Evidence,
  credential: Present<'HumanCredential'>,
  moment: Logged,
  knownAt: number,
): Present<'Accreditation'> | null =>
  evidence
    .accreditationsOf(credential.document.issuer)
    .find((each) => givesRole(evidence, each, 'identity-issuer', moment, knownAt) && covers(each, credential)) ?? null;

/** All of them: any suffices. */
export const issuerAccreditations = (
  evidence: Evidence,
  credential: Present<'HumanCredential'>,
  moment: Logged,
  knownAt: number,
): Present<'Accreditation'>[] =>
  rolesAt(evidence, credential.document.issuer, 'identity-issuer', moment, knownAt).filter((accreditation) =>
    covers(accreditation, credential),
  );

/** Every accreditation, of whatever time, under which a credential's issuer may vouch at its level. */
export const accreditationsFor = (
  evidence: Evidence,
  credential: Present<'HumanCredential'>,
): Present<'Accreditation'>[] =>
  evidence
    .accreditationsOf(credential.document.issuer)
    .filter((each) => each.document.issuer === evidence.operator && covers(each, credential));

function covers(accreditation: Present<'Accreditation'>, credential: Present<'HumanCredential'>): boolean {
  const { framework, level } = credential.document.credentialSubject.verification;
  return (accreditation.document.credentialSubject.frameworks ?? []).some(
    (grant) => grant.framework === framework && reachesLevel(framework, grant.maxLevel, level),
  );
}

/** The accreditations by which a DID held a role when `moment` was logged. */
export const rolesAt = (
  evidence: Evidence,
  did: Did,
  role: Role,
  moment: Pick<Logged, 'index' | 'loggedAt'>,
  knownAt: number,
): Present<'Accreditation'>[] =>
  evidence.accreditationsOf(did).filter((each) => givesRole(evidence, each, role, moment, knownAt));

const givesRole = (
  evidence: Evidence,
  accreditation: Present<'Accreditation'>,
  role: Role,
  moment: Pick<Logged, 'index' | 'loggedAt'>,
  knownAt: number,
): boolean =>
  accreditation.document.issuer === evidence.operator &&
  accreditation.document.credentialSubject.roles.includes(role) &&
  heldWhen(evidence, accreditation, moment, knownAt);

/** The first of them. */
export const roleAt = (...held: Parameters<typeof rolesAt>): Present<'Accreditation'> | null =>
  rolesAt(...held)[0] ?? null;

/**
 * Whether `signer` may revoke `target`. Who signed what was erased is not known any more: the log admitted only
 * revocations by someone entitled, so whatever names an erased statement counts.
 */
export const mayRevoke = (evidence: Evidence, target: Logged, signer: Did): boolean =>
  target.kind !== 'Revocation' &&
  (target.document === null || signer === evidence.operator || signer === target.document.issuer);

/**
 * Whether a statement was logged before `moment`, valid then, and not revoked by then. A revocation whose
 * `invalidSince` reaches back so far counts whenever it was logged, even after `knownAt`.
 */
function heldWhen(
  evidence: Evidence,
  logged: Present,
  moment: Pick<Logged, 'index' | 'loggedAt'>,
  knownAt: number,
): boolean {
  const when = moment.loggedAt;
  if (logged.index >= moment.index) return false;
  const { validFrom, validUntil, invalidSince, revoked } = holdOf(evidence, logged);
  if (validFrom > when || validUntil <= when || invalidSince <= when) return false;
  return revoked === undefined || revoked.index > moment.index || revoked.loggedAt > knownAt;
}

/** Revocations of a statement by someone entitled, in log order. */
export const entitledRevocations = (evidence: Evidence, target: Logged): readonly Present<'Revocation'>[] =>
  evidence.revocationsOf(target.id).filter(({ document }) => mayRevoke(evidence, target, document.issuer));

/** From when a revocation counts though it was logged later; never, unless it says so. */
const invalidSinceOf = ({ credentialSubject: { invalidSince } }: Statement<'Revocation'>): number =>
  invalidSince === undefined ? Infinity : Date.parse(invalidSince);

/** When a statement holds: its own span, the first revocation, and the earliest time from which one voids it. */
interface Hold {
  validFrom: number;
  validUntil: number;
  revoked: Present<'Revocation'> | undefined;
  invalidSince: number;
}

const holds = new WeakMap<Evidence, Map<StatementId, Hold>>();

/** Evidence never changes, and one credential is asked about for each record that its key signed: worked out once. */
function holdOf(evidence: Evidence, logged: Present): Hold {
  let known = holds.get(evidence);
  if (known === undefined) holds.set(evidence, (known = new Map<StatementId, Hold>()));
  let hold = known.get(logged.id);
  if (hold === undefined) {
    const { validFrom, validUntil } = logged.document;
    const revocations = entitledRevocations(evidence, logged);
    hold = {
      validFrom: Date.parse(validFrom),
      validUntil: validUntil === undefined ? Infinity : Date.parse(validUntil),
      revoked: revocations[0],
      invalidSince: revocations.reduce((least, { document }) => Math.min(least, invalidSinceOf(document)), Infinity),
    };
    known.set(logged.id, hold);
  }
  return hold;
}

/** The latest version by the same signer that holds itself: a stolen key's, or a withdrawn one, replaces nothing. */
function successorAt(evidence: Evidence, logged: Logged, at: number): StatementId | null {
  const successor = evidence
    .successorsOf(logged.id)
    .findLast(
      (next) =>
        next.document.issuer === logged.document?.issuer && ownStandingAt(evidence, next, at).state === 'active',
    );
  return successor?.id ?? null;
}
