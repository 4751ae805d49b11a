import { DECISIONS, type Decision } from '../../schemas/decision.ts';
import { limits } from '../../schemas/limits.ts';
import type { Policy } from '../../schemas/policy.ts';
import type { StatementId } from '../../schemas/primitives.ts';
import type { Report } from '../../schemas/report.ts';
import type { Evidence } from '../evidence.ts';
import { weighLineage } from '../rights/decide.ts';
import type { Findings } from './findings.ts';

/** Refusals that a reason is made for: more are not listed. */
const EXPLAINED = 20;

/** What the decisions over all subjects may cost together. */
const WORK = 4 * limits.decisionWork;

/**
 * Decides every use that the policy names, over the whole lineage of each of `subjects`; the worst counts. What nothing permits
 * fails unless the policy says that unknown is to be allowed.
 */
export function checkRights(
  evidence: Evidence,
  subjects: readonly StatementId[],
  policy: Policy,
  asOf: number,
  findings: Findings,
): Report['rights'] {
  if (policy.rights === undefined) return null;
  const { use: uses, unknown = 'deny', ...question } = policy.rights;
  // The lineages of a mix may overlap: what they cost together is bounded, too.
  const work = { left: WORK };
  const outcomeOf = { ...OUTCOME, unknown: unknown === 'allow' ? 'warn' : 'fail' } as const;
  const decisions: Decision[] = [];
  let refusals = 0;
  for (const [record, use] of subjects.flatMap((subject) => uses.map((each) => [subject, each] as const))) {
    const { decision, answers } = weighLineage(evidence, { record, use, ...question }, asOf, work);
    decisions.push(decision);
    // Whatever refuses is told, not only what refuses most: its rows are refused, too.
    for (const each of answers.filter((answer) => outcomeOf[answer.outcome] === 'fail')) {
      const reason = refusals++ < EXPLAINED ? each.reason() : undefined;
      findings.fail('rights.decision', sentence(use, each.outcome, reason), each.record);
    }
    if (work.left < 0) break;
  }
  for (const use of uses) {
    const worst = decisions.filter((each) => each.use === use).toSorted(byOutcome)[0];
    if (worst === undefined || outcomeOf[worst.decision] === 'fail') continue;
    const { decision, duties, limitedBy } = worst;
    const asked = duties.length === 0 ? '' : ` (duties: ${duties.join(', ')})`;
    const detail = sentence(use, `${decision}${asked}`, limitedBy?.reason);
    findings.add('rights.decision', outcomeOf[decision], detail, limitedBy?.record);
  }
  return { decision: decisions.toSorted(byOutcome)[0]?.decision ?? 'unknown', uses: decisions };
}

const sentence = (use: string, outcome: string, reason: string | undefined): string =>
  `${use}: ${outcome}${reason === undefined ? '' : `: ${reason}`}`;

const OUTCOME = { deny: 'fail', conditional: 'pass', allow: 'pass' } as const;

const byOutcome = (a: Decision, b: Decision): number => DECISIONS.indexOf(a.decision) - DECISIONS.indexOf(b.decision);
