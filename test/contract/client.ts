import { expect } from 'vitest';
import type { Discovery, Submitted } from '../../schemas/api.ts';
import type { Did, StatementId } from '../../schemas/primitives.ts';
import { Problem, type ProblemCode } from '../../schemas/problem.ts';
import { utf8, type Bytes } from '../../protocol/bytes.ts';
import { digestOf } from '../../protocol/digest.ts';
import { canonicalJson } from '../../protocol/json.ts';
import { verifySignature } from '../../protocol/ed25519/verify.ts';
import type { Signer } from '../../protocol/ed25519/signer.ts';
import { parseEntry } from '../../protocol/log/entry.ts';
import { parseReceipt, provesInclusion } from '../../protocol/log/receipt.ts';
import { judgeCheckpoint, parseTrustPolicy, type TrustPolicy } from '../../protocol/log/trust.ts';
import { encodeManifest, summarizeContent } from '../../protocol/manifest.ts';
import { signDocument, type Draft, type ParsedStatement } from '../../protocol/statement.ts';
import { drafts, manifestOf, signed, signerOf } from '../support/statements.ts';
import type { Endpoint } from './harness.ts';

const JSON_TYPE = { 'Content-Type': 'application/json' };
export const NDJSON_TYPE = { 'Content-Type': 'application/x-ndjson' };

type Body = string | Bytes;

export const post = (to: Endpoint, path: string, body: Body, headers: HeadersInit = JSON_TYPE): Promise<Response> =>
  to.fetch(path, { method: 'POST', headers, body });

export const submit = (to: Endpoint, statement: { canonical: string } | Body): Promise<Response> =>
  post(
    to,
    '/v1/statements',
    typeof statement === 'object' && 'canonical' in statement ? statement.canonical : statement,
  );

/** Submits a statement that must be taken. */
export async function log<S extends ParsedStatement>(to: Endpoint, statement: S): Promise<S & Submitted> {
  const response = await submit(to, statement);
  const answer = (await response.json()) as Submitted;
  expect([200, 201], JSON.stringify(answer)).toContain(response.status);
  return { ...statement, ...answer };
}

export interface Line {
  status: number;
  code?: ProblemCode;
  detail?: string;
  id?: StatementId;
  index?: number;
  receipt?: string;
}

/** Submits a batch; answers its lines. */
export async function batch(to: Endpoint, lines: readonly (string | { canonical: string })[]): Promise<Line[]> {
  const body = lines.map((line) => `${typeof line === 'string' ? line : line.canonical}\n`).join('');
  const response = await post(to, '/v1/statements', body, NDJSON_TYPE);
  expect(response.status).toBe(200);
  expect(response.headers.get('Content-Type')).toBe('application/x-ndjson');
  return linesOf(response);
}

/** A batch's answer, line by line. Its bytes: workerd warns of whoever takes for text what is not `text/`. */
export async function linesOf(response: Response): Promise<Line[]> {
  const text = new TextDecoder().decode(await response.arrayBuffer());
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Line);
}

export async function getJson<T>(from: Endpoint, path: string): Promise<T> {
  const response = await from.fetch(path);
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return JSON.parse(text) as T;
}

/** Entries in the log. */
export const sizeOf = async (of: Endpoint): Promise<number> => (await getJson<{ size: number }>(of, '/healthz')).size;

/** A refusal: its code and status, and what its detail must name. */
export type Refused = readonly [status: number, code: ProblemCode, names: RegExp | string];

/** Checks that an answer is a problem of this kind, whole and well formed. */
export async function expectProblem(response: Response, [status, code, names]: Refused): Promise<Problem> {
  const text = await response.text();
  expect(response.status, text).toBe(status);
  expect(response.headers.get('Content-Type')).toBe('application/problem+json');
  expect(response.headers.get('Cache-Control')).toBe('no-store');
  const problem = Problem.parse(JSON.parse(text));
  expect(problem).toMatchObject({ status, code, requestId: response.headers.get('X-Request-Id') });
  expect(problem.detail).toMatch(names);
  return problem;
}

