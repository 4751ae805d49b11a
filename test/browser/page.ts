// Runs in the page: the library as a web application would use it.
import {
  DEFAULT_POLICY,
  parseTrustPolicy,
  RegistryClient,
  signerFromSeed,
  signStatement,
  verifyCertificate,
} from '../../client/index.ts';
import { verifyNatively, verifyWithNoble } from '../../protocol/ed25519/verify.ts';
import { fromHex, utf8, type Bytes } from '../../protocol/bytes.ts';
import type { Report } from '../../schemas/report.ts';
import type { StatementId } from '../../schemas/primitives.ts';
import edges from '../fixtures/ed25519-edges.json' with { type: 'json' };

const bytes = (hex: string): Bytes => fromHex(hex) ?? utf8('');

/** Fetches a certificate from the registry and verifies it here. */
async function verify(url: string, trustFile: string, id: StatementId, now: number): Promise<Report> {
  const trust = parseTrustPolicy(trustFile);
  if (!trust.ok) throw new Error(trust.reason);
  const certificate = await new RegistryClient({ url, trust: trust.value }).certificate(id);
  return verifyCertificate({ certificate, trust: trust.value, policy: DEFAULT_POLICY, now });
}

/** Signs a statement with this platform's keys; answers its id. */
async function sign(seed: number[], validFrom: string): Promise<string> {
  const signer = await signerFromSeed(Uint8Array.from(seed));
  const subject = { id: signer.did, name: 'A page', roles: [] };
  const signed = await signStatement({ kind: 'Accreditation', subject, validFrom }, signer);
  if (!signed.ok) throw new Error(signed.reason.detail);
  return signed.value.id;
}

/** The verdicts of both ways to verify on every edge case. */
const verdicts = (): Promise<[boolean, boolean][]> =>
  Promise.all(
    edges.map(async ({ key, signature, message }): Promise<[boolean, boolean]> => {
      const input = [bytes(signature), utf8(message), bytes(key)] as const;
      return [await verifyNatively(...input), await verifyWithNoble(...input)];
    }),
  );

Object.assign(globalThis, { firsthand: { verify, sign, verdicts } });
