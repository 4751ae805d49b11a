import { reachesLevel, type FrameworkName } from '../../schemas/frameworks.ts';
import type { Issuer, IssuersPage } from '../../schemas/people.ts';
import type { Did } from '../../schemas/primitives.ts';
import { Evidence, has, type Logged, type Present } from '../../protocol/evidence.ts';
import { standingAt } from '../../protocol/standing.ts';
import { toLogged } from '../database/evidence.ts';
import type { Deps } from '../deps.ts';
import { listed } from './profile.ts';
import { issuersAfter, talliesOf } from './queries.ts';

/** A page of the parties that were ever accredited to verify people, in two queries. */
export async function issuersPage(
  { database, operator, now }: Pick<Deps, 'database' | 'operator' | 'now'>,
  { after = '', limit }: { after?: string | undefined; limit: number },
): Promise<IssuersPage> {
  const rows = await database.all(issuersAfter(after, limit));
  const dids = [...new Set(rows.flatMap(({ did }) => (did === null ? [] : [did])))].toSorted(byCodeUnit);
  const shown = dids.slice(0, limit);
  const tallies = await database.all(talliesOf(shown));
  const evidence = new Evidence(await operator(), rows.map(toLogged));
  const at = now();
  const issuers = shown.map((did): Issuer => {
    const history = rows.filter((row) => row.did === did).map((row) => evidence.get(row.id) as Logged);
    const issued = tallies.find(({ issuer, kind }) => issuer === did && kind === 'HumanCredential');
    return {
      ...describe(evidence, did, history, at),
      credentials: { issued: issued?.logged ?? 0, revoked: issued?.revoked ?? 0 },
    };
  });
  return { issuers, next: dids.length > limit ? (shown.at(-1) ?? null) : null };
}

/** SQLite orders text by its bytes, and DIDs are ASCII. */
const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function describe(evidence: Evidence, did: Did, history: readonly Logged[], at: number): Omit<Issuer, 'credentials'> {
  const present = history.filter((logged): logged is Present<'Accreditation'> => has(logged, 'Accreditation'));
  const active = present.filter((logged) => standingAt(evidence, logged, at).state === 'active');
  const { name = '', url = null } = present.at(-1)?.document.credentialSubject ?? {};
  return {
    did,
    name,
    url,
    roles: [...new Set(active.flatMap(({ document }) => document.credentialSubject.roles))],
    frameworks: strongest(active),
    accreditations: history.map((logged) => {
      const subject = has(logged, 'Accreditation') ? logged.document.credentialSubject : null;
      const since = evidence
        .revocationsOf(logged.id)
        .flatMap(({ document }) => document.credentialSubject.invalidSince ?? [])
        .toSorted(byCodeUnit);
      return {
        ...listed(logged),
        standing: standingAt(evidence, logged, at),
        roles: subject?.roles ?? [],
        frameworks: subject?.frameworks ?? [],
        invalidSince: since[0] ?? null,
      };
    }),
  };
}

/** The highest level of each framework that any of the accreditations covers. */
function strongest(accreditations: readonly Present<'Accreditation'>[]): Issuer['frameworks'] {
  const highest = new Map<FrameworkName, Issuer['frameworks'][0]>();
  for (const grant of accreditations.flatMap(({ document }) => document.credentialSubject.frameworks ?? [])) {
    const known = highest.get(grant.framework);
    if (known === undefined || reachesLevel(grant.framework, grant.maxLevel, known.maxLevel)) {
      highest.set(grant.framework, grant);
    }
  }
  return [...highest.values()];
}
