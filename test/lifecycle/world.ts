import type { Submitted } from '../../schemas/api.ts';
import type { StatementId } from '../../schemas/primitives.ts';
import type { CheckId, Check } from '../../schemas/report.ts';
import type { Signer } from '../../protocol/ed25519/signer.ts';
import type { Draft, ParsedStatement } from '../../protocol/statement.ts';
import type { StatementKind } from '../../schemas/statement.ts';
import { timestampOf } from '../../protocol/time.ts';
import { cast, log, type Cast } from '../contract/client.ts';
import type { Registry } from '../contract/harness.ts';
import { drafts, signed, signerOf } from '../support/statements.ts';

export const DAY = 86_400_000;

/**
 * One small world a scenario. Day 0: the issuer, Alice, and her `first` record. Day 1: her `second`, and a publisher's
 * `whole` of both. Day 2: the certificates that are made "before". Day 3: the event. Day 4: what people do about it.
 * Day 5: the certificates that are made "after", and everyone's present.
 */
export interface World extends Cast {
  registry: Registry;
  start: number;
  /** Statements by the names that rows use. */
  named: Record<string, StatementId>;
  /** Signs a draft as of the registry's time, which is logged. */
  say<K extends StatementKind>(draft: Draft<K>, signer: Signer, name?: string): Promise<ParsedStatement<K> & Submitted>;
  on(day: number): number;
}

export type Made = 'before' | 'after';
export type AsOf = 'before' | 'after' | 'now';
/** What a buyer sees: of which record, by which certificate, asking about when; the verdict and the check that decides. */
export type Row = readonly [
  record: string,
  made: Made,
  asOf: AsOf,
  verdict: 'pass' | 'fail' | 'erased',
  check: CheckId,
  outcome: Check['outcome'],
  says: RegExp,
  statusMaxAge?: string,
];

export interface Scenario {
  event: string;
  /** Credential and record may be made with an end, in days. */
  credentialEnds?: number;
  recordEnds?: number;
  /** Day 3. */
  happens(world: World): Promise<unknown>;
  /** Day 4. */
  afterwards?(world: World): Promise<unknown>;
  rows: readonly Row[];
}

export async function openWorld(registry: Registry, scenario: Scenario): Promise<World> {
  const start = registry.now();
  const on = (day: number): number => start + day * DAY;
  const say: World['say'] = async (draft, signer, name) => {
    const statement = await log(registry, await signed({ ...draft, validFrom: timestampOf(registry.now()) }, signer));
    if (name !== undefined) world.named[name] = statement.id;
    return statement;
  };
  const suite = `lifecycle: ${scenario.event}`;
  const people = await cast(registry, suite);
  const world: World = { ...people, registry, start, named: {}, say, on };
  if (scenario.credentialEnds !== undefined) {
    // In place of the one that does not end.
    world.alice = await signerOf(`${suite}: Alice, for a while`);
    const credential = drafts.credential(world.alice.did, suite);
    const ends = { validUntil: timestampOf(on(scenario.credentialEnds)) };
    world.credential = await say({ ...credential, ...ends }, world.issuer);
  }
  const ends = scenario.recordEnds === undefined ? {} : { validUntil: timestampOf(on(scenario.recordEnds)) };
  await say({ ...drafts.record(world.alice.did, 'first'), ...ends }, world.alice, 'first');
  registry.setNow(on(1));
  await say(drafts.record(world.alice.did, 'second'), world.alice, 'second');
  const parts = [world.named['first'], world.named['second']] as StatementId[];
  await say(drafts.composition(world.publisher.did, parts.toSorted()), world.publisher, 'whole');
  return world;
}
