import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Evidence, type Logged, type Present } from '../../protocol/evidence.ts';
import { signingCredentials, standingAt } from '../../protocol/standing.ts';
import { Replay } from './replay.ts';
import { happen, histories, idsOf, OPERATOR, timesIn } from './worlds.ts';

/** Worlds a property looks at; each is asked about at some hundred times. */
const RUNS = 600;

/** Looks at every statement of random worlds, at every time that could matter. The same worlds every time: tests count. */
function everywhere(look: (evidence: Evidence, replay: Replay, logged: Logged, time: number) => void): void {
  fc.assert(
    fc.property(histories, (history) => {
      const world = happen(history);
      const evidence = new Evidence(OPERATOR, world.logged);
      const replay = new Replay(world.lines);
      const times = timesIn(world);
      for (const logged of world.logged) for (const time of times) look(evidence, replay, logged, time);
    }),
    { numRuns: RUNS, seed: 1 },
  );
}

test('standing at any time is what a plain replay of the log says, whatever happened', () => {
  const seen = new Map<string, number>();
  everywhere((evidence, replay, logged, time) => {
    const { state, because, supersededBy } = standingAt(evidence, logged, time);
    const said = `${logged.kind} ${state}${supersededBy === null ? '' : ' superseded'}`;
    const expected = replay.at(logged.index, time);
    const isSame = state === expected.state && because === expected.because && supersededBy === expected.supersededBy;
    if (!isSame) expect({ state, because, supersededBy }, `line ${logged.index} at ${time}`).toEqual(expected);
    seen.set(said, (seen.get(said) ?? 0) + 1);
  });
  // A property that never met what it is about would hold as well.
  for (const kind of ['Accreditation', 'HumanCredential', 'DatasetRecord', 'ReviewRecord', 'RightsGrant']) {
    for (const state of ['active', 'pending', 'expired', 'revoked', 'untrusted']) {
      expect(seen.get(`${kind} ${state}`) ?? 0, `${kind} ${state}`).toBeGreaterThan(20);
    }
  }
  for (const state of [
    'DatasetRecord erased',
    'HumanCredential erased',
    'Revocation active',
    'DatasetRecord active superseded',
  ]) {
    expect(seen.get(state) ?? 0, state).toBeGreaterThan(20);
  }
});

test('those who stood behind a statement are what the replay says, at any time since it was logged', () => {
  let behind = 0;
  everywhere((evidence, replay, logged, time) => {
    const isRecord = logged.kind === 'DatasetRecord' || logged.kind === 'ReviewRecord';
    if (logged.document === null || !isRecord || time < logged.loggedAt) return;
    const held = signingCredentials(evidence, logged as Present, time);
    const expected = replay.credentialsBehind(logged.index).toSorted();
    if (String(idsOf(held)) !== String(expected))
      expect(idsOf(held), `line ${logged.index} at ${time}`).toEqual(expected);
    behind += held.length;
  });
  expect(behind).toBeGreaterThan(1000);
});

test('what a certificate leaves out of other matters changes no answer', () =>
  fc.assert(
    fc.property(histories, fc.func(fc.boolean()), (history, keeps) => {
      const world = happen(history);
      const whole = new Evidence(OPERATOR, world.logged);
      for (const subject of world.logged) {
        if (subject.kind !== 'DatasetRecord' || subject.document === null) continue;
        const signer = subject.document.issuer;
        // Other people's records and reviews, and their revocations, are other matters.
        const others = new Set(
          world.lines
            .filter(({ id, says, signer: by }) => id !== subject.id && by !== signer && says.kind.endsWith('Record'))
            .map(({ id }) => id),
        );
        const part = world.logged.filter(
          ({ id, index }) =>
            !(others.has(id) && keeps(id)) &&
            !(
              world.lines[index]?.says.kind === 'Revocation' &&
              others.has((world.lines[index].says as { target: typeof id }).target) &&
              keeps(id)
            ),
        );
        const time = (world.lines.at(-1)?.loggedAt ?? 0) + 1;
        expect(standingAt(new Evidence(OPERATOR, part.toReversed()), subject, time)).toEqual(
          standingAt(whole, subject, time),
        );
      }
    }),
    { numRuns: 300 },
  ));
