import { ASSISTANCE_LEVELS, type AssistanceLevel } from '../../schemas/dataset-record.ts';
import type { Policy } from '../../schemas/policy.ts';
import type { StatementId } from '../../schemas/primitives.ts';
import type { AssistanceSummary } from '../../schemas/report.ts';
import { composedRecords, unregisteredSources, worse, type Lineage } from '../lineage.ts';
import { formatShare } from '../share.ts';
import type { Findings } from './findings.ts';

/**
 * The worst level of the lineage, and the share of the content made at each: by rows where every record has them, by
 * files elsewhere. Sources that a record derives from worsen its level; their own content is not part of it.
 */
export function summarizeAssistance(
  lineage: Lineage,
  levels: ReadonlyMap<StatementId, AssistanceLevel>,
): AssistanceSummary {
  const composed = composedRecords(lineage).filter((record) => record.document.credentialSubject.content !== undefined);
  const byRows = composed.every((record) => record.document.credentialSubject.content?.rows !== undefined);
  const weights = new Map<AssistanceLevel, number>();
  let total = 0;
  for (const record of composed) {
    const { content } = record.document.credentialSubject;
    const weight = (byRows ? content?.rows : content?.files) ?? 0;
    const level = levels.get(record.id) ?? 'none';
    weights.set(level, (weights.get(level) ?? 0) + weight);
    total += weight;
  }
  const shares = ASSISTANCE_LEVELS.flatMap((level) => {
    const weight = weights.get(level);
    return weight === undefined || total === 0 ? [] : [[level, weight / total] as const];
  });
  return { worst: [...levels.values()].reduce(worse, 'none'), shares: Object.fromEntries(shares) };
}

/** Holds the declared levels against the policy. What was declared is a claim of the signers, and is called one. */
export function checkAssistance(
  summary: AssistanceSummary,
  lineage: Lineage,
  policy: Policy,
  findings: Findings,
): void {
  const shares = Object.entries(summary.shares)
    .map(([level, share]) => `${level} ${formatShare(share)}`)
    .join(', ');
  const detail = `the worst level is "${summary.worst}"; shares of the records as published: ${shares || 'no content'} (all declared by the signers)`;
  const max = policy.assistance?.max;
  if (max !== undefined && max !== 'synthetic') {
    for (const { url, record } of unregisteredSources(lineage)) {
      findings.fail('assistance.level', `a source known only by URL declares no assistance level: ${url}`, record);
    }
  }
  if (max === undefined) findings.add('assistance.level', 'skipped', `${detail}; the policy sets no limit`);
  else if (worse(summary.worst, max) === max) findings.passUnlessFailed('assistance.level', detail);
  else {
    const culprit = lineage.records.find(
      (record) => record.document.credentialSubject.authorship.assistance.level === summary.worst,
    );
    findings.fail('assistance.level', `${detail}; the policy allows "${max}" at most`, culprit?.id);
  }
}
