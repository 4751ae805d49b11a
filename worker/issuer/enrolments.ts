import { sql } from 'kysely';
import type { LoginRefusal } from '../../schemas/issuer.ts';
import type { Did, StatementId } from '../../schemas/primitives.ts';
import { db, type Database } from '../database/port.ts';
import type { Verified } from './issue.ts';
import type { Login } from './login.ts';
import { hashOf } from './tokens.ts';

/** A row of migrations/issuer. */
export interface EnrolmentRow {
  id: string;
  did: Did;
  poll_hash: Uint8Array;
  challenge: string;
  provider: string | null;
  proven: number;
  attempts: number;
  refusal: LoginRefusal | null;
  /** These are there once somebody has logged in, until the credential is. */
  code: string | null;
  browser_hash: Uint8Array | null;
  verified: string | null;
  codes_typed: number;
  credential: string | null;
  expires_at: number;
}

/** Milliseconds that an enrolment may take, and that its credential can be fetched for. */
export const ENROLMENT_TIME = 15 * 60_000;
const COLLECTION_TIME = 60 * 60_000;
/** Milliseconds to type the code in. */
const CODE_TIME = 10 * 60_000;
/** Enrolments under way at once, and tries that one has: wrong signatures and logins; codes. */
const MOST = 20_000;
const TRIES = 20;
export const CODES = 5;

export type Enrolments = ReturnType<typeof createEnrolments>;

/** Enrolments, logins and what was issued, each change in one statement or one transaction. */
export function createEnrolments(database: Database, now: () => number) {
  const one = async <R>(query: ReturnType<typeof sql<R>>): Promise<R | null> =>
    (await database.all(query.compile(db)))[0] ?? null;

  return {
    /** Begins one; false where there are too many. */
    async begin(row: Pick<EnrolmentRow, 'id' | 'did' | 'poll_hash' | 'challenge' | 'provider'>) {
      await sweepEnrolments(database, now());
      const { id, did, poll_hash, challenge, provider } = row;
      const begun = await one<{ id: string }>(
        sql`INSERT INTO enrolments (id, did, poll_hash, challenge, provider, expires_at)
          SELECT ${id}, ${did}, ${poll_hash}, ${challenge}, ${provider}, ${now() + ENROLMENT_TIME}
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

    /** Keeps what a login proved, to be confirmed by this code alone; false where the enrolment is over. */
    async verify(enrolment: string, browser: string, code: string, verified: Verified): Promise<boolean> {
      const row = await one(
        sql`UPDATE enrolments SET code = ${code}, browser_hash = ${hashOf(browser)}, refusal = NULL,
            verified = ${JSON.stringify(verified)}, expires_at = ${now() + CODE_TIME}
          WHERE id = ${enrolment} AND proven = 1 AND credential IS NULL AND expires_at > ${now()} RETURNING id`,
      );
      return row !== null;
    },

    /** Counts a code that was typed before it is looked at; null where there were too many, or there is none to type. */
    typeCode: (id: string) =>
      one<Pick<EnrolmentRow, 'codes_typed'> & { code: string; verified: string }>(
        sql`UPDATE enrolments SET codes_typed = codes_typed + 1
          WHERE id = ${id} AND code IS NOT NULL AND codes_typed < ${CODES} AND expires_at > ${now()}
          RETURNING code, verified, codes_typed`,
      ),

    async forget(id: string): Promise<void> {
      await database.batch([sql`DELETE FROM enrolments WHERE id = ${id} AND credential IS NULL`.compile(db)]);
    },

    async isBanned(nullifier: string): Promise<boolean> {
      return (await one(sql`SELECT 1 FROM banned WHERE nullifier = ${nullifier}`)) !== null;
    },

    /**
     * Keeps a credential to be fetched, and what was issued to whom; false where the enrolment had one already, another
     * login has taken the place of the one that was confirmed, or the person is banned.
     */
    async issue(
      enrolment: string,
      credential: { id: StatementId; canonical: string; code: string; nullifier: string },
    ) {
      const { id, canonical, code, nullifier } = credential;
      const isOpen = sql`FROM enrolments WHERE id = ${enrolment} AND code = ${code} AND expires_at > ${now()}
        AND NOT EXISTS (SELECT 1 FROM banned WHERE nullifier = ${nullifier})`;
      await database.batch([
        sql`INSERT OR IGNORE INTO credentials (id, nullifier, issued_at)
          SELECT ${id}, ${nullifier}, ${now()} ${isOpen}`.compile(db),
        sql`UPDATE enrolments SET credential = ${canonical}, code = NULL, browser_hash = NULL, verified = NULL,
            expires_at = ${now() + COLLECTION_TIME}
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
