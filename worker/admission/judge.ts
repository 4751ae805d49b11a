import type { Did, StatementId } from '../../schemas/primitives.ts';
import type { StatementKind } from '../../schemas/statement.ts';
import { Evidence, type Logged } from '../../protocol/evidence.ts';
import {
  admissionEvidence,
  countExclusive,
  earlierRevocations,
  exclusiveGrants,
  loggedAlready,
  references,
  toLogged,
  type LoggedRow,
  type Reference,
} from '../database/evidence.ts';
import type { Database } from '../database/port.ts';
import { operatorOf } from '../log/identity.ts';
import {
  admitExclusive,
  EXCLUSIVE_GRANTS,
  exclusiveRights,
  grantsIn,
  readable,
  type ExclusiveRights,
} from './exclusive.ts';
import {
  admitReferences,
  admitSigner,
  referencesOf,
  signersOf,
  type Named,
  type Refusal,
  type Submission,
} from './admit.ts';

/** A group, sorted into what is logged already, what may be logged, in that order, and what may not. */
interface Judged {
  logged: LoggedRow[];
  fresh: Submission[];
  refused: Map<StatementId, Refusal>;
}

export interface Judge {
  /** Judges a group by what the log of `size` entries holds, as of `now`. */
  judge(size: number, submissions: readonly Submission[], now: number): Promise<Judged>;
  /** Says that `fresh` took the log to `size`, and nothing else did. */
  grown(fresh: readonly Submission[], size: number): void;
}

/** Ids in one bound parameter, of which D1 takes 2 MB. */
const NAMED = 10_000;
/** Signers whose credentials are remembered. */
const SIGNERS = 2000;
/** What changes who may sign what. */
const AUTHORITY: ReadonlySet<StatementKind> = new Set(['Accreditation', 'HumanCredential', 'Revocation']);

const REVOKED_BESIDE: Refusal = {
  code: 'not-revocable',
  detail: 'another revocation of the same statement came with it; submit this one again if it reaches further',
};

/** What the log of `size` entries says of these signers. */
interface Known {
  size: number;
  signers: ReadonlySet<Did>;
  evidence: Evidence;
}

/**
 * Judges groups for a sequencer. What it read of signers it remembers for as long as the log grows by its own hand and
 * by nothing that touches them.
 */
export function createJudge(database: Database): Judge {
  let operator: Did | null = null;
  let known: Known | null = null;

  return {
    async judge(size, submissions, now) {
      const rows = await database.all(loggedAlready(submissions.map(({ id }) => id)));
      const already = new Set(rows.map(({ id }) => id));
      const candidates = submissions.filter(({ id }) => !already.has(id));
      if (candidates.length === 0) return { logged: rows, fresh: [], refused: new Map() };
      const evidence = await evidenceFor(size, candidates);
      const entitled = new Map<StatementId, Submission>();
      const refused = new Map<StatementId, Refusal>();
      for (const submission of candidates) {
        const verdict = admitSigner(submission, evidence, now);
        if (verdict.ok) entitled.set(submission.id, submission);
        else refused.set(submission.id, verdict.reason);
      }
      const named = await readNamed([...entitled.values()]);
      const referring: Submission[] = [];
      for (const submission of entitled.values()) {
        const verdict = admitReferences(submission, named, evidence, now);
        if (verdict.ok) referring.push(submission);
        else refused.set(submission.id, verdict.reason);
      }
      const exclusive = await exclusiveFor(referring, evidence, now);
      const admitted: Submission[] = [];
      const revocations: Submission[] = [];
      const revoked = new Set<string>();
      for (const submission of referring) {
        const verdict = admitExclusive(submission, exclusive);
        const { kind, document } = submission;
        const key = `${document.issuer} ${document.credentialSubject.id}`;
        if (!verdict.ok) refused.set(submission.id, verdict.reason);
        else if (kind !== 'Revocation') admitted.push(submission);
        else if (revoked.has(key)) refused.set(submission.id, REVOKED_BESIDE);
        else {
          revocations.push(submission);
          revoked.add(key);
        }
      }
      // All were judged by what the log held before this group, so what takes rights away is logged after what uses them.
      return { logged: rows, fresh: [...admitted, ...revocations], refused };
    },

    grown(fresh, size) {
      const isTouched = fresh.some(({ kind }) => AUTHORITY.has(kind));
      known = known === null || isTouched ? null : { ...known, size };
    },
  };

  /** What decides about the signers of a group, and the bodies of the records whose rights somebody grants. */
  async function evidenceFor(size: number, submissions: readonly Submission[]): Promise<Evidence> {
    const expected = await expectedOperator(size, submissions);
    const signers = signersOf(submissions);
    const granted = submissions.filter(({ kind }) => kind === 'RightsGrant').flatMap(idsNamedBy);
    const before = known?.size === size && known.signers.size + signers.length <= SIGNERS ? known : null;
    const missing = signers.filter((did) => before?.signers.has(did) !== true);
    if (before !== null && missing.length + granted.length === 0) return before.evidence;
    const rows = await database.all(admissionEvidence(missing, granted));
    const read = (kinds: (row: Logged) => boolean): Evidence =>
      new Evidence(expected, [...(before?.evidence.all() ?? []), ...rows.map(toLogged).filter(kinds)]);
    known = {
      size,
      signers: new Set([...(before?.signers ?? []), ...missing]),
      evidence: read(({ kind }) => AUTHORITY.has(kind)),
    };
    return granted.length === 0 ? known.evidence : read(() => true);
  }

  /** What stands granted exclusively in the records whose rights a group grants. */
  async function exclusiveFor(
    submissions: readonly Submission[],
    evidence: Evidence,
    now: number,
  ): Promise<ExclusiveRights> {
    const records = submissions.filter(({ kind }) => kind === 'RightsGrant').flatMap(idsNamedBy);
    const none = { held: new Map(), unread: new Map() };
    if (records.length === 0) return none;
    const counts = await database.all(countExclusive([...new Set(records)], EXCLUSIVE_GRANTS));
    const { records: wanted, unread } = readable(counts);
    if (wanted.length === 0) return { ...none, unread };
    const rows = await database.all(exclusiveGrants(wanted));
    const read = new Evidence(evidence.operator, [...evidence.all(), ...rows.map(toLogged)]);
    return exclusiveRights(read, grantsIn(read), unread, now);
  }

  async function readNamed(submissions: readonly Submission[]): Promise<Named> {
    const ids = [...new Set(submissions.flatMap(idsNamedBy))];
    const found = new Map<StatementId, Reference>();
    for (let at = 0; at < ids.length; at += NAMED) {
      for (const row of await database.all(references(ids.slice(at, at + NAMED)))) found.set(row.id, row);
    }
    const targets = submissions.filter(({ kind }) => kind === 'Revocation').flatMap(idsNamedBy);
    const revocations = targets.length === 0 ? [] : await database.all(earlierRevocations(targets));
    return { references: found, revocations };
  }

  /** The signer of entry 0. In an empty log, of the accreditation of itself that will be entry 0. */
  async function expectedOperator(size: number, submissions: readonly Submission[]): Promise<Did | null> {
    const first = submissions[0]?.document;
    if (size === 0) return first?.issuer === first?.credentialSubject.id ? (first?.issuer ?? null) : null;
    operator ??= (await operatorOf(database)) as Did;
    return operator;
  }
}

const idsNamedBy = (submission: Submission): StatementId[] => referencesOf(submission).map(({ id }) => id);
