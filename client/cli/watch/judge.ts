import { Certificate } from '../../../schemas/certificate.ts';
import type { LogEntry } from '../../../schemas/log-entry.ts';
import type { Policy } from '../../../schemas/policy.ts';
import type { StatementId } from '../../../schemas/primitives.ts';
import type { Check, Report } from '../../../schemas/report.ts';
import { parseJson } from '../../../protocol/json.ts';
import { parseCheckpoint, type TreeHead } from '../../../protocol/log/checkpoint.ts';
import { parseEntry } from '../../../protocol/log/entry.ts';
import type { TrustPolicy } from '../../../protocol/log/trust.ts';
import { verifyCertificate } from '../../../protocol/verify/verify.ts';
import { RegistryError, UntrustedError } from '../../errors.ts';
import { proveGrowth } from '../../log-tiles.ts';
import type { RegistryClient } from '../../registry-client.ts';
import { failedReport } from '../commands/verify.ts';
import type { News } from './read-change.ts';
import type { Watched } from './watched.ts';

export interface Judging {
  client: RegistryClient;
  trust: TrustPolicy;
  policy: Policy;
  now(): number;
  /** Waits a moment, in milliseconds. */
  pause(ms: number): Promise<void>;
}

/** Caches may serve a certificate for some seconds: how often, and after how long, to ask again for a newer one. */
const ASK_AGAIN = { times: 4, after: 2000 };

export const judge = (certificate: string, { trust, policy, now }: Judging): Promise<Report> =>
  verifyCertificate({ certificate, trust, policy, now: now() });

/** A certificate as it is served now, with the report on it. `text` is null where there is none any more. */
interface Judged {
  text: string | null;
  /** Of the log that it is made for. */
  size: number;
  report: Report;
}

/**
 * Fetches a watched certificate anew and judges it. The registry is held to what its log says: a certificate that is of
 * another history, older than the news, or leaves a revocation out, fails.
 */
export async function judgeAnew(
  { subject }: Watched,
  news: readonly News[],
  head: TreeHead,
  judging: Judging,
): Promise<Judged> {
  const { client, now, pause } = judging;
  const size = Math.max(0, ...news.map(({ index }) => index + 1));
  for (let left = ASK_AGAIN.times; ; left--) {
    let text: string;
    try {
      text = await client.certificate(subject);
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      if (error.code === 'not-found') {
        throw new UntrustedError(`the log has ${subject}, but the registry does not serve a certificate of it`);
      }
      if (error.code !== 'erased') throw error;
      return { text: null, size: head.size, report: failedReport(standing(error.message, subject), now()) };
    }
    const outline = outlineOf(text);
    if (outline?.subject !== subject)
      throw new UntrustedError(`the registry does not serve a certificate of ${subject}`);
    if (outline.head.size < size && left > 0) {
      await pause(ASK_AGAIN.after);
      continue;
    }
    const [before, after] = outline.head.size < head.size ? [outline.head, head] : [head, outline.head];
    const growth = await proveGrowth(before, after, client.tiles);
    if (!growth.ok) throw new UntrustedError(`the certificate of ${subject}: ${growth.reason}`);
    return { text, size: outline.head.size, report: withFailures(await judge(text, judging), leftOut(outline, news)) };
  }
}

const standing = (detail: string, statement: StatementId): Check => ({
  id: 'standing',
  outcome: 'fail',
  detail,
  statement,
});

export const failuresOf = (report: Report): Check[] => report.checks.filter(({ outcome }) => outcome === 'fail');

/** A report with failures that it does not have yet. */
export function withFailures(report: Report, failures: readonly Check[]): Report {
  const known = new Set(failuresOf(report).map(({ detail }) => detail));
  const added = failures.filter(({ detail }) => !known.has(detail));
  return added.length === 0 ? report : { ...report, verdict: 'fail', checks: [...report.checks, ...added] };
}

interface Outline {
  subject: StatementId;
  head: TreeHead;
  ids: ReadonlySet<StatementId>;
}

/** What a certificate says it is of, before anything of it is verified. */
function outlineOf(text: string): Outline | null {
  const json = parseJson(text);
  const parsed = Certificate.safeParse(json.ok ? json.value : null);
  const head = parsed.success ? parseCheckpoint(parsed.data.checkpoint) : null;
  if (!parsed.success || head?.ok !== true) return null;
  const entries = parsed.data.statements.map(({ entry }) => parseEntry(entry));
  const ids = entries.filter((entry): entry is LogEntry => entry !== null).map(({ id }) => id);
  return { subject: parsed.data.subject, head: head.value, ids: new Set(ids) };
}

/** Revocations that the log has, of statements that the certificate carries, and that it does not. */
const leftOut = ({ ids }: Outline, news: readonly News[]): Check[] =>
  news
    .filter(({ because, by, target }) => because !== null && ids.has(target) && !ids.has(by))
    .map(({ by, target, index }) =>
      standing(`the registry's certificate leaves out that ${target} is revoked by entry ${index}, ${by}`, target),
    );
