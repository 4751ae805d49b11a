import { KeyObject, verify } from 'node:crypto';
import * as z from 'zod';
import { parseCheckpoint } from '../../protocol/log/checkpoint.ts';
import { fromBase58, utf8, type Bytes } from '../../protocol/bytes.ts';
import { publicKeyFromDid } from '../../protocol/did-key.ts';
import { nativeEd25519With } from '../../protocol/ed25519/node.ts';
import { verifyWith } from '../../protocol/ed25519/verify.ts';
import { hashDataOf } from '../../protocol/statement.ts';
import { verifyCertificate, type VerifyInput } from '../../protocol/verify/verify.ts';
import type { Certificate } from '../../schemas/certificate.ts';
import { Did } from '../../schemas/primitives.ts';
import { median, percent } from './report.ts';

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
  const importKey = (raw: Bytes) => crypto.subtle.importKey('raw', raw, 'Ed25519', true, ['verify']);
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
const verifyAll = (signatures: readonly PlainSignature[]) => (): Promise<boolean[]> =>
  Promise.all(
    signatures.map(({ key, signature, message }) => crypto.subtle.verify('Ed25519', key, signature, message)),
  );

/** Verifies signatures natively, one after the other in the calling thread: what they cost without anything around them. */
function verifyInTurn(signatures: readonly PlainSignature[]): () => Promise<void> {
  const held = signatures.map(({ key, ...rest }) => ({ ...rest, key: KeyObject.from(key) }));
  return async () => {
    for (const { key, signature, message } of held) {
      if (!verify(null, message, key, signature)) throw new Error('a signature is wrong');
    }
  };
}

/**
 * How a certificate's verification compares with its signatures alone: in time, with all cores to verify them, and in
 * processor time, in one thread.
 */
export async function compareWithSignatures(
  input: VerifyInput,
  signatures: readonly PlainSignature[],
  rounds: number,
): Promise<{ time: string; against: string }> {
  const wall = (): number => performance.now();
  const onAll = await compareInTurn(wall, rounds, () => verifyCertificate(input), verifyAll(signatures));
  const processor = (): number => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  };
  const inThread = { ...input, verify: verifyWith(nativeEd25519With(0)) };
  const cost = await compareInTurn(processor, rounds, () => verifyCertificate(inThread), verifyInTurn(signatures));
  return {
    time: ms(onAll.whole),
    against:
      `its signatures alone ${ms(onAll.bare)}: ${percent(onAll.share)}; ` +
      `processor time ${ms(cost.whole)}, of which its signatures ${ms(cost.bare)}: ${percent(cost.share)}`,
  };
}

const ms = (time: number): string => `${time < 10 ? time.toFixed(2) : time.toFixed(0)} ms`;

const TURNS = 9;

/**
 * What two ways cost by a clock of milliseconds, and the share of the one that the other is. They run in turn, so that
 * what else the machine does falls on both.
 */
async function compareInTurn(
  clock: () => number,
  rounds: number,
  verifyWhole: () => Promise<unknown>,
  bareSignatures: () => Promise<unknown>,
): Promise<{ whole: number; bare: number; share: number }> {
  const msOf = async (work: () => Promise<unknown>): Promise<number> => {
    const start = clock();
    for (let i = 0; i < rounds; i++) await work();
    return (clock() - start) / rounds;
  };
  // Schemas are compiled once they have read 2,000 values, and what they are compiled to once it ran for a while.
  for (let turn = 0; turn <= TURNS; turn++) await msOf(verifyWhole);
  const times: { whole: number; bare: number }[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    times.push({ whole: await msOf(verifyWhole), bare: await msOf(bareSignatures) });
  }
  return {
    whole: median(times.map(({ whole }) => whole)),
    bare: median(times.map(({ bare }) => bare)),
    share: median(times.map(({ whole, bare }) => bare / whole)),
  };
}
