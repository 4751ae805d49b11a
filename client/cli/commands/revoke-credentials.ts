import { Timestamp, type Did } from '../../../schemas/primitives.ts';
import { RevocationReason } from '../../../schemas/revocation.ts';
import { signStatement } from '../../../protocol/statement.ts';
import { timestampOf } from '../../../protocol/time.ts';
import type { IssuedCredential } from '../../issued.ts';
import { CliError } from '../cli-error.ts';
import type { Cli } from '../context.ts';
import { readFlag, readOptional } from '../flags.ts';
import { settleEarlier } from '../issuing/issue.ts';
import { allIssued, openIssuer, type Issuer } from '../issuing/issuer.ts';
import { Journal } from '../issuing/journal.ts';
import { nothingIssued, requireSelection, type SelectOptions } from '../issuing/select.ts';
import { text } from '../terminal.ts';

export interface RevokeCredentialsOptions extends SelectOptions {
  reason: string;
  invalidSince?: string;
  dryRun?: boolean;
}

interface Ended {
  credential: string;
  did: Did;
}

/** Revokes what the issuer issued to one person or key: whatever is not revoked yet, or not as far back. Safe to repeat. */
export async function revokeCredentials(cli: Cli, options: RevokeCredentialsOptions): Promise<number> {
  const reason = readFlag(RevocationReason, options.reason, '--reason');
  const invalidSince = readOptional(Timestamp, options.invalidSince, '--invalid-since');
  const issuer = await openIssuer(cli);
  const { matches, subject } = await requireSelection(cli, issuer.key, options);
  if (options.dryRun !== true) await settleOutbox(cli, issuer);
  const { credentials } = await allIssued(issuer, { subject }, matches);
  if (credentials.length === 0) throw nothingIssued(issuer.client.url);
  const isDone = ({ standing }: IssuedCredential): boolean =>
    standing.state === 'revoked' && invalidSince === undefined;
  const targets = credentials.filter((each) => !isDone(each));
  const already: Ended[] = credentials.filter(isDone).map(endedOf);
  if (options.dryRun === true) {
    const revoke = targets.map(endedOf);
    cli.out.result(
      { dryRun: true, revoke, already },
      () => text`would revoke:\n${linesOf(revoke)}nothing was submitted`,
    );
    return 0;
  }

  const revoked: (Ended & { id: string; index: number; loggedAt: string })[] = [];
  const refused: (Ended & { code: string; detail: string })[] = [];
  const signer = await issuer.signer();
  const validFrom = timestampOf(cli.now());
  const statements = await Promise.all(
    targets.map(async ({ id }) => {
      const about = { id, reason, ...(invalidSince === undefined ? {} : { invalidSince }) };
      const signed = await signStatement({ kind: 'Revocation', subject: about, validFrom }, signer);
      if (!signed.ok) throw new CliError('usage', signed.reason.detail);
      return signed.value.canonical;
    }),
  );
  for (const [at, result] of (await issuer.client.submitBatch(statements)).entries()) {
    const ended = endedOf(targets[at] as IssuedCredential);
    // Revoked already, as far back as this one reaches; or by these very bytes, a moment ago.
    if (result.ok ? !result.value.isNew : result.reason.code === 'not-revocable') already.push(ended);
    else if (!result.ok) refused.push({ ...ended, code: result.reason.code, detail: result.reason.detail });
    else {
      const { id, index, loggedAt } = result.value;
      revoked.push({ ...ended, id, index, loggedAt });
    }
  }
  for (const { credential, code, detail } of refused) cli.out.note(text`${credential}: ${code}: ${detail}`);
  cli.out.result({ reason, invalidSince: invalidSince ?? null, revoked, already, refused }, () => {
    const since = invalidSince === undefined ? '' : `, not to be trusted since ${invalidSince}`;
    const before = already.length === 0 ? '' : `revoked before:\n${linesOf(already)}`;
    return text`revoked as ${reason}${since}:\n${linesOf(revoked)}${before}${revoked.length} revoked, ${already.length} were already, ${refused.length} refused`;
  });
  return refused.length > 0 ? 1 : 0;
}

const endedOf = ({ id, document }: IssuedCredential): Ended => ({
  credential: id,
  did: document.credentialSubject.id,
});

const linesOf = (list: readonly Ended[]): string =>
  list.map(({ credential, did }) => `  ${credential}  ${did}\n`).join('');

/** What an earlier run signed and did not send would come to life later; now it is there to be revoked. */
async function settleOutbox(cli: Cli, issuer: Issuer): Promise<void> {
  const journal = await Journal.open(cli, issuer.log, issuer.did);
  try {
    await settleEarlier({ ...issuer, journal, stop: new AbortController().signal });
  } finally {
    await journal.close();
  }
}
