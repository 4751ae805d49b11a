import { expect, test } from 'vitest';
import { fromBase58, fromHex, toHex, utf8 } from '../../protocol/bytes.ts';
import { sha256Bytes } from '../../protocol/digest.ts';
import { publicKeyFromDid } from '../../protocol/did-key.ts';
import { signerFromSeed } from '../../protocol/ed25519/signer.ts';
import { verifyNatively, verifyWithNoble } from '../../protocol/ed25519/verify.ts';
import { canonicalJson } from '../../protocol/json.ts';
import { hashDataOf, signDocument, verifyProof, type Unsigned } from '../../protocol/statement.ts';
import type { Did } from '../../schemas/primitives.ts';

const files = import.meta.glob<string>('../../../shared/vectors/vc-di-eddsa/*.{json,txt}', {
  eager: true,
  query: '?raw',
  import: 'default',
});
const read = (name: string): string => Object.entries(files).find(([path]) => path.endsWith(`/${name}`))?.[1] as string;

if (Object.keys(files).length === 0) {
  test.skip('vc-di-eddsa vectors: ../shared is not there, skipped', () => {});
} else {
  const unsigned = JSON.parse(read('unsigned.json')) as Unsigned;
  const options = JSON.parse(read('proofConfigJCS.json')) as Unsigned;
  const { proof, ...document } = JSON.parse(read('signedJCS.json')) as Unsigned & {
    proof: { proofValue: string; created: string };
  };
  const keys = JSON.parse(read('keyPair.json')) as { publicKeyMultibase: string; privateKeyMultibase: string };
  const did = `did:key:${keys.publicKeyMultibase}` as Did;

  test('canonical forms and hashes, piece by piece (§3.3)', () => {
    expect(canonicalJson(unsigned)).toBe(read('canonDocJCS.txt').trim());
    expect(canonicalJson(options)).toBe(read('proofCanonJCS.txt').trim());
    expect(toHex(sha256Bytes(utf8(canonicalJson(unsigned))))).toBe(read('docHashJCS.txt').trim());
    expect(toHex(sha256Bytes(utf8(canonicalJson(options))))).toBe(read('proofHashJCS.txt').trim());
    expect(toHex(hashDataOf(unsigned, options))).toBe(read('combinedHashJCS.txt').trim());
  });

  test('the published proof verifies, natively and with noble', async () => {
    const { proofValue, ...rest } = proof;
    expect(document).toEqual(unsigned);
    expect(proofValue).toBe(read('sigBTC58JCS.txt').trim());
    expect(fromBase58(proofValue.slice(1))).toEqual(fromHex(read('sigHexJCS.txt').trim()));
    for (const verify of [verifyNatively, verifyWithNoble]) {
      expect(await verifyProof(did, proofValue, hashDataOf(document, rest), verify)).toEqual({ ok: true, value: true });
      const altered = hashDataOf({ ...document, name: 'Another' }, rest);
      expect(await verifyProof(did, proofValue, altered, verify)).toMatchObject({
        reason: { code: 'invalid-signature' },
      });
    }
  });

  test('signing anew gives the published document, byte for byte', async () => {
    // Multicodec ed25519-priv, 0x1300 as a varint, then the seed.
    const secret = fromBase58(keys.privateKeyMultibase.slice(1)) as Uint8Array;
    expect(secret.subarray(0, 2)).toEqual(Uint8Array.of(0x80, 0x26));
    const signer = await signerFromSeed(secret.slice(2));
    expect(signer.did).toBe(did);
    expect(signer.publicKey).toEqual(publicKeyFromDid(did));
    const signed = await signDocument(unsigned, signer, proof.created);
    expect(canonicalJson(signed)).toBe(canonicalJson({ ...document, proof }));
  });
}
