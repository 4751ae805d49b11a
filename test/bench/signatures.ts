import * as z from 'zod';
import { parseCheckpoint } from '../../protocol/log/checkpoint.ts';
import { fromBase58, utf8, type Bytes } from '../../protocol/bytes.ts';
import { publicKeyFromDid } from '../../protocol/did-key.ts';
import { hashDataOf } from '../../protocol/statement.ts';
import type { Certificate } from '../../schemas/certificate.ts';
import { Did } from '../../schemas/primitives.ts';
import { median } from './report.ts';

/** A signature with all that the platform needs to verify it. */
export interface PlainSignature {
  key: CryptoKey;
  signature: Bytes;
  message: Bytes;
}

const Signed = z.looseObject({ issuer: Did, proof: z.looseObject({ proofValue: z.string() }) });

/** Every signature that verifying a certificate takes, its keys imported. */
export async function signaturesOf(text: string, logKey: Bytes): Promise<PlainSignature[]> {
  const certificate = JSON.parse(text) as Certificate;
  const documents = [...certificate.statements.map(({ document }) => document), ...certificate.status].map((document) =>
    Signed.parse(document),
  );
  const importKey = (raw: Bytes) => crypto.subtle.importKey('raw', raw, 'Ed25519', false, ['verify']);
  const checkpoint = parseCheckpoint(certificate.checkpoint);
  if (!checkpoint.ok) throw new Error(checkpoint.reason);
  const { note } = checkpoint.value;
  return [
    { key: await importKey(logKey), signature: note.signatures[0]?.signature as Bytes, message: utf8(note.text) },
    ...(await Promise.all(
      documents.map(async ({ proof, ...document }) => {
        const { proofValue, ...options } = proof;
        return {
          key: await importKey(publicKeyFromDid(document.issuer) as Bytes),
          signature: fromBase58(proofValue.slice(1)) as Bytes,
          message: hashDataOf(document, options),
        };
      }),
    )),
  ];
}

/** Verifies signatures natively, all at once: the platform takes them as fast as it can. */
export const verifyAll = (signatures: readonly PlainSignature[]) => (): Promise<boolean[]> =>
  Promise.all(
    signatures.map(({ key, signature, message }) => crypto.subtle.verify('Ed25519', key, signature, message)),
  );

/**
 * What a certificate's verification costs beside its signatures alone, in milliseconds and as the share that the
 * signatures are. The two run in turn, so that what else the machine does falls on both.
 */
export async function compareInTurn(
  turns: number,
  rounds: number,
  verify: () => Promise<unknown>,
  bareSignatures: () => Promise<unknown>,
): Promise<{ whole: number; bare: number; share: number }> {
  const msOf = async (work: () => Promise<unknown>): Promise<number> => {
    const start = performance.now();
    for (let i = 0; i < rounds; i++) await work();
    return (performance.now() - start) / rounds;
  };
  await msOf(verify);
  const times: { whole: number; bare: number }[] = [];
  for (let turn = 0; turn < turns; turn++) times.push({ whole: await msOf(verify), bare: await msOf(bareSignatures) });
  return {
    whole: median(times.map(({ whole }) => whole)),
    bare: median(times.map(({ bare }) => bare)),
    share: median(times.map(({ whole, bare }) => bare / whole)),
  };
}
