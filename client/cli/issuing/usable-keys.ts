import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto';
import { etc, Point } from '@noble/ed25519';
import type { Did } from '../../../schemas/primitives.ts';
import { publicKeyFromDid } from '../../../protocol/did-key.ts';

const { p: P, n: L } = Point.CURVE();

/**
 * The DIDs of these whose key is none that can sign (protocol.md §2). A did:key has no checksum: this is what catches a
 * slip. The verdict is that of `isValidPublicKey`, sooner, for many: X25519 is asked what protocol/ed25519/torsion.ts asks
 * it, but of a u coordinate that no point was decoded for, and all divisions are made as one. A u that is not on the curve
 * is on its twist, of order 4·p' with p' = (p + 1)/2 − 2L: no order there but 1 divides 5L or 5L − 2, so none comes back.
 */
export function unusableKeys(dids: readonly Did[]): ReadonlySet<Did> {
  const unusable = new Set<Did>();
  const points: { did: Did; y: bigint }[] = [];
  for (const did of dids) {
    const key = publicKeyFromDid(did);
    const y = key === null ? null : ordinate(key);
    if (y === null) unusable.add(did);
    else points.push({ did, y });
  }
  // u = (1 + y)/(1 − y), RFC 7748 §4.1; y is not 1, which is of small order.
  const inverses = invertAll(points.map(({ y }) => etc.mod(1n - y, P)));
  for (const [at, { did, y }] of points.entries()) {
    if (!isInPrimeOrderSubgroup(etc.mod((1n + y) * (inverses[at] as bigint), P))) unusable.add(did);
  }
  return unusable;
}

/** The y coordinate of an encoded key; null where it is not canonical, or that of the neutral point or its opposite. */
function ordinate(key: Uint8Array): bigint | null {
  const y = BigInt(`0x${Buffer.from(key.toReversed()).toString('hex')}`) & ((1n << 255n) - 1n);
  return y >= P || y === 1n || y === P - 1n ? null : y;
}

/** Montgomery's trick: one inversion, and three products a number. None may be 0. */
function invertAll(numbers: readonly bigint[]): bigint[] {
  const products: bigint[] = [];
  let product = 1n;
  for (const number of numbers) {
    products.push(product);
    product = etc.mod(product * number, P);
  }
  let inverse = etc.invert(product, P);
  const inverses: bigint[] = [];
  for (let at = numbers.length - 1; at >= 0; at--) {
    inverses[at] = etc.mod(inverse * (products[at] as bigint), P);
    inverse = etc.mod(inverse * (numbers[at] as bigint), P);
  }
  return inverses;
}

function isInPrimeOrderSubgroup(u: bigint): boolean {
  const encoded = littleEndian(u);
  const publicKey = createPublicKey({ key: Buffer.concat([SPKI_X25519, encoded]), format: 'der', type: 'spki' });
  try {
    return diffieHellman({ privateKey: scalar, publicKey }).equals(encoded);
  } catch {
    // A point of small order gives no secret (RFC 7748 §6.1).
    return false;
  }
}

const littleEndian = (n: bigint): Buffer =>
  Buffer.from(Buffer.from(n.toString(16).padStart(64, '0'), 'hex').toReversed());

/** RFC 8410 §4 and §7. */
const SPKI_X25519 = Buffer.from('302a300506032b656e032100', 'hex');
const PKCS8_X25519 = Buffer.from('302e020100300506032b656e04220420', 'hex');

const scalar: KeyObject = createPrivateKey({
  key: Buffer.concat([PKCS8_X25519, littleEndian(5n * L - 1n)]),
  format: 'der',
  type: 'pkcs8',
});