/** Checks that a statement is refused, and that the log has not grown. */
export async function expectRefused(
  by: Endpoint,
  statement: { canonical: string } | Body,
  refused: Refused,
): Promise<Problem> {
  const size = await sizeOf(by);
  const problem = await expectProblem(await submit(by, statement), refused);
  expect(await sizeOf(by), 'nothing is logged').toBe(size);
  return problem;
}

/** Trust in the log that the registry says is its own. */
export async function trustIn(of: Endpoint): Promise<TrustPolicy> {
  const { vkey } = await getJson<Discovery>(of, '/.well-known/firsthand.json');
  const policy = parseTrustPolicy(`log ${vkey}\nquorum none\n`);
  if (!policy.ok) throw new Error(policy.reason);
  return policy.value;
}

/** Checks a receipt as a stranger would: its checkpoint's signature, its proof, and what it is the receipt of. */
export async function expectReceipt(
  of: Endpoint,
  { id, index, loggedAt, receipt }: Submitted,
  kind: string,
): Promise<void> {
  const parsed = parseReceipt(receipt);
  if (!parsed.ok) throw new Error(parsed.reason);
  expect(parsed.value.index).toBe(index);
  expect(parseEntry(parsed.value.entry)).toEqual({ id, kind, loggedAt });
  expect(provesInclusion(parsed.value, parsed.value.head)).toBe(true);
  const judged = await judgeCheckpoint(parsed.value.head, await trustIn(of), verifySignature);
  expect(judged.log.ok).toBe(true);
}

/** A statement signed as given, whether or not it is in order. */
export async function forged(document: object, signer: Signer, created?: string): Promise<{ canonical: string }> {
  const { proof: _, ...unsigned } = document as Record<string, unknown>;
  return { canonical: canonicalJson(await signDocument(unsigned, signer, created ?? String(unsigned['validFrom']))) };
}

/** A copy of a statement with one of its fields replaced, its proof left as it was. */
export function altered(statement: ParsedStatement, path: string, value: unknown): string {
  const copy = structuredClone(statement.document) as unknown as Record<string, unknown>;
  const keys = path.split('/');
  const last = keys.pop() as string;
  const parent = keys.reduce((at, key) => at[key] as Record<string, unknown>, copy);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return canonicalJson(copy);
}

/** A record over files with these texts, its manifest at hand. */
export function filesRecord(
  holder: Did,
  files: Record<string, string>,
  more: Partial<Draft<'DatasetRecord'>['subject']> = {},
) {
  const manifest = manifestOf(files);
  const text = encodeManifest(manifest);
  const summary = summarizeContent(text, manifest);
  const content = { ...summary, visibility: 'public' as const };
  const draft = drafts.record(holder, Object.values(files).join(' '), { id: summary.root, content, ...more });
  return {
    draft,
    manifest: utf8(text),
    digest: summary.manifest,
    files: manifest.files.map((file) => `sha256:${file.sha256}`),
  };
}

export const putBlob = (
  to: Endpoint,
  bytes: Bytes,
  digest: string = digestOf(bytes),
  headers: Record<string, string> = {},
): Promise<Response> =>
  to.fetch(`/v1/blobs/${digest}`, {
    method: 'PUT',
    headers: { 'Content-Type': 'application/octet-stream', 'Content-Length': String(bytes.length), ...headers },
    body: bytes,
  });

/** An accredited issuer, two humans and a publisher, all of this suite's own. */
export async function cast(of: Endpoint, suite: string) {
  const [issuer, alice, bob, publisher, stranger] = (await Promise.all(
    ['issuer', 'alice', 'bob', 'publisher', 'stranger'].map((name) => signerOf(`${suite}: ${name}`)),
  )) as [Signer, Signer, Signer, Signer, Signer];
  const accreditation = await log(of, await signed(drafts.identityIssuer(issuer.did), of.operator));
  const publishing = await log(
    of,
    await signed(drafts.accreditation(publisher.did, { roles: ['publisher'] }), of.operator),
  );
  const credential = await log(of, await signed(drafts.credential(alice.did, `${suite}: Alice`), issuer));
  const bobsCredential = await log(of, await signed(drafts.credential(bob.did, `${suite}: Bob`), issuer));
  return { issuer, alice, bob, publisher, stranger, accreditation, publishing, credential, bobsCredential };
}

export type Cast = Awaited<ReturnType<typeof cast>>;
