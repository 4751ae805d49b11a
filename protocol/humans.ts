import type { Present } from './evidence.ts';

/** A person as an issuer knows them, and the keys by which they signed. */
interface Pair {
  issuer: string;
  person: string;
  key: string;
}

/**
 * How many distinct humans stand behind these credentials, as an interval: nullifiers of different issuers cannot be
 * linked. At least the largest number that one issuer tells apart; at most the (issuer, nullifier) pairs, where pairs
 * that share a key are one person.
 */
export function distinctHumans(credentials: readonly Present<'HumanCredential'>[]): { min: number; max: number } {
  const pairs: Pair[] = credentials.map(({ document }) => ({
    issuer: document.issuer,
    person: `${document.issuer} ${document.credentialSubject.nullifier}`,
    key: document.credentialSubject.id,
  }));
  const perIssuer = new Map<string, Set<string>>();
  const parent = new Map<string, string>();
  const find = (node: string): string => {
    let root = node;
    while (parent.get(root) !== root) root = parent.get(root) as string;
    for (let at = node; at !== root;) {
      const next = parent.get(at) as string;
      parent.set(at, root);
      at = next;
    }
    return root;
  };
  for (const { issuer, person, key } of pairs) {
    if (!perIssuer.has(issuer)) perIssuer.set(issuer, new Set());
    perIssuer.get(issuer)?.add(person);
    for (const node of [person, key]) if (!parent.has(node)) parent.set(node, node);
    parent.set(find(person), find(key));
  }
  // An issuer that gives one key to two people still says that they are two.
  const within = new Map<string, number>();
  for (const persons of perIssuer.values()) {
    const perGroup = new Map<string, number>();
    for (const person of persons) perGroup.set(find(person), (perGroup.get(find(person)) ?? 0) + 1);
    for (const [group, count] of perGroup) within.set(group, Math.max(count, within.get(group) ?? 0));
  }
  const min = Math.max(0, ...[...perIssuer.values()].map((set) => set.size));
  return { min, max: [...within.values()].reduce((sum, count) => sum + count, 0) };
}
