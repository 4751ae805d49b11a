import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { signerFromSeed, type Signer } from '../../protocol/ed25519/signer.ts';
import { signStatement, type Draft } from '../../protocol/statement.ts';
import { timestampOf } from '../../protocol/time.ts';
import type { StatementKind } from '../../schemas/statement.ts';
import type { Digest } from '../../schemas/primitives.ts';

/** Signed statements of a small world: one issuer, `people` contributors, and as many records as asked for. */
export interface Workload {
  /** To be logged first, in order. */
  setup: string[];
  records: string[];
}

export async function createWorkload(operator: Signer, people: number, records: number): Promise<Workload> {
  const issuer = await randomSigner();
  const contributors = await Promise.all(Array.from({ length: people }, randomSigner));
  const now = timestampOf(Date.now());
  const verification = {
    framework: 'nist-800-63-4',
    level: 'IAL2',
    method: 'remote-document',
    verifiedAt: now,
  } as const;
  const setup = [
    await sign(operator, 'Accreditation', {
      id: issuer.did,
      name: 'Bench issuer',
      roles: ['identity-issuer'],
      frameworks: [{ framework: 'nist-800-63-4', maxLevel: 'IAL2' }],
    }),
  ];
  for (const { did } of contributors) {
    const nullifier = randomBytes(32).toString('base64url');
    setup.push(await sign(issuer, 'HumanCredential', { id: did, verification, nullifier }));
  }
  const signed: string[] = [];
  for (let i = 0; i < records; i++) {
    const contributor = contributors[i % people] as Signer;
    signed.push(await sign(contributor, 'DatasetRecord', recordSubject(contributor, i)));
  }
  return { setup, records: signed };
}

const recordSubject = (signer: Signer, i: number): Draft<'DatasetRecord'>['subject'] => {
  const root = digest(`${signer.did} ${i}`);
  return {
    id: root,
    name: `Kitchen arithmetic, batch ${i}`,
    description: 'Worked answers to questions about recipes, written by hand.',
    version: '1.0.0',
    taskType: 'sft-demonstration',
    modality: ['text'],
    language: ['en'],
    domain: ['mathematics'],
    content: { root, manifest: digest(`m ${i}`), manifestBytes: 412, files: 1, bytes: 41_662, visibility: 'public' },
    authorship: { role: 'author', assistance: { level: 'none' } },
    rights: { holder: signer.did, license: 'CC-BY-4.0' },
    personalData: 'none',
  };
};

const randomSigner = (): Promise<Signer> => signerFromSeed(new Uint8Array(randomBytes(32)));

export async function readSigner(keyFile: string): Promise<Signer> {
  const { seed } = JSON.parse(await readFile(keyFile, 'utf8')) as { seed: string };
  return signerFromSeed(new Uint8Array(Buffer.from(seed, 'base64url')));
}

async function sign<K extends StatementKind>(signer: Signer, kind: K, subject: Draft<K>['subject']): Promise<string> {
  const signed = await signStatement({ kind, subject, validFrom: timestampOf(Date.now()) }, signer);
  if (!signed.ok) throw new Error(signed.reason.detail);
  return signed.value.canonical;
}

const digest = (text: string): Digest => `sha256:${createHash('sha256').update(text).digest('hex')}` as Digest;
