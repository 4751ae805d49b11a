// Runs in the page: the library as a web application would use it.
import {
  ContentError,
  DEFAULT_POLICY,
  encodeManifest,
  hashFiles,
  manifestFiles,
  parseTrustPolicy,
  RegistryClient,
  signerFromSeed,
  signStatement,
  verifyCertificate,
  verifyCertificates,
  type HashFilesOptions,
} from '../../client/index.ts';
import { verifyNatively, verifyWithNoble } from '../../protocol/ed25519/verify.ts';
import { concatBytes, fromBase64, fromHex, toHex, utf8, type Bytes } from '../../protocol/bytes.ts';
import type { Report } from '../../schemas/report.ts';
import type { Digest, StatementId } from '../../schemas/primitives.ts';
import edges from '../fixtures/ed25519-edges.json' with { type: 'json' };

export interface HashedHere {
  manifest: string;
  /** Of each file. */
  rows: string[];
}

export interface Evidence {
  certificate: string;
  trustFile: string;
  manifest: string;
  /** Base64. */
  segments: Record<Digest, string>;
  now: number;
}

export interface Failure {
  code: string | null;
  message: string;
  /** Workers that were not ended. */
  left: number;
}

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

const picked = (): File[] => [...(document.querySelector('input')?.files ?? [])];

/** Hashes the files that were picked, into their manifest and the digests of each one's rows in hex. */
async function hashPicked(): Promise<HashedHere> {
  const files = await hashFiles(picked());
  const rows: string[] = [];
  for (const { rowDigests } of files) {
    const pieces: Uint8Array[] = [];
    for await (const piece of rowDigests?.read() ?? []) pieces.push(piece.slice());
    rows.push(toHex(concatBytes(...pieces)));
  }
  return { manifest: encodeManifest({ files: manifestFiles({ files }) }), rows };
}

/** Verifies the files that were picked, offline. */
async function verifyPicked({ certificate, trustFile, manifest, segments, now }: Evidence): Promise<Report> {
  const trust = parseTrustPolicy(trustFile);
  if (!trust.ok) throw new Error(trust.reason);
  const { report } = await verifyCertificates({
    certificates: [certificate],
    trust: trust.value,
    policy: DEFAULT_POLICY,
    now,
    content: {
      files: await hashFiles(picked()),
      manifests: [manifest],
      segment: async (digest) => fromBase64(segments[digest] ?? ''),
    },
  });
  return report;
}

/** What became of hashing files that cannot be, and how many workers were left. */
async function failureOf(files: Iterable<File>, options: HashFilesOptions = {}): Promise<Failure> {
  let left = 0;
  const worker = (): Worker => {
    const started = new Worker('/client/content/hash-worker.ts', { type: 'module' });
    const terminate = started.terminate.bind(started);
    left++;
    started.terminate = () => {
      left--;
      terminate();
    };
    return started;
  };
  const error: unknown = await hashFiles(files, { worker, ...options }).catch((error: unknown) => error);
  const message = error instanceof Error ? error.message : `no error but ${typeof error}`;
  return { code: error instanceof ContentError ? error.code : null, message, left };
}

const refuse = (): Promise<Failure> => failureOf(picked());

/** A file of JSON lines whose third one is longer than a row may be. */
const refuseLongLine = (bytes: number): Promise<Failure> =>
  failureOf([new File(['1\n2\n"', 'x'.repeat(bytes), '"\n'], 'long.jsonl')]);

/** Aborts the hashing of a file of so many bytes once it is under way. */
function abort(bytes: number): Promise<Failure> {
  const stop = new AbortController();
  const file = new File([new Uint8Array(bytes)], 'large.bin');
  return failureOf([file], { signal: stop.signal, onProgress: () => stop.abort(new Error('enough')) });
}

/** A worker that is not there. */
const withoutWorker = (): Promise<Failure> =>
  failureOf([new File(['x'], 'x.txt')], { worker: () => new Worker('/nowhere.js') });

Object.assign(globalThis, {
  firsthand: { verify, sign, verdicts, hashPicked, verifyPicked, refuse, refuseLongLine, abort, withoutWorker },
});
