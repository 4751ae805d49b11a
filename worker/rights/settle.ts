import { sql } from 'kysely';
import type { Did, StatementId } from '../../schemas/primitives.ts';
import { Evidence, has } from '../../protocol/evidence.ts';
import { standingAt } from '../../protocol/standing.ts';
import { admissionEvidence, toLogged, type EvidenceRow } from '../database/evidence.ts';
import { enterJudged } from '../database/permitted.ts';
import { db, type Database } from '../database/port.ts';
import { limits } from '../../schemas/limits.ts';
import { operatorOf } from '../log/identity.ts';
import { isLarge, listingOf, type Listing } from './listing.ts';
import { listedAncestors } from './listings.ts';

/** Records judged in one step: fewer where a second lineage would have to be walked, which may take a tenth of a second. */
const STEP = 50;

/**
 * Judges some records that are due, in log order, and enters those that stand. Safe to run anywhere and at any time: what
 * is doubted meanwhile stays due. Answers whether there may be more.
 */
export async function settleSome(database: Database): Promise<boolean> {
  const due = await database.all(dueRecords);
  if (due.length === 0) return false;
  const [ids, signers] = [due.map(({ id }) => id), [...new Set(due.map(({ issuer }) => issuer))]];
  const rows = await database.all(admissionEvidence(signers, ids));
  const evidence = new Evidence(await operatorOf(database), rows.map(toLogged));
  const records = due.flatMap(({ id }) => evidence.record(id) ?? []);
  const listed = await listedAncestors(database, records);
  const judged = new Map<number, { listing: Listing | null; doubted: number }>();
  const byId = new Map<string, Listing | null>();
  let isWalked = false;
  for (const { id, log_index: index, doubted, newest } of due) {
    const logged = evidence.get(id);
    let listing: Listing | null = null;
    if (logged !== undefined && has(logged, 'DatasetRecord')) {
      // What it will be for good: nothing that is logged from now on makes a statement stand that does not.
      const at = Math.max(newest, Date.parse(logged.document.validFrom));
      const isStanding = standingAt(evidence, logged, at).state === 'active';
      const behind = listed(logged);
      const answer = isStanding
        ? listingOf(logged, (ancestor) => (byId.has(ancestor) ? (byId.get(ancestor) ?? null) : behind(ancestor)))
        : null;
      // Its ancestors were logged before it, so none is due that was not judged just now.
      if (answer === 'due') continue;
      listing = answer;
      if (answer !== null && isLarge(answer)) {
        if (isWalked) break;
        isWalked = true;
        listing = await counted(database, id, answer);
      }
    }
    byId.set(id, listing);
    judged.set(index, { listing, doubted });
  }
  await database.batch(enterJudged(judged));
  return judged.size > 0;
}

interface Due extends Omit<EvidenceRow, 'body'> {
  issuer: Did;
  doubted: number;
  /** When the newest entry was logged. */
  newest: number;
}

const dueRecords = sql<Due>`SELECT log_index, id, kind, logged_at, issuer, doubted,
    (SELECT logged_at FROM statements ORDER BY log_index DESC LIMIT 1) AS newest
  FROM (SELECT log_index, doubted FROM permitted_due ORDER BY log_index LIMIT ${sql.lit(STEP)})
  CROSS JOIN statements USING (log_index) ORDER BY log_index`.compile(db);

/** A listing with its records counted once each; null where they are more than are followed. */
async function counted(database: Database, id: StatementId, listing: Listing): Promise<Listing | null> {
  const [row] = await database.all(
    sql<{ records: number }>`WITH RECURSIVE lineage (id) AS (
        SELECT ${id}
        UNION SELECT refs.target FROM lineage CROSS JOIN statements ON statements.id = lineage.id
          CROSS JOIN refs ON refs.log_index = statements.log_index AND refs.relation IN ('part', 'source')
        LIMIT ${limits.lineageRecords + 1}
      ) SELECT count(*) AS records FROM lineage`.compile(db),
  );
  const { records } = row as { records: number };
  return records > limits.lineageRecords ? null : { ...listing, records };
}

/** How many datasets are due, counted no further than this. */
const COUNTED = 10_000;

/** How many datasets are due; {@link COUNTED} stands for as many, or more. */
export async function countDue(database: Database): Promise<number> {
  const [row] = await database.all(
    sql<{ due: number }>`SELECT count(*) AS due FROM (SELECT 1 FROM permitted_due LIMIT ${sql.lit(COUNTED)})`.compile(
      db,
    ),
  );
  return row?.due ?? 0;
}
