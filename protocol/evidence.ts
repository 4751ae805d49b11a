import type { Did, StatementId } from '../schemas/primitives.ts';
import { isKind, type Statement, type StatementKind } from '../schemas/statement.ts';

/** A statement as the log has it. `document` is null once its body was erased. */
export interface Logged<K extends StatementKind = StatementKind> {
  id: StatementId;
  kind: K;
  index: number;
  /** When the log took it, in milliseconds since the epoch. */
  loggedAt: number;
  document: Statement<K> | null;
}

/** A logged statement whose body is at hand. */
export type Present<K extends StatementKind = StatementKind> = Logged<K> & { document: Statement<K> };

/**
 * Logged statements of one log, found by what they refer to. Authenticity is settled before they get here; what they
 * mean at a given time is for standing.ts.
 */
export class Evidence {
  /** Who signed entry 0. */
  readonly operator: Did | null;
  readonly #byId = new Map<StatementId, Logged>();
  readonly #accreditations = new Map<Did, Present<'Accreditation'>[]>();
  readonly #credentials = new Map<Did, Present<'HumanCredential'>[]>();
  readonly #revocations = new Map<StatementId, Present<'Revocation'>[]>();
  readonly #reviews = new Map<StatementId, Present<'ReviewRecord'>[]>();
  readonly #grants = new Map<StatementId, Present<'RightsGrant'>[]>();
  readonly #erasedCredentials: Logged[] = [];
  readonly #successors = new Map<StatementId, Present<'DatasetRecord'>[]>();

  constructor(operator: Did | null, statements: Iterable<Logged>) {
    this.operator = operator;
    for (const logged of statements) {
      if (this.#byId.has(logged.id)) continue;
      this.#byId.set(logged.id, logged);
      if (logged.kind === 'HumanCredential' && logged.document === null) this.#erasedCredentials.push(logged);
      if (has(logged, 'Accreditation')) push(this.#accreditations, logged.document.credentialSubject.id, logged);
      if (has(logged, 'HumanCredential')) push(this.#credentials, logged.document.credentialSubject.id, logged);
      if (has(logged, 'Revocation')) push(this.#revocations, logged.document.credentialSubject.id, logged);
      if (has(logged, 'ReviewRecord')) push(this.#reviews, logged.document.credentialSubject.id, logged);
      if (has(logged, 'RightsGrant')) push(this.#grants, logged.document.credentialSubject.record, logged);
      if (has(logged, 'DatasetRecord')) {
        const { replaces } = logged.document.credentialSubject;
        if (replaces !== undefined) push(this.#successors, replaces, logged);
      }
    }
    for (const list of [this.#erasedCredentials, ...this.#revocations.values(), ...this.#successors.values()]) {
      list.sort((a: Logged, b: Logged) => a.index - b.index);
    }
  }

  get(id: StatementId): Logged | undefined {
    return this.#byId.get(id);
  }

  all(): Iterable<Logged> {
    return this.#byId.values();
  }

  record(id: StatementId): Present<'DatasetRecord'> | undefined {
    const logged = this.#byId.get(id);
    return logged !== undefined && has(logged, 'DatasetRecord') ? logged : undefined;
  }

  /** Accreditations of this DID. */
  accreditationsOf(subject: Did): readonly Present<'Accreditation'>[] {
    return this.#accreditations.get(subject) ?? [];
  }

  /** Credentials that say this key is a human's. */
  credentialsOf(subject: Did): readonly Present<'HumanCredential'>[] {
    return this.#credentials.get(subject) ?? [];
  }

  /** Credentials whose body is gone, in log order; nobody knows any more whose they were. */
  erasedCredentials(): readonly Logged[] {
    return this.#erasedCredentials;
  }

  /** Revocations that name this statement, whoever signed them, in log order. */
  revocationsOf(target: StatementId): readonly Present<'Revocation'>[] {
    return this.#revocations.get(target) ?? [];
  }

  reviewsOf(record: StatementId): readonly Present<'ReviewRecord'>[] {
    return this.#reviews.get(record) ?? [];
  }

  /** Grants of rights in this record, to whomever. */
  grantsOf(record: StatementId): readonly Present<'RightsGrant'>[] {
    return this.#grants.get(record) ?? [];
  }

  /** Records that say they replace this one, in log order. */
  successorsOf(record: StatementId): readonly Present<'DatasetRecord'>[] {
    return this.#successors.get(record) ?? [];
  }
}

/** Narrows a logged statement to one kind with its body present. */
export const has = <K extends StatementKind>(logged: Logged, kind: K): logged is Present<K> =>
  logged.document !== null && isKind(logged.document, kind);

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
