import { ContributorQuery, type Contributor, type Issuer, IssuersQuery } from '../../../schemas/people.ts';
import { Did } from '../../../schemas/primitives.ts';
import { formatShare } from '../../../protocol/share.ts';
import type { Cli } from '../context.ts';
import { readFlag, readOptional } from '../flags.ts';
import { table, text } from '../terminal.ts';
import { connect } from '../trust-store.ts';

export interface PageOptions {
  after?: string;
  limit?: string;
}

/** Shows what a registry says of a key: nothing of this is proven, a certificate is. */
export async function contributor(cli: Cli, key: string, options: PageOptions): Promise<void> {
  const did = readFlag(Did, key, 'DID');
  const after = readOptional(ContributorQuery.shape.after, options.after, '--after');
  const limit = readOptional(ContributorQuery.shape.limit, options.limit, '--limit');
  const { client } = await connect(cli);
  const profile = await client.contributor(did, { after, limit });
  cli.out.result(profile, () => text`${profileLines(profile).join('\n')}`);
}

function profileLines({ did, credentials, records, reviews }: Contributor): string[] {
  const held = credentials.map(({ verification, expertise, issuer, standing }) => [
    'credential',
    standing.state,
    `${verification.framework} ${verification.level}`,
    `verified ${verification.verifiedAt.slice(0, 10)} by ${verification.method}`,
    `${expertise.map(({ field }) => `${field}, `).join('')}issued by ${issuer}`,
  ]);
  const made = records.newest.map(({ id, loggedAt, state, said }) => [
    id,
    loggedAt.slice(0, 10),
    state,
    said?.assistance ?? '',
    said?.name ?? '(erased)',
  ]);
  const { given, received, acceptance } = reviews;
  return [
    did,
    ...table(held),
    `records ${records.total}: ${countsOf(records.byStanding)}; assistance: ${countsOf(records.byAssistance)}`,
    `reviews received ${countsOf(received)}${acceptance === null ? '' : `; accepted ${formatShare(acceptance)}`}`,
    `reviews given ${countsOf(given)}`,
    ...table(made),
    ...(records.next === null ? [] : [`more: --after ${records.next}`]),
  ];
}

/** Lists the parties that the operator of a registry accredited to verify people. */
export async function issuers(cli: Cli, options: PageOptions): Promise<void> {
  const limit = readOptional(IssuersQuery.shape.limit, options.limit, '--limit');
  const after = readOptional(Did, options.after, '--after');
  const { client } = await connect(cli);
  const page = await client.issuers({ after, limit });
  cli.out.result(page, () => {
    const rows = page.issuers.map((issuer) => [
      issuer.did,
      issuer.name,
      levelsOf(issuer),
      `${issuer.credentials.issued} issued, ${issuer.credentials.revoked} revoked`,
      `accredited since ${issuer.accreditations[0]?.loggedAt.slice(0, 10) ?? 'never'}`,
    ]);
    const more = page.next === null ? '' : `\nmore: --after ${page.next}`;
    return rows.length === 0 ? text`no issuers` : text`${table(rows).join('\n')}${more}`;
  });
}

const levelsOf = ({ frameworks, accreditations }: Issuer): string =>
  frameworks.length > 0
    ? frameworks.map(({ framework, maxLevel }) => `${framework}=${maxLevel}`).join(' ')
    : `not now: ${accreditations.at(-1)?.standing.state ?? 'never'}`;

const countsOf = (counts: Partial<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([what, count]) => `${count} ${what}`)
    .join(', ') || 'none';
