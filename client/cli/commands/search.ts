import { SearchQuery } from '../../../schemas/api.ts';
import type { Cli } from '../context.ts';
import { readFlag } from '../flags.ts';
import { table, text } from '../terminal.ts';
import { connect } from '../trust-store.ts';

export interface SearchOptions {
  taskType?: string;
  domain?: string;
  language?: string;
  maxAssistance?: string;
  after?: string;
  limit?: string;
}

export async function search(cli: Cli, query: string | undefined, options: SearchOptions): Promise<void> {
  const { taskType, domain, language, maxAssistance, after, limit } = options;
  const fields = { q: query || undefined, taskType, domain, language, maxAssistance, after, limit };
  for (const [name, value] of Object.entries(fields)) {
    const flag = name === 'q' ? 'QUERY' : `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    if (value !== undefined) readFlag(SearchQuery.shape[name as keyof typeof fields], value, flag);
  }
  const { client } = await connect(cli);
  const page = await client.search(readFlag(SearchQuery, fields, 'the query'));
  cli.out.result(page, () => {
    const rows = page.datasets.map((dataset) => [
      dataset.id,
      dataset.loggedAt.slice(0, 10),
      dataset.taskType,
      dataset.assistance,
      dataset.license,
      dataset.revoked ? `${dataset.name} (revoked)` : dataset.name,
    ]);
    const more = page.next === null ? '' : `\nmore: --after ${page.next}`;
    return rows.length === 0 ? text`nothing found` : text`${table(rows).join('\n')}${more}`;
  });
}
