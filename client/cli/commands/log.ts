import { StatementId } from '../../../schemas/primitives.ts';
import { toBase64 } from '../../../protocol/bytes.ts';
import type { Cli } from '../context.ts';
import { readFlag } from '../flags.ts';
import { writeOutput } from '../durable-file.ts';
import { text } from '../terminal.ts';
import { connect } from '../trust-store.ts';
import type { SaveOptions } from './get.ts';

/** The log's newest checkpoint, its signatures checked. */
export async function logCheckpoint(cli: Cli): Promise<void> {
  const { client } = await connect(cli);
  const { origin, size, root, checkpoint } = await client.checkpoint();
  if (!cli.out.json) return cli.out.raw(checkpoint);
  cli.out.result({ origin, size, root: toBase64(root), checkpoint }, () => text``);
}

/** A statement's receipt (C2SP tlog-proof), checked. */
export async function logProof(cli: Cli, id: string, { output }: SaveOptions): Promise<void> {
  const statement = readFlag(StatementId, id, 'ID');
  const { client } = await connect(cli);
  const { index, loggedAt, receipt } = await client.receipt(statement);
  if (output !== undefined) await writeOutput(output, receipt);
  else if (!cli.out.json) return cli.out.raw(receipt);
  cli.out.result(
    { id, index, loggedAt, receipt, ...(output === undefined ? {} : { file: output }) },
    () => text`saved ${output ?? ''}: entry ${index}, logged at ${loggedAt}`,
  );
}
