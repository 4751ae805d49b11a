import { describe, expect, test } from 'vitest';
import { Point } from '@noble/ed25519';
import fc from 'fast-check';
import { fromHex, toHex, utf8, type Bytes } from '../bytes.ts';
import { didFromPublicKey, publicKeyFromDid, verificationMethodOf } from '../did-key.ts';
import { signerOf } from '../../test/support/statements.ts';
import edges from '../../test/fixtures/ed25519-edges.json' with { type: 'json' };
import { BoundedCache } from '../bounded-cache.ts';
import { isAcceptableSignature, isValidPublicKey } from './rule.ts';
import { nativeKey, nobleKey, signerFromSeed } from './signer.ts';
import { hasNativeEd25519, verifyNatively, verifySignature, verifyWithNoble } from './verify.ts';

const hex = (text: string): Bytes => fromHex(text) as Bytes;
const ways = { verifyNatively, verifyWithNoble, verifySignature };

describe.for(Object.entries(ways))('%s', ([, verify]) => {
  test.for(edges.map((edge) => [edge.reason, edge] as const))('%s', async ([, { key, signature, message, valid }]) => {
    expect(await verify(hex(signature), utf8(message), hex(key))).toBe(valid);
  });

  test('any other length is false, never an exception', async () => {
    const signer = await signerOf('alice');
    const message = utf8('message');
    const signature = await signer.sign(message);
    for (const length of [0, 1, 31, 32, 63, 65, 128]) {
      expect(await verify(new Uint8Array(length), message, signer.publicKey)).toBe(false);
      if (length !== 32) expect(await verify(signature, message, new Uint8Array(length))).toBe(false);
    }
    expect(await verify(signature, message, signer.publicKey)).toBe(true);
    expect(await verify(signature, utf8('massage'), signer.publicKey)).toBe(false);
  });
});

test('S < L is the rule’s own, not left to a library', () => {
  const R = '58' + '66'.repeat(31);
  const order = 'edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010';
  expect(isAcceptableSignature(hex(R + order))).toBe(false);
  expect(isAcceptableSignature(hex(R + order.replace('ed', 'ee')))).toBe(false);
  expect(isAcceptableSignature(hex(R + 'ff'.repeat(32)))).toBe(false);
  expect(isAcceptableSignature(hex(R + order.replace('ed', 'ec')))).toBe(true);
});

test('both runtimes of the suite have native Ed25519, so that all three ways are tested', async () => {
  expect(await hasNativeEd25519()).toBe(true);
});

/** The eight points of small order: the multiples of one of order 8. */
function smallOrder(): string[] {
  const generator = Point.fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05');
  const points = [generator];
  while (points.length < 8) points.push((points.at(-1) as typeof generator).add(generator));
  return points.map((point) => toHex(point.toBytes()));
}

describe('public keys', () => {
  test('RFC 8032 §7.1’s first is valid', () => {
    expect(isValidPublicKey(hex('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'))).toBe(true);
  });

  test('all eight points of small order are refused, as keys and as R', () => {
    const points = smallOrder();
    expect(new Set(points).size).toBe(8);
    for (const point of points) {
      expect(isValidPublicKey(hex(point)), point).toBe(false);
      expect(isAcceptableSignature(hex(point + '00'.repeat(32))), point).toBe(false);
    }
  });

  test('a key of mixed order is refused: a good key plus a point of small order', async () => {
    const good = Point.fromBytes((await signerOf('alice')).publicKey);
    for (const point of smallOrder().filter((text) => !text.startsWith('01'))) {
      const mixed = good.add(Point.fromHex(point));
      expect(isValidPublicKey(mixed.toBytes() as Bytes)).toBe(false);
    }
  });
});

describe('did:key', () => {
  test('of the standard’s example key, there and back', () => {
    const did = 'did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2';
    const key = publicKeyFromDid(did) as Bytes;
    expect(didFromPublicKey(key)).toBe(did);
    expect(verificationMethodOf(didFromPublicKey(key))).toBe(`${did}#${did.slice(8)}`);
  });

  test.for([
    'did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ',
    'did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ22',
    'did:key:z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc',
    'did:web:example.com',
    'z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2',
    'did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbT02',
    ' did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2',
    'did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2\n',
  ])('%j holds no Ed25519 key', (did) => expect(publicKeyFromDid(did)).toBeNull());
});

test('signers: RFC 8032 §7.1 test 1, and only seeds of 32 bytes', async () => {
  const signer = await signerFromSeed(hex('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60'));
  expect(toHex(signer.publicKey)).toBe('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a');
  expect(toHex(await signer.sign(new Uint8Array()))).toBe(
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  );
  expect(Object.keys(signer).sort()).toEqual(['did', 'publicKey', 'sign']);
  for (const length of [0, 31, 33, 64])
    await expect(signerFromSeed(new Uint8Array(length))).rejects.toThrow(RangeError);
});

test('the platform and noble have the same key of a seed, and sign alike', () =>
  fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 32, maxLength: 32 }), async (bytes) => {
      const seed = Uint8Array.from(bytes);
      const [native, noble] = [await nativeKey(seed), await nobleKey(seed)];
      expect(native.publicKey).toEqual(noble.publicKey);
      expect(await native.sign(seed)).toEqual(await noble.sign(seed));
    }),
    { numRuns: 10 },
  ));

test('the key cache forgets what was used longest ago, and only that', () => {
  const cache = new BoundedCache<string, string>(2);
  const made: string[] = [];
  const get = (key: string): string =>
    cache.get(key, () => {
      made.push(key);
      return key.toUpperCase();
    });
  expect(['a', 'b', 'a', 'c', 'a', 'b'].map(get)).toEqual(['A', 'B', 'A', 'C', 'A', 'B']);
  expect(made).toEqual(['a', 'b', 'c', 'b']);
});
