import type { Did, StatementId } from '../../schemas/primitives.ts';
import type { StandingState } from '../../schemas/report.ts';

// The second opinion on standing: a plain replay of the log, written from the prose of the design ("Standing at a time
// T") and docs/decisions alone. It imports nothing of protocol/, looks nothing up, and is as slow as it likes.

/** A line of the log, as somebody remembers it. Times are milliseconds. */
export interface Line {
  id: StatementId;
  signer: Did;
  loggedAt: number;
  from: number;
  until: number;
  /** Its body is gone by the end of the history. */
  erased: boolean;
  says:
    | { kind: 'Accreditation'; who: Did; vouchesTo: number; publishes: boolean }
    | { kind: 'HumanCredential'; who: Did; level: number }
    | { kind: 'DatasetRecord'; authored: boolean; holder: Did; replaces: StatementId | null }
    | { kind: 'ReviewRecord' }
    | { kind: 'RightsGrant'; record: StatementId }
    | { kind: 'Revocation'; target: StatementId; since: number | null; erase: boolean };
}

export interface Opinion {
  state: StandingState;
  because: StatementId | null;
  supersededBy: StatementId | null;
}

/** What is in force while the log is read from its beginning to its end. */
interface InForce {
  line: Line;
  /** From when a revocation, whenever logged, says that it was void. */
  voidSince: number;
}

const NEVER = Number.POSITIVE_INFINITY;

/** Who signed a line was entitled to, line by line; and by which credentials. */
interface Rights {
  entitled: boolean;
  credentials: StatementId[];
}

export class Replay {
  readonly #lines: readonly Line[];
  readonly #rights: Rights[] = [];

  constructor(lines: readonly Line[]) {
    this.#lines = lines;
    this.#read();
  }

  /** The standing of the line at `place`, at `time`. */
  at(place: number, time: number): Opinion {
    const opinion = this.#alone(place, time);
    if (opinion.state !== 'active') return { ...opinion, supersededBy: null };
    const line = this.#line(place);
    let supersededBy: StatementId | null = null;
    for (const [i, next] of this.#lines.entries()) {
      if (next.erased || next.says.kind !== 'DatasetRecord' || next.says.replaces !== line.id) continue;
      // A version that does not hold itself replaces nothing.
      if (next.signer === line.signer && this.#alone(i, time).state === 'active') supersededBy = next.id;
    }
    return { ...opinion, supersededBy };
  }

  /** The credentials that stood behind the line at `place` when it was logged. */
  credentialsBehind(place: number): StatementId[] {
    return (this.#rights[place] as Rights).credentials;
  }

  #alone(place: number, time: number): Omit<Opinion, 'supersededBy'> {
    const line = this.#line(place);
    if (line.loggedAt > time) return { state: 'pending', because: null };
    let because: StatementId | null = null;
    for (const revocation of this.#revocationsOf(line)) {
      const { since } = revocation.says as Line['says'] & { kind: 'Revocation' };
      const counts = revocation.loggedAt <= time || (since !== null && since <= time);
      if (counts && because === null) because = revocation.id;
    }
    if (line.erased) return { state: 'erased', because };
    if (because !== null) return { state: 'revoked', because };
    if (time < line.from) return { state: 'pending', because };
    if (time >= line.until) return { state: 'expired', because };
    return { state: (this.#rights[place] as Rights).entitled ? 'active' : 'untrusted', because };
  }

  #line(place: number): Line {
    return this.#lines[place] as Line;
  }

  /** Who could revoke it, did. Of an erased line nobody knows any more who signed it: the log let nobody else. */
  #revocationsOf(line: Line): Line[] {
    if (line.says.kind === 'Revocation') return [];
    return this.#lines.filter(
      ({ says, signer }) =>
        says.kind === 'Revocation' &&
        says.target === line.id &&
        (line.erased || signer === line.signer || signer === this.#line(0).signer),
    );
  }

  /** Reads the log once, in order, and notes for each line whether its signer had the right to it at that moment. */
  #read(): void {
    const operator = this.#line(0).signer;
    let accreditations: InForce[] = [];
    let credentials: InForce[] = [];
    for (const line of this.#lines) {
      const now = line.loggedAt;
      const holds = ({ line: { from, until }, voidSince }: InForce): boolean =>
        from <= now && now < until && now < voidSince;
      const vouching = (issuer: Did, level: number): boolean =>
        accreditations.some(
          (each) =>
            holds(each) &&
            each.line.says.kind === 'Accreditation' &&
            each.line.says.who === issuer &&
            each.line.says.vouchesTo >= level,
        );
      const behind = credentials
        .filter(
          (each) =>
            holds(each) &&
            each.line.says.kind === 'HumanCredential' &&
            each.line.says.who === line.signer &&
            vouching(each.line.signer, each.line.says.level),
        )
        .map((each) => each.line.id);
      const entitled = ((): boolean => {
        const { says } = line;
        switch (says.kind) {
          case 'Accreditation':
            return line.signer === operator;
          case 'HumanCredential':
            return vouching(line.signer, says.level);
          case 'ReviewRecord':
            return behind.length > 0;
          case 'DatasetRecord': {
            const publishes = accreditations.some(
              (each) =>
                holds(each) &&
                each.line.says.kind === 'Accreditation' &&
                each.line.says.publishes &&
                each.line.says.who === line.signer,
            );
            return behind.length > 0 || (!says.authored && publishes);
          }
          case 'RightsGrant': {
            const record = this.#lines.find(({ id }) => id === says.record);
            return (
              record !== undefined &&
              !record.erased &&
              record.says.kind === 'DatasetRecord' &&
              record.says.holder === line.signer
            );
          }
          case 'Revocation': {
            const target = this.#lines.find(({ id }) => id === says.target);
            if (target === undefined || target.says.kind === 'Revocation') return false;
            return target.erased || line.signer === operator || line.signer === target.signer;
          }
        }
      })();
      this.#rights.push({ entitled, credentials: behind });
      if (line.erased) continue;
      const voidSince = Math.min(
        NEVER,
        ...this.#revocationsOf(line).map(({ says }) => (says.kind === 'Revocation' && says.since) || NEVER),
      );
      if (entitled && line.says.kind === 'Accreditation') accreditations.push({ line, voidSince });
      if (entitled && line.says.kind === 'HumanCredential') credentials.push({ line, voidSince });
      if (entitled && line.says.kind === 'Revocation') {
        const { target } = line.says;
        accreditations = accreditations.filter((each) => each.line.id !== target);
        credentials = credentials.filter((each) => each.line.id !== target);
      }
    }
  }
}
