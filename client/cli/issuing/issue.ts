import { setTimeout as sleep } from 'node:timers/promises';
import type { Signer } from '../../../protocol/ed25519/signer.ts';
import { signStatement } from '../../../protocol/statement.ts';
import { timestampOf } from '../../../protocol/time.ts';
import { RegistryError } from '../../errors.ts';
import type { RegistryClient } from '../../registry-client.ts';
import type { BatchResult, Signed } from '../../submit-batch.ts';
import { CliError } from '../cli-error.ts';
import type { Journal } from './journal.ts';
import type { Wanted } from './people-file.ts';

/** Statements of one request, and requests under way: enough that neither side waits for the other. */
const BATCH = 250;
const CONCURRENCY = 4;
/** Milliseconds to wait where the registry asks to slow down, and how often. */
const PAUSE = 1000;
const PAUSES = 30;

/** What became of what was wanted, in the same order; null where it was sent and no answer came. */
export type Heard = (wanted: readonly Wanted[], results: readonly BatchResult[] | null) => Promise<void>;

interface Issuing {
  client: RegistryClient;
  journal: Journal;
  signer: Signer;
  now(): number;
  /** Ends the work after the requests under way. */
  stop: AbortSignal;
}

/**
 * Signs and submits credentials, several batches at a time. What is sent is in the journal before. Throws what ended it
 * early: NetworkError, RegistryError; `heard` was told of every batch that was sent.
 */
export async function issueAll(people: readonly Wanted[], issuing: Issuing, heard: Heard): Promise<void> {
  let next = 0;
  const failures: unknown[] = [];
  const work = async (): Promise<void> => {
    while (next < people.length && failures.length === 0 && !issuing.stop.aborted) {
      const batch = people.slice(next, (next += BATCH));
      try {
        await issueBatch(batch, issuing, heard);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  if (failures.length > 0) throw failures[0];
}

async function issueBatch(batch: readonly Wanted[], issuing: Issuing, heard: Heard): Promise<void> {
  const statements = await Promise.all(batch.map((wanted) => sign(wanted, issuing)));
  const texts = statements.map(({ canonical }) => canonical);
  const name = await issuing.journal.keep(texts);
  let results: BatchResult[];
  try {
    results = await submitPatiently(statements, issuing);
  } catch (error) {
    await heard(batch, null);
    throw error;
  }
  await issuing.journal.settle(name, texts, results);
  await heard(batch, results);
}

/** Sends again what earlier runs signed and heard no answer to. Answers how many that were. */
export async function settleEarlier(issuing: Omit<Issuing, 'signer' | 'now'>): Promise<number> {
  let count = 0;
  for await (const { name, statements } of issuing.journal.unsettled()) {
    await issuing.journal.settle(name, statements, await submitPatiently(statements, issuing));
    count += statements.length;
  }
  return count;
}

/** Submits; lines that came too fast, or to a registry too busy, are sent again after a while. */
async function submitPatiently(
  statements: readonly (string | Signed)[],
  { client, stop }: Pick<Issuing, 'client' | 'stop'>,
): Promise<BatchResult[]> {
  const results: BatchResult[] = [];
  let places = statements.map((_, at) => at);
  for (let attempt = 1; ; attempt++) {
    const answers = await client.submitBatch(places.map((at) => statements[at] as string | Signed));
    for (const [i, at] of places.entries()) results[at] = answers[i] as BatchResult;
    places = places.filter((at) => isPassing(results[at] as BatchResult));
    const [first] = places;
    if (first === undefined) return results;
    const reason = results[first] as Extract<BatchResult, { ok: false }>;
    if (attempt === PAUSES || stop.aborted) throw new RegistryError(reason.reason);
    await sleep(PAUSE, undefined, { signal: stop }).catch(() => undefined);
  }
}

const isPassing = (result: BatchResult): boolean =>
  !result.ok && ['rate-limited', 'overloaded', 'unavailable', 'internal'].includes(result.reason.code);

async function sign(
  { did, nullifier, verification, expertise, validUntil }: Wanted,
  { signer, now }: Pick<Issuing, 'signer' | 'now'>,
): Promise<Signed> {
  const validFrom = timestampOf(now());
  const subject = {
    id: did,
    verification: { ...verification, verifiedAt: verification.verifiedAt ?? validFrom },
    nullifier,
    ...(expertise === undefined ? {} : { expertise }),
  };
  const signed = await signStatement({ kind: 'HumanCredential', subject, validFrom, validUntil }, signer);
  if (!signed.ok) throw new CliError('failed', `the credential of ${did} cannot be signed: ${signed.reason.detail}`);
  return signed.value;
}
