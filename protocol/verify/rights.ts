import { DECISIONS, type Decision } from '../../schemas/decision.ts';
import { limits } from '../../schemas/limits.ts';
import type { Policy } from '../../schemas/policy.ts';
import type { StatementId } from '../../schemas/primitives.ts';
import type { Report } from '../../schemas/report.ts';
import type { Evidence } from '../evidence.ts';
import { decide } from '../rights/decide.ts';
import type { Findings } from './findings.ts';

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
  const decisions: Decision[] = [];
  for (const [record, use] of subjects.flatMap((subject) => uses.map((each) => [subject, each] as const))) {
    decisions.push(decide(evidence, { record, use, ...question }, asOf, work));
    if (work.left < 0) break;
  }
  for (const { use, decision, duties, limitedBy } of decisions) {
    const because = limitedBy === null ? '' : `: ${limitedBy.reason}`;
    const asked = duties.length === 0 ? '' : ` (duties: ${duties.join(', ')})`;
    const outcome = decision === 'unknown' && unknown === 'allow' ? 'warn' : OUTCOME[decision];
    findings.add('rights.decision', outcome, `${use}: ${decision}${asked}${because}`, limitedBy?.record);
  }
  return { decision: worstOf(decisions), uses: decisions };
}

const OUTCOME = { deny: 'fail', unknown: 'fail', conditional: 'pass', allow: 'pass' } as const;

const worstOf = (decisions: readonly Decision[]): Decision['decision'] =>
  DECISIONS.find((outcome) => decisions.some(({ decision }) => decision === outcome)) ?? 'unknown';
