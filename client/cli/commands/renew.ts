import { FrameworkName, LevelName } from '../../../schemas/frameworks.ts';
import { Term, Timestamp, type Did } from '../../../schemas/primitives.ts';
import type { IssuedCredential } from '../../issued.ts';
import type { BatchResult } from '../../submit-batch.ts';
import { CliError } from '../cli-error.ts';
import type { Cli } from '../context.ts';
import { readFlag, readOptional } from '../flags.ts';
import { issueAll, settleEarlier } from '../issuing/issue.ts';
import { allIssued, openIssuer, type Issuer } from '../issuing/issuer.ts';
import { Journal } from '../issuing/journal.ts';
import type { Wanted } from '../issuing/people-file.ts';
import { planFor, type Plan } from '../issuing/plan.ts';
import { nothingIssued, requireSelection, type Selection, type SelectOptions } from '../issuing/select.ts';
import { text } from '../terminal.ts';

export interface RenewOptions extends SelectOptions {
  framework?: string;
  level?: string;
  method?: string;
  verifiedAt?: string;
  validUntil: string;
  dryRun?: boolean;
}

/**
 * Issues a credential that holds longer for each key of a person that has one, active or expired. A key whose credentials
 * were all revoked gets none. The old ones run out by themselves. Safe to repeat.
 */
export async function renewCredentials(cli: Cli, options: RenewOptions): Promise<number> {
  const validUntil = readFlag(Timestamp, options.validUntil, '--valid-until');
  if (Date.parse(validUntil) <= cli.now()) throw new CliError('usage', '--valid-until: has passed');
  const changes = {
    ...given('framework', readOptional(FrameworkName, options.framework, '--framework')),
    ...given('level', readOptional(LevelName, options.level, '--level')),
    ...given('method', readOptional(Term, options.method, '--method')),
    ...given('verifiedAt', readOptional(Timestamp, options.verifiedAt, '--verified-at')),
  };
  const issuer = await openIssuer(cli);
  const selection = await requireSelection(cli, issuer.key, options);
  if (options.dryRun === true) {
    const plan = await planRenewal(issuer, selection, validUntil, changes);
    const renew = plan.issue.map(({ did }) => did);
    cli.out.result(
      { dryRun: true, renew, already: alreadyOf(plan) },
      () => text`would renew ${renew.length}: ${renew.join(' ')}\n${alreadyLines(plan)}nothing was submitted`,
    );
    return 0;
  }
  const journal = await Journal.open(cli, issuer.log, issuer.did);
  try {
    const stop = new AbortController().signal;
    await settleEarlier({ ...issuer, journal, stop });
    const plan = await planRenewal(issuer, selection, validUntil, changes);
    const renewed: { did: Did; id: string; index: number; loggedAt: string; validUntil: string }[] = [];
    const refused: { did: Did; code: string; detail: string }[] = [];
    const hear = async (batch: readonly Wanted[], results: readonly BatchResult[] | null): Promise<void> => {
      for (const [at, { did }] of batch.entries()) {
        const result = results?.[at];
        if (result?.ok === true) {
          const { id, index, loggedAt } = result.value;
          renewed.push({ did, id, index, loggedAt, validUntil });
        } else if (result !== undefined) refused.push({ did, code: result.reason.code, detail: result.reason.detail });
      }
    };
    const signer = plan.issue.length === 0 ? null : await issuer.signer();
    if (signer !== null) await issueAll(plan.issue, { ...issuer, signer, journal, now: cli.now, stop }, hear);
    for (const { did, code, detail } of refused) cli.out.note(text`${did}: ${code}: ${detail}`);
    cli.out.result({ renewed, already: alreadyOf(plan), refused }, () => {
      const lines = renewed.map(
        ({ did, id, index }) => `renewed ${did} until ${validUntil}\n${id}\nlogged as entry ${index}\n`,
      );
      return text`${lines.join('')}${alreadyLines(plan)}${renewed.length} renewed, ${refused.length} refused`;
    });
    return refused.length > 0 ? 1 : 0;
  } finally {
    await journal.close();
  }
}

/** Renews what the newest credential of each key says, with the changes asked for. */
async function planRenewal(
  issuer: Issuer,
  { subject, matches }: Selection,
  validUntil: string,
  changes: Partial<Wanted['verification']>,
): Promise<Plan> {
  const issued = await allIssued(issuer, { subject }, matches);
  if (issued.credentials.length === 0) throw nothingIssued(issuer.client.url);
  const newest = new Map<Did, IssuedCredential>();
  for (const credential of issued.credentials) {
    const { id } = credential.document.credentialSubject;
    // A revocation ends what came before it, too: an older one that ran out is no way around it.
    if (credential.standing.state === 'revoked') newest.delete(id);
    if (['active', 'expired'].includes(credential.standing.state)) newest.set(id, credential);
  }
  if (newest.size === 0) {
    throw new CliError('conflict', 'all of these were revoked', 'attest the person anew: firsthand attest-human');
  }
  const wanted = [...newest.values()].map(({ document: { credentialSubject } }): Wanted => {
    const { id: did, nullifier, verification, expertise } = credentialSubject;
    return { line: 0, did, nullifier, verification: { ...verification, ...changes }, expertise, validUntil };
  });
  const plan = planFor(wanted, issued, issuer.did);
  const [fault] = plan.faults;
  if (fault !== undefined) throw new CliError(fault.column === 'level' ? 'not-authorised' : 'conflict', fault.message);
  return plan;
}

const alreadyOf = ({ already }: Plan) =>
  already.map(({ wanted: { did }, credential: { id, document } }) => ({
    did,
    id,
    validUntil: document.validUntil ?? null,
  }));

const alreadyLines = (plan: Plan): string =>
  alreadyOf(plan)
    .map(
      ({ did, id, validUntil }) =>
        `${did} holds ${id} ${validUntil === null ? 'without end' : `until ${validUntil}`} already\n`,
    )
    .join('');

const given = <K extends string, V>(name: K, value: V | undefined): { [field in K]?: V } =>
  value === undefined ? {} : ({ [name]: value } as { [field in K]: V });
