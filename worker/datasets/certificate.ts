import { CERTIFICATE_MEDIA_TYPE, type Certificate } from '../../schemas/certificate.ts';
import type { Did, StatementId } from '../../schemas/primitives.ts';
import { toBase64 } from '../../protocol/bytes.ts';
import { entryText } from '../../protocol/log/entry.ts';
import { planInclusion, proofsFromTiles } from '../../protocol/log/proof.ts';
import { statusListOf } from '../../protocol/status-list.ts';
import { logTimeOf } from '../../protocol/time.ts';
import { certificateEvidence, isTooMuch, MOST, type EvidenceRow } from '../database/evidence.ts';
import type { Database } from '../database/port.ts';
import type { Deps } from '../deps.ts';
import { ProblemError } from '../http/problem.ts';
import { readTiles } from '../log/read-tiles.ts';
import { newestCheckpoint } from '../log/routes.ts';
import type { StatusLists, Wanted } from '../status/status.ts';

/** What the log holds about a record as of one checkpoint: all that a certificate of it needs. */
export interface Closure {
  size: number;
  note: string;
  rows: EvidenceRow[];
}

/**
 * Reads a record's closure in one query, with everybody's newest grants or one licensee's. `charge` hears how many
 * statements were read, also where the request is ended: there is no such record, it was erased, or has too many.
 */
export async function readClosure(
  { database, service }: Pick<Deps, 'database' | 'service'>,
  subject: StatementId,
  { licensee, charge }: { licensee?: Did | undefined; charge?: (statements: number) => Promise<void> } = {},
): Promise<Closure> {
  const { size, note } = await newestCheckpoint(database);
  const rows = await database.all(certificateEvidence(subject, service.did, size, licensee));
  await charge?.(rows.length);
  // The record may be among those that were left out.
  if (isTooMuch(rows)) {
    throw new ProblemError('too-large', `a certificate carries ${MOST} at most; verify the parts one by one`);
  }
  const record = rows.find((row) => row.id === subject);
  if (record === undefined) throw new ProblemError('not-found', `${subject} is not a dataset record of this log`);
  if (record.body === null) throw new ProblemError('erased', `${subject} was erased; its entry and its receipt remain`);
  return { size, note, rows };
}

/** Makes a certificate (protocol.md §7): the closure, a proof for each entry, and the status lists that cover them. */
export async function makeCertificate(
  database: Database,
  statusLists: StatusLists,
  subject: StatementId,
  { size, note, rows }: Closure,
): Promise<Certificate> {
  const plans = rows.map((row) => planInclusion(row.log_index, size));
  const [proofs, status] = await Promise.all([
    proofsFromTiles(plans, readTiles(database, size)),
    statusLists(listsOver(rows), size),
  ]);
  return {
    mediaType: CERTIFICATE_MEDIA_TYPE,
    subject,
    checkpoint: note,
    statements: rows.map((row, i) => ({
      index: row.log_index,
      entry: entryText({ id: row.id, kind: row.kind, loggedAt: logTimeOf(row.logged_at) }),
      proof: (proofs[i] ?? []).map((hash) => toBase64(hash)),
      document: row.body === null ? null : (JSON.parse(row.body) as Record<string, unknown>),
    })),
    status: status.map((list) => ({ ...list })),
  };
}

/** The status lists that rows need: each reflecting its own rows, and every revocation among all of them. */
function listsOver(rows: readonly EvidenceRow[]): Wanted[] {
  const covering = new Map<number, number>();
  const revocation = rows.findLast(({ kind }) => kind === 'Revocation')?.log_index ?? -1;
  for (const { log_index: index } of rows) {
    const list = statusListOf(index);
    covering.set(list, Math.max(index, revocation, covering.get(list) ?? 0));
  }
  return [...covering].map(([list, index]) => ({ list, covering: index }));
}
