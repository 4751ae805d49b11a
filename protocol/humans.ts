import type { Present } from './evidence.ts';

/** A person as one issuer knows them. */
interface Pair {
  issuer: string;
  person: string;
}

/**
 * How many distinct humans stand behind these credentials, as an interval (docs/decisions/0012): nullifiers of different
 * issuers cannot be linked. At least the largest number that one issuer tells apart; at most the (issuer, nullifier)
 * pairs, where pairs that share a key are one person. Where an issuer contradicts that, and keys link people whom it
 * tells apart, these keys prove nothing: the pairs that they link are counted one by one.
 */
export function distinctHumans(credentials: readonly Present<'HumanCredential'>[]): { min: number; max: number } {
  const pairs = new Map<string, Pair>();
  const groups = new Groups();
  for (const { document } of credentials) {
    const { issuer, credentialSubject } = document;
    const person = `${issuer} ${credentialSubject.nullifier}`;
    pairs.set(person, { issuer, person });
    groups.join(person, credentialSubject.id);
  }
  const perIssuer = new Map<string, number>();
  const members = new Map<string, Pair[]>();
  for (const pair of pairs.values()) {
    perIssuer.set(pair.issuer, (perIssuer.get(pair.issuer) ?? 0) + 1);
    const group = groups.of(pair.person);
    const list = members.get(group);
    if (list === undefined) members.set(group, [pair]);
    else list.push(pair);
  }
  let max = 0;
  for (const group of members.values()) {
    const isOnePerson = new Set(group.map(({ issuer }) => issuer)).size === group.length;
    max += isOnePerson ? 1 : group.length;
  }
  return { min: Math.max(0, ...perIssuer.values()), max };
}

/** Names that belong together, directly or through others. */
class Groups {
  readonly #parent = new Map<string, string>();

  join(a: string, b: string): void {
    this.#parent.set(this.of(a), this.of(b));
  }

  /** The name that stands for the group of this one. */
  of(name: string): string {
    let root = name;
    for (let next = this.#parent.get(root); next !== undefined && next !== root; next = this.#parent.get(root))
      root = next;
    // Whoever is passed on the way is pointed there, so that no chain is long twice.
    for (let at = name; at !== root;) {
      const next = this.#parent.get(at) as string;
      this.#parent.set(at, root);
      at = next;
    }
    return root;
  }
}
