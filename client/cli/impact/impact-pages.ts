import type { Impact } from '../../../schemas/impact.ts';
import { limits } from '../../../schemas/limits.ts';
import type { StatementId } from '../../../schemas/primitives.ts';
import type { Cli } from '../context.ts';
import { keepHead } from '../log-head.ts';
import type { Connection } from '../trust-store.ts';

/** Pages in a row that may name nothing: each stands for a part of the log in which the registry found nothing. */
const EMPTY = 100;

/**
 * What a withdrawal of a statement would touch: as many pages as it takes for `most` statements. What is logged meanwhile
 * comes last, so nothing is missed or told twice. The registry is not believed how long the list is: it goes no further
 * than a log that it has signed, and ends, with a `next`, where page after page names nothing. Throws as the client does,
 * and CliError where the log it is told by is not signed.
 */
export async function impactPages(
  cli: Pick<Cli, 'env' | 'sleep'>,
  connection: Connection,
  id: StatementId,
  { after, most }: { after: number; most: number },
): Promise<Impact> {
  const items: Impact['items'] = [];
  let [from, size, empty] = [after, 0, 0];
  for (;;) {
    const page = await connection.client.impact(id, {
      after: from,
      limit: Math.min(most - items.length, limits.impactPage),
    });
    if (page.asOf.size > size) size = (await keepHead(cli, connection, page.asOf.size)).head.size;
    items.push(...page.items);
    empty = page.items.length === 0 ? empty + 1 : 0;
    if (page.next === null || items.length >= most || empty >= EMPTY) return { ...page, items };
    from = page.next;
  }
}
