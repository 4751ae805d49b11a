import { sql } from 'kysely';
import type { LoginRefusal } from '../../schemas/issuer.ts';
import type { Did, StatementId } from '../../schemas/primitives.ts';
import { db, type Database } from '../database/port.ts';
import type { Login } from './login.ts';
import { hashOf } from './tokens.ts';

/** A row of migrations/issuer. */
export interface EnrolmentRow {
  id: string;
  did: Did;
  poll_hash: Uint8Array;
  challenge: string;
  user_code: string;
  provider: string | null;
  proven: number;
  attempts: number;
  refusal: LoginRefusal | null;
  credential: string | null;
  expires_at: number;
}

/** Milliseconds that an enrolment may take, and that its credential can be fetched for. */
export const ENROLMENT_TIME = 15 * 60_000;
const COLLECTION_TIME = 60 * 60_000;
/** Enrolments under way at once, and tries that one has: wrong codes, wrong signatures, logins. */
const MOST = 20_000;
const TRIES = 20;

export type Enrolments = ReturnType<typeof createEnrolments>;

/** Enrolments, logins and what was issued, each change in one statement or one transaction. */
export function createEnrolments(database: Database, now: () => number) {
  const one = async <R>(query: ReturnType<typeof sql<R>>): Promise<R | null> =>
    (await database.all(query.compile(db)))[0] ?? null;

  return {
    /** Begins one; false where there are too many. */
    async begin(row: Omit<EnrolmentRow, 'proven' | 'attempts' | 'refusal' | 'credential' | 'expires_at'>) {
      await sweepEnrolments(database, now());
      const { id, did, poll_hash, challenge, user_code, provider } = row;
      const begun = await one<{ id: string }>(
        sql`INSERT INTO enrolments (id, did, poll_hash, challenge, user_code, provider, expires_at)
          SELECT ${id}, ${did}, ${poll_hash}, ${challenge}, ${user_code}, ${provider}, ${now() + ENROLMENT_TIME}
          WHERE (SELECT count(*) FROM (SELECT 1 FROM enrolments LIMIT ${MOST})) < ${MOST}
          RETURNING id`,
      );
      return begun !== null;
    },

    find: (id: string) => one<EnrolmentRow>(sql`SELECT * FROM enrolments WHERE id = ${id} AND expires_at > ${now()}`),

    /** Counts a try; false where there were too many. */
    async try(id: string): Promise<boolean> {
      const row = await one(
        sql`UPDATE enrolments SET attempts = attempts + 1 WHERE id = ${id} AND attempts < ${TRIES} RETURNING id`,
      );
      return row !== null;
    },

    /** Its key's holder has signed the challenge. */
    async prove(id: string): Promise<void> {
      await database.batch([sql`UPDATE enrolments SET proven = 1 WHERE id = ${id}`.compile(db)]);
    },

    async refuse(id: string, refusal: LoginRefusal): Promise<void> {
      await database.batch([
        sql`UPDATE enrolments SET refusal = ${refusal} WHERE id = ${id} AND credential IS NULL`.compile(db),
      ]);
    },

    /** Remembers a login that a browser begins; an earlier one of the same enrolment is forgotten. */
    async beginLogin(enrolment: string, provider: string, browser: string, login: Login): Promise<void> {
      await database.batch([
        sql`INSERT OR REPLACE INTO logins
          (enrolment, provider, state_hash, browser_hash, nonce, code_verifier, expires_at)
          SELECT id, ${provider}, ${hashOf(login.state)}, ${hashOf(browser)}, ${login.nonce}, ${login.codeVerifier},
            expires_at FROM enrolments WHERE id = ${enrolment}`.compile(db),
      ]);
    },

    /** Takes out the login that this state, provider and browser began: once, whoever asks at the same time. */
    takeLogin: (enrolment: string, provider: string, state: string, browser: string) =>
      one<{ nonce: string; code_verifier: string }>(
        sql`DELETE FROM logins WHERE enrolment = ${enrolment} AND provider = ${provider}
            AND state_hash = ${hashOf(state)} AND browser_hash = ${hashOf(browser)} AND expires_at > ${now()}
          RETURNING nonce, code_verifier`,
      ),

    /** Keeps a credential to be fetched, and what was issued to whom; false where the enrolment had one already. */
    async issue(enrolment: string, credential: { id: StatementId; canonical: string; nullifier: string }) {
      const { id, canonical, nullifier } = credential;
      const isOpen = sql`FROM enrolments WHERE id = ${enrolment} AND proven = 1 AND credential IS NULL
        AND expires_at > ${now()}`;
      await database.batch([
        sql`INSERT OR IGNORE INTO credentials (id, nullifier, issued_at)
          SELECT ${id}, ${nullifier}, ${now()} ${isOpen}`.compile(db),
        sql`UPDATE enrolments SET credential = ${canonical}, refusal = NULL, expires_at = ${now() + COLLECTION_TIME}
          WHERE id IN (SELECT id ${isOpen})`.compile(db),
      ]);
      return (await this.find(enrolment))?.credential === canonical;
    },
  };
}

/** Forgets the enrolments, and with them the logins, whose time is over. */
export async function sweepEnrolments(database: Database, now: number): Promise<void> {
  await database.batch([sql`DELETE FROM enrolments WHERE expires_at <= ${now}`.compile(db)]);
}
