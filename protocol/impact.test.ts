import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { StatementId } from '../schemas/primitives.ts';
import { happen, histories, OPERATOR } from '../test/lifecycle/worlds.ts';
import { drafts, idOf } from '../test/support/statements.ts';
import { Evidence, has, type Logged, type Present } from './evidence.ts';
import { impactOf, vouches } from './impact.ts';
import { lineageOf } from './lineage.ts';
import { standingAt } from './standing.ts';

const LATER = Date.parse('2026-02-01T00:00:00Z');

/** The same log with one more revocation by the operator, plain or from the beginning of time on. */
function withdrawn(logged: readonly Logged[], target: StatementId, reachesBack: boolean): Evidence {
  const more = reachesBack ? { invalidSince: '2000-01-01T00:00:00Z' } : {};
  const document = {
    ...(logged[0] as Present).document,
    type: ['VerifiableCredential', 'Revocation'],
    credentialSubject: drafts.revocation(target, more).subject,
  } as Present<'Revocation'>['document'];
  const revocation: Logged = {
    id: idOf('withdrawal'),
    kind: 'Revocation',
    index: logged.length,
    loggedAt: LATER,
    document,
  };
  return new Evidence(OPERATOR, [...logged, revocation]);
}

/** Whether a statement, and all that it is made of or about, is in good standing. */
function holds(evidence: Evidence, id: StatementId, at: number): boolean {
  const logged = evidence.get(id) as Logged;
  const subject = has(logged, 'ReviewRecord') ? logged.document.credentialSubject.id : null;
  const whole = has(logged, 'DatasetRecord') ? id : subject;
  const lineage = whole === null ? null : lineageOf(evidence, whole);
  return (
    (lineage === null || lineage.faults.length === 0) &&
    [logged, ...(lineage?.records ?? [])].every((each) => standingAt(evidence, each, at).state === 'active')
  );
}

test('what a withdrawal would touch is what falls once it is logged', () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(histories, (history) => {
      const { logged } = happen(history);
      const evidence = new Evidence(OPERATOR, logged);
      for (const target of logged.slice(1)) {
        if (target.document === null || !(vouches(target.kind) || target.kind === 'DatasetRecord')) continue;
        const on = impactOf(evidence, target, LATER);
        const [plain, back] = [false, true].map((reaches) => withdrawn(logged, target.id, reaches)) as [
          Evidence,
          Evidence,
        ];
        for (const item of logged) {
          if (item.id === target.id || !holds(evidence, item.id, LATER)) continue;
          if (!['DatasetRecord', 'HumanCredential', 'ReviewRecord'].includes(item.kind)) continue;
          const touch = on(item);
          const falls = !holds(plain, item.id, LATER)
            ? 'always'
            : holds(back, item.id, LATER)
              ? 'never'
              : 'reaching-back';
          const where = `${target.kind} ${target.index} on ${item.kind} ${item.index}`;
          expect(touch?.when ?? 'never', where).toBe(falls);
          const said = `${target.kind} ${item.kind} ${touch === null ? 'none' : touch.when}`;
          seen.set(said, (seen.get(said) ?? 0) + 1);
          if (touch?.when === 'never') expect(evidence.get(touch.otherwise as StatementId), where).toBeDefined();
        }
      }
    }),
    { numRuns: 500, seed: 1 },
  );
  // A property that never met what it is about would hold as well.
  for (const said of [
    'DatasetRecord DatasetRecord always',
    'DatasetRecord ReviewRecord always',
    'HumanCredential DatasetRecord reaching-back',
    'HumanCredential DatasetRecord never',
    'HumanCredential ReviewRecord reaching-back',
    'Accreditation HumanCredential reaching-back',
    'Accreditation HumanCredential never',
    'Accreditation DatasetRecord reaching-back',
  ]) {
    expect(seen.get(said) ?? 0, said).toBeGreaterThan(5);
  }
});
