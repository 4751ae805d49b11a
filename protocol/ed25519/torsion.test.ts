import { Point } from '@noble/ed25519';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isTorsionFreeNatively, hasNativeX25519 } from './torsion.ts';

const L = Point.CURVE().n;

/** A point of order 8: what multiplying some point by L leaves. */
function generatorOfTorsion(): Point {
  for (let y = 2; ; y++) {
    const bytes = new Uint8Array(32);
    bytes[0] = y;
    try {
      const point = Point.fromBytes(bytes, false);
      const torsion = point.multiplyUnsafe(L - 1n).add(point);
      if (!torsion.double().double().is0()) return torsion;
    } catch {
      // No point has this y.
    }
  }
}

const T8 = generatorOfTorsion();
const torsion = (times: number): Point =>
  Array.from({ length: times }, () => T8).reduce((sum, t) => sum.add(t), Point.ZERO);

describe('the torsion check in native X25519', () => {
  test('is there: Node, workerd and browsers have X25519', async () => expect(await hasNativeX25519()).toBe(true));

  test('the eight torsion points are eight', () => {
    expect(new Set([0, 1, 2, 3, 4, 5, 6, 7].map((times) => torsion(times).toHex())).size).toBe(8);
    expect(torsion(8).is0()).toBe(true);
  });

  test('accepts a point of prime order, and refuses it with any torsion added, as multiplying by L does', () =>
    fc.assert(
      fc.asyncProperty(fc.bigInt({ min: 1n, max: L - 1n }), fc.integer({ min: 0, max: 7 }), async (k, times) => {
        const point = Point.BASE.multiply(k).add(torsion(times));
        expect(await isTorsionFreeNatively(point)).toBe(times === 0);
        expect(point.isTorsionFree()).toBe(times === 0);
      }),
      { numRuns: 60 },
    ));
});
