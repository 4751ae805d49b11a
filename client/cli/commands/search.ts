import { SearchQuery, type DatasetSummary } from '../../../schemas/search.ts';
import type { Decision } from '../../../schemas/decision.ts';
import { RegistryError } from '../../errors.ts';
import type { RegistryClient } from '../../registry-client.ts';
import type { Cli } from '../context.ts';
import { readFlag } from '../flags.ts';
import { table, text } from '../terminal.ts';
import { connect } from '../trust-store.ts';

export interface SearchOptions {
  taskType?: string;
  domain?: string;
  language?: string;
  maxAssistance?: string;
  use?: string;
  purpose?: string;
  territory?: string[];
  modelRelease?: string;
  after?: string;
  limit?: string;
}

export async function search(cli: Cli, query: string | undefined, options: SearchOptions): Promise<void> {
  const { taskType, domain, language, maxAssistance, use, purpose, modelRelease, after, limit } = options;
  const territory = options.territory?.join(',');
  const q = query || undefined;
  const fields = { q, taskType, domain, language, maxAssistance, use, purpose, territory, modelRelease, after, limit };
  for (const [name, value] of Object.entries(fields)) {
    const flag = name === 'q' ? 'QUERY' : `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    if (value !== undefined) readFlag(SearchQuery.shape[name as keyof typeof fields], value, flag);
  }
  const asked = readFlag(SearchQuery, fields, use === undefined ? '--use' : 'the query');
  const { client } = await connect(cli);
  const page = await client.search(asked);
  const decisions = asked.use === undefined || cli.out.json ? null : await decide(cli, client, page.datasets, asked);
  cli.out.result(page, () => {
    const rows = page.datasets.map((dataset) => [
      dataset.id,
      dataset.loggedAt.slice(0, 10),
      dataset.taskType,
      dataset.assistance,
      dataset.license,
      ...(decisions === null ? [] : [inWords(decisions.get(dataset.id))]),
      dataset.revoked ? `${dataset.name} (revoked)` : dataset.name,
    ]);
    const lines = rows.length === 0 ? ['nothing found'] : table(rows);
    if (page.next !== null) lines.push(`more: --after ${page.next}`);
    if (page.due !== undefined && page.due > 0) {
      lines.push(`${page.due} more datasets wait to be judged, and are not listed yet`);
    }
    return text`${lines.join('\n')}`;
  });
}

/** What is decided about each dataset of a page, which search does not say; null where that is more than is decided in one call. */
async function decide(
  cli: Cli,
  client: RegistryClient,
  datasets: readonly DatasetSummary[],
  { use, purpose, territory, modelRelease }: SearchQuery,
): Promise<Map<string, Decision> | null> {
  if (use === undefined || datasets.length === 0) return null;
  const question = {
    use,
    ...(purpose === undefined ? {} : { purpose }),
    ...(territory === undefined ? {} : { territory }),
    ...(modelRelease === undefined ? {} : { modelRelease }),
  };
  try {
    const decisions = await client.decideAll(datasets.map(({ id }) => ({ ...question, record: id })));
    return new Map(decisions.map((decision) => [decision.record, decision]));
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code !== 'too-large') throw error;
    cli.out.note(
      text`note: too much is behind these to say their duties at once; ask: firsthand rights ID --use ${use}`,
    );
    return null;
  }
}

/** Whoever asks twice may be answered twice: what fell meanwhile says so. */
const inWords = (decision: Decision | undefined): string =>
  decision === undefined ? '' : [decision.decision, ...decision.duties].join(' ');
