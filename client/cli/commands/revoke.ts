import { StatementId, Timestamp } from '../../../schemas/primitives.ts';
import { RevocationReason } from '../../../schemas/revocation.ts';
import type { Cli } from '../context.ts';
import { readFlag, readOptional } from '../flags.ts';
import { signAndSubmit } from '../submit.ts';
import { text } from '../terminal.ts';

export interface RevokeOptions {
  reason: string;
  invalidSince?: string;
  erase?: boolean;
}

export async function revoke(cli: Cli, statement: string, options: RevokeOptions): Promise<void> {
  const id = readFlag(StatementId, statement, 'ID');
  const reason = readFlag(RevocationReason, options.reason, '--reason');
  const invalidSince = readOptional(Timestamp, options.invalidSince, '--invalid-since');
  const subject = {
    id,
    reason,
    ...(invalidSince === undefined ? {} : { invalidSince }),
    ...(options.erase === true ? { erase: true as const } : {}),
  };
  await signAndSubmit(cli, { kind: 'Revocation', subject }, text`revoked ${id}: ${reason}`);
}
