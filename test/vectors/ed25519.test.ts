import { expect, test } from 'vitest';
import { fromHex, utf8, type Bytes } from '../../protocol/bytes.ts';
import { verifyNatively, verifyWithNoble } from '../../protocol/ed25519/verify.ts';
import verdicts from '../fixtures/ed25519-verdicts.json' with { type: 'json' };

interface Vector {
  number: number;
  key: string;
  sig: string;
  msg: string;
  flags: string[] | null;
}

const files = import.meta.glob<string>('../../../shared/vectors/ed25519-cctv.json', {
  eager: true,
  query: '?raw',
  import: 'default',
});
const [text] = Object.values(files);

/** Each flag that the rule refuses, and why (protocol.md §2). A flag that is not here decides nothing alone. */
const REFUSED: Record<string, string> = {
  low_order_A: 'the key is of small order',
  low_order_component_A: 'the key is not torsion-free',
  non_canonical_A: 'the key is not canonically encoded',
  low_order_R: 'R is of small order',
  low_order_component_R: 'with a torsion-free key the cofactorless equation leaves R no torsion',
  non_canonical_R: 'R is not canonically encoded',
  low_order_residue: 'the equation holds only with the cofactor',
};

const expectedFromFlags = (flags: readonly string[]): string => {
  const reasons = Object.keys(REFUSED).filter((flag) => flags.includes(flag));
  return reasons.length === 0 ? 'accept' : 'refuse';
};

if (text === undefined) {
  test.skip('ed25519 vectors: ../shared is not there, skipped', () => {});
} else {
  const vectors = JSON.parse(text) as Vector[];

  test('native and noble agree with the committed table on every vector', async () => {
    expect(Object.keys(verdicts)).toHaveLength(vectors.length);
    const wrong: unknown[] = [];
    for (const { number, key, sig, msg } of vectors) {
      const input = [fromHex(sig), utf8(msg), fromHex(key)] as [Bytes, Bytes, Bytes];
      const expected = (verdicts as Record<string, { verdict: string }>)[number]?.verdict === 'accept';
      const native = await verifyNatively(...input);
      const noble = await verifyWithNoble(...input);
      if (native !== expected || noble !== expected) wrong.push({ number, expected, native, noble });
    }
    expect(wrong).toEqual([]);
  });

  test('the table follows from the vectors’ flags and the rule', () => {
    for (const { number, flags } of vectors) {
      const row = (verdicts as Record<string, { verdict: string; reason: string }>)[number];
      expect(row?.verdict, `vector ${number}`).toBe(expectedFromFlags(flags ?? []));
      const reasons = Object.keys(REFUSED).filter((flag) => flags?.includes(flag));
      if (reasons[0] !== undefined) expect(reasons.map((flag) => REFUSED[flag])).toContain(row?.reason);
    }
  });
}
