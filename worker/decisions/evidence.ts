import { limits } from '../../schemas/limits.ts';
import type { Did, StatementId } from '../../schemas/primitives.ts';
import { toBase64 } from '../../protocol/bytes.ts';
import { Evidence } from '../../protocol/evidence.ts';
import { parseCheckpoint } from '../../protocol/log/checkpoint.ts';
import { decisionEvidence, isTooMuch, MOST, toLogged } from '../database/evidence.ts';
import type { Deps } from '../deps.ts';
import { ProblemError } from '../http/problem.ts';
import { newestCheckpoint } from '../log/routes.ts';

/** What the decisions of one call may cost together, as {@link limits.decisionWork}: about a second. */
export const CALL_WORK = 2 ** 21;

/**
 * What the rights in records are decided by, with grants to these licensees, by one checkpoint: three queries, however many
 * they are. Ends the request where one is no record of this log, or too much decides.
 */
export async function readEvidence(
  deps: Deps,
  records: readonly StatementId[],
  licensees: readonly Did[],
): Promise<{ evidence: Evidence; asOf: { size: number; root: string } }> {
  const { size, note } = await newestCheckpoint(deps.database);
  const checkpoint = parseCheckpoint(note);
  if (!checkpoint.ok) throw new Error(`the stored checkpoint ${checkpoint.reason}`);
  const rows = await deps.database.all(decisionEvidence(records, licensees, size));
  const grants = rows.filter(({ kind }) => kind === 'RightsGrant').length;
  if (isTooMuch(rows) || grants > limits.certificateGrants) {
    throw new ProblemError(
      'too-large',
      `what decides this is more than ${MOST}, or ${limits.certificateGrants} grants; ask for fewer records`,
    );
  }
  const evidence = new Evidence(await deps.operator(), rows.map(toLogged));
  for (const record of records) {
    if (evidence.get(record)?.kind === 'DatasetRecord') continue;
    throw new ProblemError('not-found', `${record} is not a dataset record of this log`);
  }
  return { evidence, asOf: { size, root: toBase64(checkpoint.value.root) } };
}
