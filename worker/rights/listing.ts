import { limits } from '../../schemas/limits.ts';
import type { StatementId } from '../../schemas/primitives.ts';
import type { Present } from '../../protocol/evidence.ts';
import { ancestorsOf } from '../../protocol/lineage.ts';
import { encodePermits } from '../../protocol/rights/permits.ts';
import { commonSpans, spansOf, within, type Span } from '../../protocol/rights/spans.ts';

/** What is permitted to everybody of a record over its whole lineage, and when: one span at least. */
export interface Listing {
  spans: readonly Span[];
  /** The longest path of the lineage, and its records: unless they were counted, along every path, so never too few. */
  depth: number;
  records: number;
}

/** `due`: it is to be judged first. Null: it is permitted nothing, and never will be. */
export type Listed = Listing | 'due' | null;

/** The last moment that there is (ECMA-262 §21.4.1.1), for what does not end. */
const FOREVER = 8_640_000_000_000_000;

/**
 * How a record that stands is listed, by how its ancestors are. As `decide` answers: it is permitted what its own terms,
 * its sources' and all of its ancestors' permit, while all of them hold.
 */
export function listingOf(record: Present<'DatasetRecord'>, listed: (ancestor: StatementId) => Listed): Listed {
  const { validFrom, validUntil, credentialSubject } = record.document;
  const { rights, derivedFrom = [] } = credentialSubject;
  const since = Math.max(record.loggedAt, Date.parse(validFrom));
  const until = validUntil === undefined ? FOREVER : Date.parse(validUntil);
  const rules = spansOf(rights.license, rights.rules);
  const sources = new Set(derivedFrom.flatMap((source) => ('url' in source ? [source.license] : [])));
  // Each of them is weighed in each span: more than that takes a commit longer than all else that it does for a record.
  const isTooMuch = rules === null || rules.length * sources.size > limits.indexedAncestors;
  const own = isTooMuch
    ? null
    : commonSpans(
        rules,
        [...sources].map((license) => spansOf(license)),
      );
  const ancestors = [...new Set(ancestorsOf(record))].map(listed);
  if (own === null || ancestors.includes(null)) return null;
  const behind = ancestors.filter((each) => each !== 'due' && each !== null);
  const lineage = distinct(behind, since, until);
  if (lineage.length > limits.indexedAncestors) return null;
  if (behind.length < ancestors.length) return 'due';
  const depth = behind.reduce((most, each) => Math.max(most, each.depth + 1), 0);
  const spans = commonSpans(within(own, since, until), lineage);
  if (depth > limits.lineageDepth || spans === null || spans.length === 0) return null;
  return {
    spans,
    depth,
    records: behind.reduce((sum, { records }) => sum + records, 1),
  };
}

/** Whether a lineage may be more than is followed: what is counted along every path may be less. */
export const isLarge = ({ records }: Listing): boolean => records > limits.lineageRecords;

/** What ancestors are permitted in a time, each answer once: most of them have the same, but for when it began. */
function distinct(ancestors: readonly Listing[], since: number, until: number): Span[][] {
  const alike = new Map<string, Span>();
  const others = new Map<string, Span[]>();
  for (const { spans } of ancestors) {
    const during = within(spans, since, until);
    const [span] = during;
    if (during.length === 1 && span !== undefined) {
      const key = encodePermits(span.permits);
      const { from, until: end } = alike.get(key) ?? span;
      alike.set(key, { ...span, from: Math.max(from, span.from), until: Math.min(end, span.until) });
    } else {
      others.set(during.map((each) => `${each.from} ${each.until} ${encodePermits(each.permits)}`).join('\n'), during);
    }
  }
  return [...[...alike.values()].map((span) => [span]), ...others.values()];
}
