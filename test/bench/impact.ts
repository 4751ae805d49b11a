import { sql } from 'kysely';
import { Impact } from '../../schemas/impact.ts';
import { db } from '../../worker/database/port.ts';
import { nodeShell } from '../faults/node-shell.ts';
import { crowdedLog } from '../support/crowd.ts';
import { line, medianMs } from './report.ts';

const PEOPLE = 10;
const EVERY = 9;

/** A record that every ninth later one is made of, in a log of `entries`: what its withdrawal would touch, page by page. */
export async function benchImpact(entries: number): Promise<void> {
  const storage = await nodeShell.open();
  try {
    const { app, database, whole, size } = await crowdedLog(storage, PEOPLE, entries);
    const read = async (of: string, query: string): Promise<Impact> => {
      const response = await app.request(`/v1/statements/${of}/impact?${query}`);
      const text = await response.text();
      if (response.status !== 200) throw new Error(text);
      return Impact.parse(JSON.parse(text));
    };
    const record = await app.request(`/v1/datasets/${whole}`);
    const { document } = (await record.json()) as { document: { credentialSubject: { parts: string[] } } };
    const parts = await Promise.all(
      document.credentialSubject.parts.map(async (part) => ({
        part,
        index: (await read(part, 'limit=1')).items[0]?.index,
      })),
    );
    const { part, index = 0 } = parts.toSorted((a, b) => (a.index ?? 0) - (b.index ?? 0))[0] ?? { part: whole };
    // What no registry would do: fillers, whose bodies are erased, become records that are made of it.
    const body = JSON.stringify({ filler: 'x'.repeat(1500) });
    const fillers = sql`kind = 'HumanCredential' AND body IS NULL AND log_index > ${index} AND log_index % ${EVERY} = 0`;
    await storage.database.batch(
      [
        sql`DROP TRIGGER statements_change`,
        sql`INSERT INTO refs SELECT 'part', ${part}, log_index FROM statements WHERE ${fillers}`,
        sql`UPDATE statements SET kind = 'DatasetRecord', body = ${body} WHERE ${fillers}`,
      ].map((query) => query.compile(db)),
    );
    for (const [what, after] of [
      ['first', 0],
      ['middle', Math.floor((index + size) / 2)],
      ['last', size - 5_000],
    ] as const) {
      for (const limit of [100, 500]) {
        const { queries } = await database.costOf(() => read(part, `after=${after}&limit=${limit}`));
        line(
          `${what} page of ${limit} of some ${Math.round((size - index) / EVERY)} touched, at ${size} entries`,
          `${(await medianMs(5, () => read(part, `after=${after}&limit=${limit}`))).toFixed(1)} ms`,
          `${queries} queries`,
        );
      }
    }
  } finally {
    await storage.close();
  }
}
