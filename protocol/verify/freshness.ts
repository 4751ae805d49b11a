import { limits } from '../../schemas/limits.ts';
import type { Policy } from '../../schemas/policy.ts';
import { has, type Evidence, type Logged } from '../evidence.ts';
import { entitledRevocations } from '../standing.ts';
import { statusListOf } from '../status-list.ts';
import { durationMs, logTimeOf } from '../time.ts';
import type { StatusList } from '../status-list.ts';
import type { OpenedCertificates } from './certificate.ts';
import type { Findings } from './findings.ts';

/**
 * What the status lists add to the certificates' own revocations: that none was left out, and how recent the answer is. Of
 * several lists that cover a statement the newest says how recent, and any of them that it is revoked.
 * A statement that no list covers may have been revoked, so that always fails. How old a list may be is for
 * `statusMaxAge` alone; without one, a list past its validity is only said: an archived certificate still answers for
 * its own time.
 */
export function checkFreshness(
  opened: OpenedCertificates,
  evidence: Evidence,
  policy: Policy,
  asOf: number,
  now: number,
  findings: Findings,
): void {
  let oldest = Infinity;
  let newest = 0;
  let until = Infinity;
  let uncovered = 0;
  const lists = newestFirst(opened.statusLists);
  for (const logged of opened.statements) {
    const covering = (lists.get(statusListOf(logged.index)) ?? []).filter(({ size }) => logged.index < size);
    const [list] = covering;
    if (list === undefined) {
      uncovered++;
      continue;
    }
    oldest = Math.min(oldest, list.from);
    newest = Math.max(newest, list.from);
    until = Math.min(until, list.until);
    if (covering.some(({ isRevoked }) => isRevoked(logged.index)) && !isExplained(evidence, logged)) {
      const what = logged.kind === 'Revocation' ? 'is not the last of its target' : 'is revoked';
      const left = logged.kind === 'Revocation' ? 'the later revocation' : 'its revocation';
      findings.fail('standing', `${logged.id} ${what} by its status list, but ${left} was left out`, logged.id);
    }
  }
  if (uncovered > 0) {
    const detail = 'statements that no status list covers, so that their status is indeterminate';
    findings.fail('freshness', `${detail}: ${uncovered}`);
    return;
  }
  if (newest > now + limits.clockSkew) {
    findings.fail('freshness', `the status is dated ${logTimeOf(newest)}, which lies ahead: it is ${logTimeOf(now)}`);
    return;
  }
  const maxAge = policy.trust?.statusMaxAge;
  const detail = `the status is as of ${logTimeOf(oldest)}`;
  if (maxAge !== undefined && asOf - oldest > durationMs(maxAge)) {
    findings.fail('freshness', `${detail}; the policy allows ${maxAge}`);
  } else if (maxAge === undefined && asOf > until) {
    findings.add('freshness', 'warn', `${detail} and past its validity: what happened since is not known`);
  } else findings.passUnlessFailed('freshness', detail);
}

interface DatedList {
  from: number;
  until: number;
  /** Of the log that it reflects. */
  size: number;
  isRevoked(index: number): boolean;
}

/** The lists of each number, the newest first, each list once. */
function newestFirst(statusLists: readonly StatusList[]): Map<number, DatedList[]> {
  const lists = new Map<number, DatedList[]>();
  const known = new Set<string>();
  for (const { document, isRevoked } of statusLists) {
    const { log } = document.credentialSubject;
    const [from, until] = [Date.parse(document.validFrom), Date.parse(document.validUntil)];
    if (known.has(document.proof.proofValue)) continue;
    known.add(document.proof.proofValue);
    const dated = { from, until, size: log.size, isRevoked };
    lists.set(
      log.list,
      [...(lists.get(log.list) ?? []), dated].toSorted((a, b) => b.from - a.from || b.until - a.until),
    );
  }
  return lists;
}

/**
 * Whether the certificate carries what set a status bit: a revocation by someone entitled. The bit of a revocation says
 * that the same target was revoked again later, perhaps with an earlier `invalidSince` (docs/decisions/0007).
 */
function isExplained(evidence: Evidence, logged: Logged): boolean {
  if (!has(logged, 'Revocation')) return entitledRevocations(evidence, logged).length > 0;
  const target = evidence.get(logged.document.credentialSubject.id);
  return target !== undefined && entitledRevocations(evidence, target).some(({ index }) => index > logged.index);
}
