import { etc, Point } from '@noble/ed25519';
import { concatBytes, equalBytes, type Bytes } from '../bytes.ts';

/**
 * Whether a point has no torsion component, asked of the platform's X25519: some ten times faster than multiplying by L
 * with big integers.
 *
 * X25519 (RFC 7748 §5) computes the u coordinate of [k]P for a k that is a multiple of 8 with bit 254 set. 5L − 1 is such
 * a number, L being the order of the base point. Write P = Q + T with Q in the prime-order subgroup and T of order
 * dividing 8: then [5L − 1]P = −Q, since 8 divides the multiplier and L·Q = 0. Points of the same u are equal or opposite,
 * so the result is u(P) exactly if Q + T = ±Q, that is if T = 0, or 2Q = −T, which makes Q = 0 and P of small order.
 * The caller has refused small order.
 */
export async function isTorsionFreeNatively(point: Point): Promise<boolean> {
  scalar ??= crypto.subtle.importKey('pkcs8', PKCS8_SCALAR, 'X25519', false, ['deriveBits']);
  const u = montgomeryU(point);
  const publicKey = await crypto.subtle.importKey('raw', u, 'X25519', false, []);
  const shared = await crypto.subtle.deriveBits({ name: 'X25519', public: publicKey }, await scalar, 256);
  return equalBytes(new Uint8Array(shared), u);
}

/** Whether this platform's WebCrypto knows X25519. */
export function hasNativeX25519(): Promise<boolean> {
  native ??= isTorsionFreeNatively(Point.BASE).catch(() => false);
  return native;
}
let native: Promise<boolean> | undefined;
let scalar: Promise<CryptoKey> | undefined;

const { p: P, n: L } = Point.CURVE();

/** The u coordinate of RFC 7748 §4.1's birational map, u = (1 + y)/(1 − y) = (Z + Y)/(Z − Y), little-endian. */
function montgomeryU({ Y, Z }: Point): Bytes {
  return littleEndian(etc.mod((Z + Y) * etc.invert(etc.mod(Z - Y, P), P), P));
}

function littleEndian(n: bigint): Bytes {
  const bytes = new Uint8Array(32);
  for (let i = 0, rest = n; i < 32; i++, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  return bytes;
}

/** The multiplier as an X25519 private key in PKCS #8 (RFC 8410 §7). */
const PKCS8_SCALAR = concatBytes(
  Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 4, 0x22, 4, 0x20),
  littleEndian(5n * L - 1n),
) as Bytes;
