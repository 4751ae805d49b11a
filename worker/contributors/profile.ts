import { ASSISTANCE_LEVELS, type AssistanceLevel } from '../../schemas/dataset-record.ts';
import type { Contributor, Verdicts } from '../../schemas/people.ts';
import type { Did } from '../../schemas/primitives.ts';
import type { StandingState } from '../../schemas/report.ts';
import type { Statement } from '../../schemas/statement.ts';
import { Evidence, has, type Logged, type Present } from '../../protocol/evidence.ts';
import { signingCredentials, standingAt } from '../../protocol/standing.ts';
import { logTimeOf } from '../../protocol/time.ts';
import type { Deps } from '../deps.ts';
import { ProblemError } from '../http/problem.ts';
import { profileEvidence, recordsOf, talliesOf, type PageRow, type ProfileRow } from './queries.ts';

/** Credentials that a profile lists. */
const LISTED = 100;

/** A row as standing is judged by it: briefs are not statements, so nothing of them is kept beyond the profile. */
const toLogged = ({ id, kind, log_index: index, logged_at: loggedAt, body }: ProfileRow): Logged => ({
  id,
  kind,
  index,
  loggedAt,
  document: body === null ? null : (JSON.parse(body) as Statement),
});

/** What the log knows of a key now, in three queries. Ends the request where it has neither credential nor work. */
export async function profileOf(
  { database, operator, now }: Pick<Deps, 'database' | 'operator' | 'now'>,
  did: Did,
  { after = Number.MAX_SAFE_INTEGER, limit }: { after?: number | undefined; limit: number },
): Promise<Contributor> {
  const [rows, page, tallies] = await Promise.all([
    database.all(profileEvidence(did, after, limit)),
    database.all(recordsOf(did, after, limit + 1)),
    database.all(talliesOf([did])),
  ]);
  const total = tallies.find(({ kind }) => kind === 'DatasetRecord')?.logged ?? 0;
  const isReviewer = tallies.some(({ kind }) => kind === 'ReviewRecord');
  if (total === 0 && !isReviewer && !rows.some((row) => row.attests === 1)) {
    throw new ProblemError('not-found', `${did} is no contributor in this log: it has no credential and no work here`);
  }
  const at = now();
  const evidence = new Evidence(await operator(), rows.map(toLogged));
  const standing = (row: Pick<ProfileRow, 'id'>) => standingAt(evidence, evidence.get(row.id) as Logged, at);
  const counted = rows.filter((row) => row.counted === 1);
  const shown = page.slice(0, limit);
  return {
    did,
    credentials: rows
      .filter((row) => row.attests === 1)
      .slice(-LISTED)
      .map((row) => evidence.get(row.id))
      .filter((logged): logged is Present<'HumanCredential'> => logged !== undefined && has(logged, 'HumanCredential'))
      .map((credential) => ({ ...listed(credential), standing: standing(credential), ...attested(credential) })),
    records: {
      total,
      counted: counted.length,
      byStanding: tally<StandingState>(counted.map((row) => standing(row).state)),
      byAssistance: tally<AssistanceLevel>(
        counted.flatMap(({ assistance }) => (assistance === null ? [] : [levelOf(assistance)])),
      ),
      newest: shown.map((row) => {
        const { state, supersededBy } = standing(row);
        return {
          id: row.id,
          index: row.log_index,
          loggedAt: logTimeOf(row.logged_at),
          state,
          supersededBy,
          said: saidBy(row),
        };
      }),
      next: page.length > limit ? (shown.at(-1)?.log_index ?? null) : null,
    },
    reviews: reviewsOf(evidence, rows, did, at),
  };
}

/** Where a statement is, and when it holds. */
export const listed = ({ id, index, loggedAt, document }: Logged) => ({
  id,
  index,
  loggedAt: logTimeOf(loggedAt),
  validFrom: document?.validFrom ?? null,
  validUntil: document?.validUntil ?? null,
});

function attested({ document }: Present<'HumanCredential'>) {
  const { verification, expertise = [] } = document.credentialSubject;
  return { issuer: document.issuer, verification, expertise };
}

const levelOf = (rank: number): AssistanceLevel => ASSISTANCE_LEVELS[rank] ?? 'synthetic';

function saidBy({
  name,
  version,
  task_type,
  license,
  assistance,
}: PageRow): Contributor['records']['newest'][0]['said'] {
  if (name === null || version === null || license === null || assistance === null) return null;
  return { name, version, taskType: task_type as 'evaluation', license, assistance: levelOf(assistance) };
}

function tally<K extends string>(values: readonly K[]): Partial<Record<K, number>> {
  const counts: Partial<Record<K, number>> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

/** Active reviews by the key, and by others of its records: by nobody known to be the same person. */
function reviewsOf(evidence: Evidence, rows: readonly ProfileRow[], did: Did, at: number): Contributor['reviews'] {
  const active = rows.flatMap((row) => {
    const logged = evidence.get(row.id) as Logged;
    return has(logged, 'ReviewRecord') && standingAt(evidence, logged, at).state === 'active' ? [{ row, logged }] : [];
  });
  const personsOf = (credentials: readonly Present<'HumanCredential'>[]): string[] =>
    credentials.map(({ document }) => `${document.issuer} ${document.credentialSubject.nullifier}`);
  const self = new Set(personsOf(evidence.credentialsOf(did)));
  const isOthers = (review: Present<'ReviewRecord'>): boolean =>
    review.document.issuer !== did && !personsOf(signingCredentials(evidence, review, at)).some((who) => self.has(who));
  const given = active.filter(({ row }) => row.issuer === did).map(({ logged }) => logged);
  const received = active
    .filter(({ row, logged }) => row.received === 1 && isOthers(logged))
    .map(({ logged }) => logged);
  const verdicts = verdictsOf(received);
  const all = verdicts.accept + verdicts.revise + verdicts.reject;
  return { given: verdictsOf(given), received: verdicts, acceptance: all === 0 ? null : verdicts.accept / all };
}

/** Of the reviews that one key made of one record, the newest counts. They are in log order. */
function verdictsOf(reviews: readonly Present<'ReviewRecord'>[]): Verdicts {
  const newest = new Map(
    reviews.map(({ document }) => [`${document.issuer} ${document.credentialSubject.id}`, document]),
  );
  const verdicts: Verdicts = { accept: 0, revise: 0, reject: 0 };
  for (const { credentialSubject } of newest.values()) verdicts[credentialSubject.verdict]++;
  return verdicts;
}
