import { ED25519, encodeVkey, verifierKey } from '../../protocol/log/note.ts';
import type { Signer } from '../../protocol/ed25519/signer.ts';
import type { ParsedStatement } from '../../protocol/statement.ts';
import type { Database } from '../../worker/database/port.ts';
import { createSequencer, type Sequencer, type SequencerDeps } from '../../worker/log/sequencer.ts';
import { ORIGIN } from '../support/deps.ts';
import { drafts, signed, signerOf } from '../support/statements.ts';
import { parseVkey, type LogKey } from '../support/tlog-client.ts';

/** When the tests' registry began. */
export const START = Date.parse('2026-11-21T08:00:00Z');

/** The keys and statements that the fault suites play with, signed once. */
export interface Cast {
  logSigner: Signer;
  logKey: LogKey;
  operator: Signer;
  issuer: Signer;
  alice: Signer;
  /** Entry 0, an issuer, and Alice as a human: what every log of these suites begins with. */
  opening: ParsedStatement[];
  /** A record of Alice's. */
  record: ParsedStatement<'DatasetRecord'>;
  /** One more statement that {@link opening} entitles; never the same twice. */
  another(): Promise<ParsedStatement>;
  several(count: number): Promise<ParsedStatement[]>;
}

export async function assemble(): Promise<Cast> {
  const [logSigner, operator, issuer, alice, bob] = (await Promise.all(
    ['log', 'operator', 'issuer', 'alice', 'bob'].map(signerOf),
  )) as [Signer, Signer, Signer, Signer, Signer];
  let count = 0;
  const another = (): Promise<ParsedStatement> => signed(drafts.credential(bob.did, `person ${count++}`), issuer);
  return {
    logSigner,
    logKey: parseVkey(encodeVkey(verifierKey(ORIGIN, ED25519, logSigner.publicKey))),
    operator,
    issuer,
    alice,
    opening: [
      await signed(drafts.accreditation(operator.did), operator),
      await signed(drafts.identityIssuer(issuer.did), operator),
      await signed(drafts.credential(alice.did, 'Alice'), issuer),
    ],
    record: await signed(drafts.record(alice.did, 'text'), alice),
    another,
    several: (wanted) => Promise.all(Array.from({ length: wanted }, another)),
  };
}

/** A sequencer of the cast's log. */
export const sequencerOver = (
  database: Database,
  { logSigner }: Pick<Cast, 'logSigner'>,
  more: Partial<SequencerDeps> = {},
): Sequencer => createSequencer({ database, origin: ORIGIN, signer: logSigner, now: () => START, ...more });

/** Logs statements that must be admitted, each list in one commit. */
export async function logAll(sequencer: Sequencer, ...groups: readonly ParsedStatement[][]): Promise<void> {
  for (const group of groups) {
    for (const outcome of await sequencer.append(group)) {
      if (!outcome.ok) throw new Error(outcome.reason.detail);
    }
  }
}

/** Logs the opening and then others, up to `size` entries. */
export async function growTo(size: number, sequencer: Sequencer, cast: Cast): Promise<void> {
  await logAll(
    sequencer,
    ...cast.opening.map((statement) => [statement]),
    await cast.several(size - cast.opening.length),
  );
}
