import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Did } from '../schemas/primitives.ts';
import type { Present } from './evidence.ts';
import { distinctHumans } from './humans.ts';

interface Claim {
  issuer: string;
  nullifier: string;
  key: string;
}

/** distinctHumans reads these three fields only. */
const credential = ({ issuer, nullifier, key }: Claim): Present<'HumanCredential'> =>
  ({
    document: { issuer: issuer as Did, credentialSubject: { id: key as Did, nullifier } },
  }) as Present<'HumanCredential'>;
const interval = (claims: readonly Claim[]): { min: number; max: number } => distinctHumans(claims.map(credential));
const claims = (text: string): Claim[] =>
  text.split(' ').map((word) => {
    const [issuer = '', nullifier = '', key = ''] = word.split('.');
    return { issuer, nullifier, key };
  });

describe('worked examples (issuer.nullifier.key)', () => {
  test.for<[string, number, number, string]>([
    ['A.x.1', 1, 1, 'one person'],
    ['A.x.1 A.x.2 A.x.3', 1, 1, 'one person with three keys'],
    ['A.x.1 A.y.2', 2, 2, 'two people, says their issuer'],
    ['A.x.1 B.x.2', 1, 2, 'one person or two: issuers’ nullifiers cannot be linked'],
    ['A.x.1 B.y.1', 1, 1, 'one key, so one person, whatever two issuers call them'],
    ['A.x.1 A.x.2 B.y.2 B.y.3 C.z.3', 1, 1, 'linked through a chain of keys'],
    ['A.x.1 A.y.2 B.z.3', 2, 3, 'two for certain, perhaps three'],
    ['A.x.1 A.y.1', 2, 2, 'one key for two people is still two people'],
    ['A.x.1 A.y.1 B.m.2 B.n.3', 2, 4, 'and they may be two others'],
    ['A.x.1 B.m.1 B.m.2 A.y.2', 2, 3, 'keys that link two whom an issuer tells apart prove nothing'],
    ['A.x.1 A.y.1 B.m.1', 2, 3, 'nor does a key that it gives to two say which of them another issuer knows'],
    ['A.a.1 B.b.1 B.c.2 C.d.2 C.e.3 A.f.3', 2, 3, 'three, but no issuer says so: the bound is one issuer’s word'],
  ])('%s: %i to %i: %s', ([text, min, max]) => expect(interval(claims(text))).toEqual({ min, max }));

  test('nobody', () => expect(interval([])).toEqual({ min: 0, max: 0 }));
});

/** Every partition of `n` things, as the class of each. */
function* partitions(n: number, classes: number[] = []): Generator<number[]> {
  if (classes.length === n) return yield classes;
  const used = Math.max(-1, ...classes) + 1;
  for (let c = 0; c <= used; c++) yield* partitions(n, [...classes, c]);
}

/** The pairs that keys link, directly or through others, by a flood from each. */
function linked(list: readonly Claim[]): Claim[][] {
  const rest = new Set(list);
  const groups: Claim[][] = [];
  for (const first of list) {
    if (!rest.delete(first)) continue;
    const group = [first];
    for (const one of group) {
      for (const other of rest) {
        const isSame = other.issuer === one.issuer && other.nullifier === one.nullifier;
        if ((isSame || other.key === one.key) && rest.delete(other)) group.push(other);
      }
    }
    groups.push(group);
  }
  return groups;
}

/** Whether an issuer tells apart two of a group: then its keys are not one person's. */
const isContradicted = (group: readonly Claim[]): boolean =>
  group.some((a) => group.some((b) => a.issuer === b.issuer && a.nullifier !== b.nullifier));

/**
 * How many people there are in every world that the credentials allow: an issuer's nullifiers are different people, and
 * pairs that share a key are one, unless the issuers contradict that.
 */
function bruteForce(list: readonly Claim[]): { min: number; max: number } {
  const pairs = [...new Set(list.map(({ issuer, nullifier }) => `${issuer}.${nullifier}`))];
  const at = ({ issuer, nullifier }: Claim): number => pairs.indexOf(`${issuer}.${nullifier}`);
  const groupOf = new Map(linked(list).flatMap((group) => group.map((claim) => [claim, group] as const)));
  const binds = list.map((claim) => !isContradicted(groupOf.get(claim) as Claim[]));
  const counts: number[] = [];
  for (const classes of partitions(pairs.length)) {
    const isConsistent = list.every((a, i) =>
      list.every((b) => {
        const same = classes[at(a)] === classes[at(b)];
        if (a.issuer === b.issuer && a.nullifier !== b.nullifier && same) return false;
        return a.key !== b.key || same || binds[i] === false;
      }),
    );
    if (isConsistent) counts.push(new Set(classes).size);
  }
  return { min: Math.min(...counts), max: Math.max(...counts) };
}

const claimsBy = (issuers: readonly string[]) =>
  fc.array(
    fc.record({
      issuer: fc.constantFrom(...issuers),
      nullifier: fc.constantFrom('w', 'x', 'y', 'z'),
      key: fc.constantFrom('1', '2', '3', '4', '5'),
    }),
    { maxLength: 7 },
  );
const someClaims = claimsBy(['A', 'B', 'C']);

test('of up to two issuers the interval is what every possible world allows, to the person', () =>
  fc.assert(
    fc.property(claimsBy(['A', 'B']), (list) => {
      expect(interval(list)).toEqual(bruteForce(list));
    }),
    { numRuns: 500 },
  ));

test('of more, it holds every possible world; its end is the largest, and its start never promises too much', () =>
  fc.assert(
    fc.property(someClaims, (list) => {
      const truth = bruteForce(list);
      const { min, max } = interval(list);
      expect(min).toBeLessThanOrEqual(truth.min);
      expect(max).toBe(truth.max);
    }),
    { numRuns: 500 },
  ));

test('five keys of one person count once, and another credential never lowers what is certain', () =>
  fc.assert(
    fc.property(someClaims, fc.array(fc.constantFrom('6', '7', '8', '9', '10'), { minLength: 5 }), (list, keys) => {
      const own = keys.map((key) => ({ issuer: 'A', nullifier: 'five keys', key }));
      const [without, within] = [interval(list), interval([...list, ...own])];
      expect(within.min).toBeGreaterThanOrEqual(without.min);
      expect(within.max).toBe(without.max + 1);
      expect(interval(own)).toEqual({ min: 1, max: 1 });
    }),
  ));

test('of one issuer’s credentials the count is exact, and neither order nor repetition matters', () =>
  fc.assert(
    fc.property(someClaims, fc.nat(), (list, seed) => {
      const one = list.map((claim) => ({ ...claim, issuer: 'A' }));
      const people = new Set(one.map(({ nullifier }) => nullifier)).size;
      expect(interval(one)).toEqual({ min: people, max: people });
      const rotated = [...list.slice(seed % (list.length + 1)), ...list.slice(0, seed % (list.length + 1)), ...list];
      expect(interval(rotated)).toEqual(interval(list));
    }),
  ));
