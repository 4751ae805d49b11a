import { limits } from '../../schemas/limits.ts';
import type { Did } from '../../schemas/primitives.ts';
import { ok, refuse, type Result } from '../../protocol/result.ts';
import type { Refusal } from '../admission/admit.ts';
import type { Checked, CheckStatements } from '../admission/check.ts';
import { wakeIndexer } from '../content/wake.ts';
import type { Deps } from '../deps.ts';
import type { Outcome, Sequencer } from '../log/sequencer.ts';
import type { Logged } from './logged.ts';

/** Takes statements from strangers, as they came, and says in order what became of each. */
export type Submit = (inputs: readonly string[]) => Promise<Outcome[]>;

/** What a statement of a good form and signature goes through. */
export interface Admission {
  /** Which of these statements are logged already. */
  logged: Logged;
  /** By key, of statements, which came `among` so many of one request. */
  limiter: (key: string, statements: number, among: number) => Promise<boolean>;
  sequencer: Sequencer;
}

const RATE_LIMITED: Refusal = {
  code: 'rate-limited',
  detail: 'this key submits faster than the registry allows; try again in a minute',
};

/** Submits what a request holds. */
export async function submit(
  inputs: Parameters<Submit>[0],
  deps: Pick<Deps, 'submit' | 'indexer' | 'log'>,
): Promise<Outcome[]> {
  const outcomes = await deps.submit(inputs);
  // What it casts doubt on is judged anew.
  if (outcomes.some((outcome) => outcome.ok && outcome.value.kind === 'Revocation')) await wakeIndexer(deps);
  return outcomes;
}

/** Form and signature first, then the rest. */
export const submitBy =
  (check: CheckStatements, admission: Admission): Submit =>
  async (inputs) =>
    admitChecked(await check(inputs), admission);

/** Goes on with statements whose form and signature were judged: the signer's rate; then the sequencer judges and logs. */
export async function admitChecked(
  checked: readonly Result<Checked, Refusal>[],
  admission: Admission,
): Promise<Outcome[]> {
  const allowed = await limitByKey(checked, admission);
  const accepted = allowed.filter((result) => result.ok).map((result) => result.value);
  const outcomes = accepted.length === 0 ? [] : await admission.sequencer.append(accepted);
  return allowed.map((result) => (result.ok ? (outcomes.shift() as Outcome) : result));
}

/** The lines of an NDJSON batch; the last newline may be missing. */
export function splitBatch(text: string): Result<string[], Refusal> {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  if (lines.length > limits.batchStatements) {
    return refuse({
      code: 'too-large',
      detail: `a batch has ${limits.batchStatements} statements at most, this one has ${lines.length}`,
    });
  }
  return lines.length === 0 ? refuse({ code: 'invalid-request', detail: 'the batch is empty' }) : ok(lines);
}

/**
 * Charges each key for what it signed, so only once the signatures are known to be its own, and not for what is logged:
 * anyone may send that again, and would use up the rate that a key needs to revoke something.
 */
async function limitByKey(
  checked: readonly Result<Checked, Refusal>[],
  { logged: areLogged, limiter }: Admission,
): Promise<Result<Checked, Refusal>[]> {
  const signed = checked.filter((result) => result.ok).map((result) => result.value);
  if (signed.length === 0) return [...checked];
  // Where the database fails all are charged; the sequencer says so.
  const logged = await areLogged(signed.map(({ id }) => id)).catch(() => new Set());
  const fresh = signed.filter(({ id }) => !logged.has(id));
  const costs = new Map<Did, number>();
  for (const { issuer } of fresh) costs.set(issuer, (costs.get(issuer) ?? 0) + 1);
  const verdicts = await Promise.all(
    [...costs].map(async ([did, cost]) => [did, await limiter(did, cost, fresh.length)] as const),
  );
  const refused = new Set(verdicts.filter(([, isAllowed]) => !isAllowed).map(([did]) => did));
  return checked.map((result) =>
    result.ok && refused.has(result.value.issuer) && !logged.has(result.value.id) ? refuse(RATE_LIMITED) : result,
  );
}
