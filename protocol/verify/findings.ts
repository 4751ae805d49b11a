import type { StatementId } from '../../schemas/primitives.ts';
import type { Check, CheckId } from '../../schemas/report.ts';
import type { Result } from '../result.ts';

/** Failures, and warnings, of one check that are listed one by one; the rest are counted. */
const LISTED = 20;

/** Collects the outcomes of checks. A hostile certificate cannot make the list longer than it is useful. */
export class Findings {
  readonly #checks: Check[] = [];
  readonly #counts = { fail: new Map<CheckId, number>(), warn: new Map<CheckId, number>() };
  readonly #failed = new Set<StatementId>();

  add(id: CheckId, outcome: Check['outcome'], detail: string, statement?: StatementId): void {
    if (outcome === 'fail' && statement !== undefined) this.#failed.add(statement);
    if (outcome === 'fail' || outcome === 'warn') {
      const count = (this.#counts[outcome].get(id) ?? 0) + 1;
      this.#counts[outcome].set(id, count);
      if (count > LISTED) return;
    }
    this.#checks.push({ id, outcome, detail, ...(statement === undefined ? {} : { statement }) });
  }

  fail(id: CheckId, detail: string, statement?: StatementId): void {
    this.add(id, 'fail', detail, statement);
  }

  hasFailed(id: CheckId): boolean {
    return this.#counts.fail.has(id);
  }

  /** Whether any check failed. */
  get failed(): boolean {
    return this.#counts.fail.size > 0;
  }

  /** Whether any check failed on this statement, listed or not. */
  hasFailedOn(statement: StatementId): boolean {
    return this.#failed.has(statement);
  }

  /** Takes over what another one found, saying of what. */
  take(other: Findings, of: string): void {
    for (const { id, outcome, detail, statement } of other.list()) this.add(id, outcome, `${of}${detail}`, statement);
  }

  /** One line for a check that can only pass as a whole. */
  passUnlessFailed(id: CheckId, detail: string): void {
    if (!this.hasFailed(id)) this.add(id, 'pass', detail);
  }

  settle(id: CheckId, result: Result<unknown, string>, detail: string): void {
    if (result.ok) this.add(id, 'pass', detail);
    else this.fail(id, result.reason);
  }

  /** All outcomes so far, those that were only counted summed up at the end of their check. */
  list(): Check[] {
    const hidden = (['fail', 'warn'] as const).flatMap((outcome) =>
      [...this.#counts[outcome]].flatMap(([id, count]): Check[] =>
        count > LISTED ? [{ id, outcome, detail: `and ${count - LISTED} more of these` }] : [],
      ),
    );
    return [...this.#checks, ...hidden];
  }
}
