import { reachesLevel } from '../../../schemas/frameworks.ts';
import type { Did } from '../../../schemas/primitives.ts';
import type * as z from 'zod';
import type { RevocationReason } from '../../../schemas/revocation.ts';
import { canonicalJson } from '../../../protocol/json.ts';
import type { IssuedCredential, IssuedCredentials } from '../../issued.ts';
import type { Fault, Wanted } from './people-file.ts';

/** What is to be done about each person: nothing where an active credential says all that is wanted. */
export interface Plan {
  already: { wanted: Wanted; credential: IssuedCredential }[];
  issue: Wanted[];
  faults: Fault[];
}

/** Reasons after which a key may be in somebody else's hands, or was never the person's. */
const BARRING: ReadonlySet<string> = new Set<z.infer<typeof RevocationReason>>(['key-compromise', 'fraud']);

/** Compares what is wanted with what the issuer may do, and has done, at a registry. */
export function planFor(people: readonly Wanted[], issued: Omit<IssuedCredentials, 'next'>, issuer: Did): Plan {
  const active = new Map<Did, IssuedCredential[]>();
  const barred = new Map<Did, IssuedCredential>();
  for (const credential of issued.credentials) {
    const { id } = credential.document.credentialSubject;
    const { state, reason } = credential.standing;
    if (state === 'revoked' && BARRING.has(reason)) barred.set(id, credential);
    if (state !== 'active') continue;
    active.set(id, [...(active.get(id) ?? []), credential]);
  }
  const plan: Plan = { already: [], issue: [], faults: [] };
  for (const wanted of people) {
    const held = active.get(wanted.did) ?? [];
    const { framework, level } = wanted.verification;
    const grants = issued.accredited.filter((grant) => grant.framework === framework);
    const other = held.find(({ document }) => document.credentialSubject.nullifier !== wanted.nullifier);
    const credential = held.find((each) => isCovered(wanted, each));
    if (
      !grants.some((grant) => reachesLevel(framework, level, level) && reachesLevel(framework, grant.maxLevel, level))
    ) {
      plan.faults.push(notAccredited(wanted, grants.at(0)?.maxLevel, issuer));
    } else if (barred.has(wanted.did)) {
      const { id, standing } = barred.get(wanted.did) as IssuedCredential;
      plan.faults.push({
        line: wanted.line,
        column: 'did',
        message: `was revoked for ${standing.reason} (${id}) and is not attested again: the person needs a new key`,
      });
    } else if (other !== undefined) {
      plan.faults.push({
        line: wanted.line,
        column: 'did',
        message: `is attested as another person’s by ${other.id}: if that was wrong, revoke it first`,
      });
    } else if (credential === undefined) plan.issue.push(wanted);
    else plan.already.push({ wanted, credential });
  }
  return plan;
}

/** Whether an active credential says all that is wanted. What is not asked for may be anything. */
function isCovered(wanted: Wanted, { document }: IssuedCredential): boolean {
  const { verification, expertise, nullifier } = document.credentialSubject;
  const { framework, level, method, verifiedAt } = wanted.verification;
  return (
    nullifier === wanted.nullifier &&
    verification.framework === framework &&
    verification.level === level &&
    verification.method === method &&
    (verifiedAt === undefined || verification.verifiedAt === verifiedAt) &&
    (wanted.expertise === undefined || canonicalJson(expertise ?? []) === canonicalJson(wanted.expertise)) &&
    (wanted.validUntil === undefined || document.validUntil === undefined || document.validUntil >= wanted.validUntil)
  );
}

function notAccredited({ line, verification }: Wanted, upTo: string | undefined, issuer: Did): Fault {
  const { framework, level } = verification;
  return {
    line,
    column: 'level',
    message: `${issuer} is not accredited here for ${framework} ${level}${
      upTo === undefined ? '' : `, only up to ${upTo}`
    }: the operator accredits issuers (firsthand accredit)`,
  };
}
