import type { StatementKind } from '../../schemas/statement.ts';
import { signStatement, type Draft } from '../../protocol/statement.ts';
import { timestampOf } from '../../protocol/time.ts';
import { CliError } from './cli-error.ts';
import type { Cli } from './context.ts';
import { openSigner, selectKey, type StoredKey } from './keys/key-store.ts';
import { text, type Rendered } from './terminal.ts';
import { connect } from './trust-store.ts';

/** Signs a statement with the chosen key, submits it, checks the receipt and prints what the log says. */
export async function signAndSubmit<K extends StatementKind>(
  cli: Cli,
  draft: Omit<Draft<K>, 'validFrom'>,
  done: Rendered,
  chosen?: StoredKey,
): Promise<void> {
  const { client } = await connect(cli);
  const signer = await openSigner(cli, chosen ?? (await selectKey(cli)));
  const signed = await signStatement({ ...draft, validFrom: timestampOf(cli.now()) }, signer);
  if (!signed.ok) throw new CliError('usage', signed.reason.detail);
  const { id, index, loggedAt, receipt } = await client.submit(signed.value.canonical);
  cli.out.result({ id, index, loggedAt, receipt }, () => text`${done}\n${id}\nlogged as entry ${index} at ${loggedAt}`);
}
