import { StandingState } from '../../../schemas/report.ts';
import { CliError } from '../cli-error.ts';
import type { Cli } from '../context.ts';
import { readOptional } from '../flags.ts';
import { allIssued, openIssuer } from '../issuing/issuer.ts';
import { readJournals, type JournalEntry } from '../issuing/journal.ts';
import { readSelection, type SelectOptions } from '../issuing/select.ts';
import { selectKey } from '../keys/key-store.ts';
import { table, text } from '../terminal.ts';

export interface ListOptions extends SelectOptions {
  state?: string;
  local?: boolean;
}

/** Lists what the issuer issued: by the registry's word with its standing, or by this machine's memory. */
export async function listCredentials(cli: Cli, options: ListOptions): Promise<void> {
  const state = readOptional(StandingState, options.state, '--state');
  if (options.local === true && state !== undefined) {
    throw new CliError('usage', '--state: only the registry knows what was revoked; leave --local out');
  }
  const credentials = options.local === true ? await local(cli, options) : await atRegistry(cli, options);
  const shown = credentials.filter((each) => state === undefined || each.state === state);
  cli.out.result({ credentials: shown }, () => {
    const rows = shown.map(({ id, did, verification, validUntil, state: standing }) => [
      standing ?? 'issued',
      did,
      `${verification.framework} ${verification.level}`,
      validUntil === null ? 'no end' : `until ${validUntil.slice(0, 10)}`,
      id,
    ]);
    return rows.length === 0 ? text`nothing issued` : text`${table(rows).join('\n')}`;
  });
}

async function atRegistry(cli: Cli, options: SelectOptions) {
  const issuer = await openIssuer(cli);
  const { matches, subject } = await readSelection(cli, issuer.key, options);
  const { credentials } = await allIssued(issuer, { subject }, matches);
  return credentials.map((credential) => ({
    ...viewOf(credential),
    state: credential.standing.state,
    reason: credential.standing.reason,
  }));
}

async function local(cli: Cli, options: SelectOptions) {
  const key = await selectKey(cli);
  const { matches } = await readSelection(cli, key, options);
  const found = [];
  for await (const entry of readJournals(cli.env, key.key.did)) {
    if (matches(entry)) found.push({ ...viewOf(entry), log: entry.log, state: null });
  }
  return found;
}

function viewOf({ id, index, loggedAt, document }: JournalEntry) {
  const { id: did, nullifier, verification, expertise } = document.credentialSubject;
  const { validFrom, validUntil = null } = document;
  return { id, index, loggedAt, did, nullifier, verification, expertise: expertise ?? [], validFrom, validUntil };
}
