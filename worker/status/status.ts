import { sql } from 'kysely';
import type { StatusListCredential } from '../../schemas/status-list.ts';
import { limits } from '../../schemas/limits.ts';
import { BoundedCache } from '../../protocol/bounded-cache.ts';
import { signStatusList } from '../../protocol/status-list.ts';
import { timestampOf } from '../../protocol/time.ts';
import { db, type Database } from '../database/port.ts';
import type { Deps } from '../deps.ts';

/** How long a signed list is served again, and how long a verifier may rely on it. */
export const REFRESH = 5 * 60_000;
const VALIDITY = 24 * 3_600_000;
/** Lists, and versions of one, that are remembered here. */
const LISTS = 256;
const VERSIONS = 4;

/** A list that must reflect the log up to and with some entry. */
export interface Wanted {
  list: number;
  covering: number;
}

/** Answers lists that reflect no more of the log than `size`, in the order asked. */
export type StatusLists = (wanted: readonly Wanted[], size: number) => Promise<StatusListCredential[]>;

/** A list as it was signed. */
export interface SignedList {
  list: number;
  size: number;
  signedAt: number;
  document: StatusListCredential;
}

export type StatusDeps = Pick<Deps, 'database' | 'service' | 'logKey' | 'now' | 'log'>;

/**
 * Status lists, signed once for everybody: from this process, from the database, or signed now. A list serves until it
 * is {@link REFRESH} old, for as long as no entry past it matters to the one who asks: how often one is signed follows
 * from revocations and time, not from requests. A list never shows a revocation that its checkpoint does not cover.
 */
export function createStatusLists(deps: StatusDeps): StatusLists {
  const { database, service, logKey, now } = deps;
  const held = new BoundedCache<number, SignedList[]>(LISTS);
  const signing = new BoundedCache<string, { made: Promise<SignedList> | null }>(LISTS);

  const fits = ({ covering }: Wanted, size: number, { size: reflects, signedAt, document }: SignedList): boolean => {
    const age = now() - signedAt;
    const isOurs = document.issuer === service.did && document.credentialSubject.log.origin === logKey.name;
    return isOurs && reflects > covering && reflects <= size && age < REFRESH && age >= -limits.clockSkew;
  };
  const remember = (signed: SignedList): void => {
    const versions = held.get(signed.list, () => []);
    versions.unshift(signed);
    versions.splice(VERSIONS);
  };

  return async (wanted, size) => {
    const found = new Map<number, SignedList>();
    const find = (): Wanted[] =>
      wanted.filter((each) => {
        const fit = held.get(each.list, () => []).find((signed) => fits(each, size, signed));
        if (fit !== undefined) found.set(each.list, fit);
        return fit === undefined;
      });
    let missing = find();
    if (missing.length > 0) {
      for (const stored of await storedLists(database, missing)) remember(stored);
      missing = find();
    }
    const fresh = await Promise.all(missing.map(({ list }) => signOnce(list, size)));
    for (const signed of fresh) found.set(signed.list, signed);
    return wanted.map(({ list }) => (found.get(list) as SignedList).document);
  };

  /** Those who ask at the same time share one signature; a failure is not remembered. */
  function signOnce(list: number, size: number): Promise<SignedList> {
    const slot = signing.get(`${list} ${size}`, () => ({ made: null }));
    slot.made ??= signList(deps, list, size).then(
      (signed) => {
        slot.made = null;
        remember(signed);
        return signed;
      },
      (error: unknown) => {
        slot.made = null;
        throw error;
      },
    );
    return slot.made;
  }
}

/** Signs a list as the log had it at `size`, and stores it for others. */
export async function signList(
  { database, service, logKey, now, log }: StatusDeps,
  list: number,
  size: number,
): Promise<SignedList> {
  const signedAt = now();
  const draft = {
    origin: logKey.name,
    list,
    size,
    revoked: await revokedIn(database, list, size),
    validFrom: timestampOf(signedAt),
    validUntil: timestampOf(signedAt + VALIDITY),
  };
  const document = await signStatusList(draft, service);
  const store = sql`INSERT INTO status_lists (list, size, signed_at, document)
    VALUES (${list}, ${size}, ${signedAt}, ${JSON.stringify(document)})
    ON CONFLICT (list) DO UPDATE SET size = excluded.size, signed_at = excluded.signed_at, document = excluded.document
    WHERE excluded.size >= size`;
  try {
    await database.batch([store.compile(db)]);
  } catch (error) {
    // It is a cache: the list is good, and others sign their own.
    log({ event: 'status-not-stored', message: error instanceof Error ? error.message : '' });
  }
  return { list, size, signedAt, document };
}

async function storedLists(database: Database, wanted: readonly Wanted[]): Promise<SignedList[]> {
  const rows = await database.all(
    sql<{ list: number; size: number; signed_at: number; document: string }>`SELECT status_lists.*
      FROM json_each(${JSON.stringify(wanted.map(({ list }) => list))}) AS wanted
      CROSS JOIN status_lists ON status_lists.list = wanted.value`.compile(db),
  );
  return rows.map(({ list, size, signed_at: signedAt, document }) => ({
    list,
    size,
    signedAt,
    document: JSON.parse(document) as StatusListCredential,
  }));
}

/** The newest revocation in a log of `size`; -1 while there is none. A list that reflects it is right until the next. */
export async function newestRevocation(database: Database, size: number): Promise<number> {
  const [newest] = await database.all(
    sql<{ place: number }>`SELECT log_index AS place FROM revocations WHERE log_index < ${size}
      ORDER BY log_index DESC LIMIT 1`.compile(db),
  );
  return newest?.place ?? -1;
}

/**
 * The places whose bit is set: what was revoked, and of several revocations of one statement all but the last, so that
 * the stronger one cannot be left out of a certificate unseen.
 */
async function revokedIn(database: Database, list: number, size: number): Promise<number[]> {
  const first = list * limits.statusListEntries;
  const end = first + limits.statusListEntries;
  const rows = await database.all(
    sql<{ place: number }>`
      SELECT target_index AS place FROM revocations
      WHERE target_index >= ${first} AND target_index < ${end} AND log_index < ${size}
      UNION
      SELECT log_index FROM revocations AS earlier WHERE log_index >= ${first} AND log_index < ${end}
        AND EXISTS (SELECT 1 FROM revocations AS later WHERE later.target_index = earlier.target_index
          AND later.log_index > earlier.log_index AND later.log_index < ${size})`.compile(db),
  );
  return rows.map((row) => row.place);
}
