import { Point } from '@noble/ed25519';
import { equalBytes, fromHex, type Bytes } from '../bytes.ts';

/**
 * The one rule for Ed25519 verdicts (protocol.md §2). RFC 8032 leaves edge cases open and platforms differ in them; a
 * registry's verdict must not depend on who computes it.
 *
 * - A public key is valid iff its encoding is canonical, and its point is neither of small order nor of mixed order.
 * - A signature is valid iff S < L, R is canonically encoded and not of small order, and [S]B = R + [k]A holds without
 *   the cofactor.
 */
export function isValidPublicKey(publicKey: Uint8Array): boolean {
  return decodePublicKey(publicKey)?.isTorsionFree() ?? false;
}

/** The point of a canonically encoded key that is not of small order; null for any other. Mixed order is left to judge. */
export function decodePublicKey(publicKey: Uint8Array): Point | null {
  if (publicKey.length !== 32) return null;
  try {
    // Refuses y ≥ p and x = 0 with the sign bit set.
    const point = Point.fromBytes(publicKey, false);
    return point.isSmallOrder() ? null : point;
  } catch {
    return null;
  }
}

/** The order of the base point (RFC 8032 §5.1), little-endian. */
const L = Uint8Array.from(
  // oxlint-disable-next-line unicorn/number-literal-case
  [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0x10,
  ],
);

/** The y coordinates of the eight points of small order, as encodings with the sign bit cleared. */
const SMALL_ORDER_Y = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
].map((hex) => fromHex(hex) as Bytes);

/** The part of the rule that needs no curve arithmetic: length, S < L, R canonical and not of small order. */
export function isAcceptableSignature(signature: Uint8Array): boolean {
  if (signature.length !== 64) return false;
  if (!isBelow(signature.subarray(32), L)) return false;
  const y = signature.slice(0, 32);
  y[31] = (y[31] as number) & 0x7f;
  if (!isBelow(y, P)) return false;
  return !SMALL_ORDER_Y.some((small) => equalBytes(y, small));
}

/** 2^255 − 19, little-endian. */
const P = Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 0xed : i === 31 ? 0x7f : 0xff));

function isBelow(a: Uint8Array, bound: Uint8Array): boolean {
  for (let i = 31; i >= 0; i--) {
    const difference = (a[i] as number) - (bound[i] as number);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
