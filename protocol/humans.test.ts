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
  ])('%s: %i to %i: %s', ([text, min, max]) => expect(interval(claims(text))).toEqual({ min, max }));

  test('nobody', () => expect(interval([])).toEqual({ min: 0, max: 0 }));
});

/** Every partition of `n` things, as the class of each. */
function* partitions(n: number, classes: number[] = []): Generator<number[]> {
  if (classes.length === n) return yield classes;
  const used = Math.max(-1, ...classes) + 1;
  for (let c = 0; c <= used; c++) yield* partitions(n, [...classes, c]);
}

/** How many people every reading allows that has one person for a key and tells an issuer's nullifiers apart. */
function bruteForce(list: readonly Claim[]): { min: number; max: number } | null {
  const pairs = [...new Set(list.map(({ issuer, nullifier }) => `${issuer}.${nullifier}`))];
  const at = ({ issuer, nullifier }: Claim): number => pairs.indexOf(`${issuer}.${nullifier}`);
  const counts: number[] = [];
  for (const classes of partitions(pairs.length)) {
    const isConsistent = list.every((a) =>
      list.every((b) => {
        const same = classes[at(a)] === classes[at(b)];
        if (a.issuer === b.issuer && a.nullifier !== b.nullifier && same) return false;
        return a.key !== b.key || same;
      }),
    );
    if (isConsistent) counts.push(new Set(classes).size);
  }
  return counts.length === 0 ? null : { min: Math.min(...counts), max: Math.max(...counts) };
}

const someClaims = fc.array(
  fc.record({
    issuer: fc.constantFrom('A', 'B', 'C'),
    nullifier: fc.constantFrom('x', 'y', 'z'),
    key: fc.constantFrom('1', '2', '3', '4', '5'),
  }),
  { maxLength: 7 },
);

test('the interval holds every consistent reading, and its end is the largest of them', () =>
  fc.assert(
    fc.property(someClaims, (list) => {
      const truth = bruteForce(list);
      const { min, max } = interval(list);
      expect(min).toBeLessThanOrEqual(max);
      if (truth === null) return;
      expect(min).toBeLessThanOrEqual(truth.min);
      expect(max).toBe(truth.max);
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
