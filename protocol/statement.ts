import { compiledInTime } from '#compile';
import { sha256Cuts } from '#sha256';
import type * as z from 'zod';
import { limits } from '../schemas/limits.ts';
import type { Did, StatementId } from '../schemas/primitives.ts';
import { CONTEXT, STATEMENT_KINDS, StatementKind, type Statement } from '../schemas/statement.ts';
import { concatBytes, fromBase58, fromUtf8, toBase58, utf8, type Bytes } from './bytes.ts';
import { digestFromBytes, sha256Bytes } from './digest.ts';
import { publicKeyFromDid, verificationMethodOf } from './did-key.ts';
import type { Signer } from './ed25519/signer.ts';
import type { VerifySignature } from './ed25519/verify.ts';
import { canonicalJson, parseCanonicalJson, parseJson, type Json, type JsonObject } from './json.ts';
import { ok, refuse, type Result } from './result.ts';
import { cutOf, type Cut } from './sha256/cut.ts';

/** A statement that has its form, its id and what its signature covers, but whose signature is not yet judged. */
export interface ParsedStatement<K extends StatementKind = StatementKind> {
  id: StatementId;
  kind: K;
  document: Statement<K>;
  /** The canonical text; `id` is its digest. */
  canonical: string;
  /** What the proof signs (vc-di-eddsa §3.3.4). */
  hashData: Bytes;
}

export interface StatementFault {
  code: 'invalid-json' | 'invalid-statement' | 'too-large' | 'foreign-key' | 'invalid-signature' | 'invalid-key';
  detail: string;
  errors?: { path: string; message: string }[];
}

/** An unsigned document of any Data Integrity credential, ours or not. */
export type Unsigned = Readonly<Record<string, unknown>>;

/** The proof options of `eddsa-jcs-2022` without the signature. */
export interface ProofOptions {
  type: 'DataIntegrityProof';
  cryptosuite: 'eddsa-jcs-2022';
  proofPurpose: 'assertionMethod';
  created: string;
  verificationMethod: string;
  '@context': unknown;
}

/** W3C vc-di-eddsa 1.0 §3.3.4: the hash of the canonical proof options, then that of the canonical document. */
export function hashDataOf(document: Unsigned, proof: Unsigned): Bytes {
  return concatBytes(sha256Bytes(canonicalJson(proof)), sha256Bytes(canonicalJson(document)));
}

/** Signs any credential document whose issuer is the signer (vc-di-eddsa §3.3.1). */
export async function signDocument<D extends Unsigned>(
  document: D,
  signer: Signer,
  created: string,
): Promise<D & { proof: ProofOptions & { proofValue: string } }> {
  const options: ProofOptions = {
    type: 'DataIntegrityProof',
    cryptosuite: 'eddsa-jcs-2022',
    proofPurpose: 'assertionMethod',
    created,
    verificationMethod: verificationMethodOf(signer.did),
    '@context': document['@context'],
  };
  const signature = await signer.sign(hashDataOf(document, { ...options }));
  return { ...document, proof: { ...options, proofValue: `z${toBase58(signature)}` } };
}

export interface Draft<K extends StatementKind> {
  kind: K;
  subject: z.input<(typeof STATEMENT_KINDS)[K]>['credentialSubject'];
  /** UTC, whole seconds; also the proof's `created`. */
  validFrom: string;
  validUntil?: string | undefined;
}

/** Builds, checks and signs a statement. A draft that breaks its schema is refused with the fields at fault. */
export async function signStatement<K extends StatementKind>(
  draft: Draft<K>,
  signer: Signer,
): Promise<Result<ParsedStatement<K>, StatementFault>> {
  const document = {
    '@context': CONTEXT,
    type: ['VerifiableCredential', draft.kind],
    issuer: signer.did,
    validFrom: draft.validFrom,
    ...(draft.validUntil === undefined ? {} : { validUntil: draft.validUntil }),
    credentialSubject: draft.subject,
  };
  // Refuses, rather than throws on, text that has no canonical form: a lone surrogate.
  const json = parseJson(JSON.stringify(document));
  if (!json.ok) return json;
  const signed = await signDocument(json.value as JsonObject, signer, draft.validFrom);
  return parseStatement(canonicalJson(signed)) as Result<ParsedStatement<K>, StatementFault>;
}

/** Reads a statement from an untrusted text or its UTF-8 bytes. The signature is judged by {@link verifyStatement}. */
export function parseStatement(input: string | Uint8Array): Result<ParsedStatement, StatementFault> {
  const form = parseForm(input);
  return form.ok ? ok(hashed(form.value)) : form;
}

/**
 * The same, hashed by WebCrypto: where {@link parseStatement} hashes in JavaScript, which takes it longer than all the
 * rest, that is several times faster.
 */
export async function parseStatementNatively(
  input: string | Uint8Array,
): Promise<Result<ParsedStatement, StatementFault>> {
  const form = parseForm(input);
  if (!form.ok) return form;
  const { canonical, document } = form.value;
  const cuts = signedCuts(canonical, document.proof.proofValue);
  const texts = [canonical, ...cuts.map((cut) => cutOf(canonical, cut))];
  const hashes = await Promise.all(texts.map((text) => crypto.subtle.digest('SHA-256', utf8(text))));
  const [id = new Uint8Array(), ...signed] = hashes.map((hash) => new Uint8Array(hash));
  return ok({ ...form.value, id: digestFromBytes(id) as StatementId, hashData: concatBytes(...signed) });
}

/** What of a statement needs no hash. */
type Form = Omit<ParsedStatement, 'id' | 'hashData'>;

function hashed({ kind, document, canonical }: Form): ParsedStatement {
  const hashData = new Uint8Array(64);
  const id = sha256Cuts(canonical, signedCuts(canonical, document.proof.proofValue), hashData);
  return { id: `sha256:${id}` as StatementId, kind, document, canonical, hashData };
}

function parseForm(input: string | Uint8Array): Result<Form, StatementFault> {
  if (input.length > limits.statementBytes) return refuse(TOO_LARGE);
  const text = typeof input === 'string' ? input : fromUtf8(input);
  if (text === null) return refuse({ code: 'invalid-json', detail: 'not UTF-8' });
  const parsed = parseCanonicalJson(text);
  if (!parsed.ok) return parsed;
  const { value, canonicalOf } = parsed.value;
  return readForm(value, canonicalOf(value));
}

/**
 * Reads a statement from a value that `parseJson` has accepted, alone or inside something larger; `known` is its
 * canonical form, for those who have it.
 */
export function readStatement(value: Json, known?: string): Result<ParsedStatement, StatementFault> {
  const form = readForm(value, known);
  return form.ok ? ok(hashed(form.value)) : form;
}

function readForm(value: Json, known?: string): Result<Form, StatementFault> {
  const kind = StatementKind.safeParse((value as JsonObject | null)?.['type']?.[1 as never]);
  if (!kind.success) {
    return refuse(
      invalid('not a statement', [{ path: '/type/1', message: `expected one of ${StatementKind.options.join(', ')}` }]),
    );
  }
  const schema: z.ZodType = SCHEMAS[kind.data]();
  const fault = schema.validate(value) ? undefined : schema.safeParse(value).error;
  if (fault !== undefined) return refuse(invalid(`not a valid ${kind.data}`, issuesOf(fault)));
  const document = value as Statement;
  if (document.proof.verificationMethod !== verificationMethodOf(document.issuer)) {
    return refuse({
      code: 'foreign-key',
      detail: `proof.verificationMethod must be the issuer's own key, ${verificationMethodOf(document.issuer)}`,
    });
  }
  const canonical = known ?? canonicalJson(value);
  // A code unit takes three bytes of UTF-8 at most: few texts need counting.
  if (canonical.length * 3 > limits.statementBytes && utf8(canonical).length > limits.statementBytes) {
    return refuse(TOO_LARGE);
  }
  return ok({ kind: kind.data, document, canonical });
}

const SCHEMAS = {
  Accreditation: compiledInTime(STATEMENT_KINDS.Accreditation),
  HumanCredential: compiledInTime(STATEMENT_KINDS.HumanCredential),
  DatasetRecord: compiledInTime(STATEMENT_KINDS.DatasetRecord),
  ReviewRecord: compiledInTime(STATEMENT_KINDS.ReviewRecord),
  RightsGrant: compiledInTime(STATEMENT_KINDS.RightsGrant),
  Revocation: compiledInTime(STATEMENT_KINDS.Revocation),
};

/** Judges the signature of a parsed statement. */
export function verifyStatement(
  statement: Pick<ParsedStatement, 'document' | 'hashData'>,
  verify: VerifySignature,
): Promise<Result<true, StatementFault>> {
  return verifyProof(statement.document.issuer, statement.document.proof.proofValue, statement.hashData, verify);
}

/** Judges a proof value against the key of a did. */
export async function verifyProof(
  issuer: Did,
  proofValue: string,
  hashData: Bytes,
  verify: VerifySignature,
): Promise<Result<true, StatementFault>> {
  const publicKey = publicKeyFromDid(issuer);
  if (publicKey === null) return refuse({ code: 'invalid-key', detail: 'issuer does not hold an Ed25519 key' });
  const signature = fromBase58(proofValue.slice(1));
  if (signature !== null && (await verify(signature, hashData, publicKey))) return ok(true);
  return refuse({ code: 'invalid-signature', detail: `the signature is not ${issuer}'s over this document` });
}

/** Zod's issues as JSON pointers, attacker-controlled values left out. */
export const issuesOf = (error: z.ZodError): { path: string; message: string }[] =>
  error.issues.slice(0, 20).map((issue) => ({
    path: issue.path.map((key) => `/${String(key)}`).join('') || '/',
    message:
      issue.code === 'unrecognized_keys'
        ? `unknown field ${issue.keys
            .slice(0, 5)
            .map((key) => JSON.stringify(key.slice(0, 40)))
            .join(', ')}`
        : issue.message,
  }));

const TOO_LARGE: StatementFault = {
  code: 'too-large',
  detail: `a statement is at most ${limits.statementBytes} bytes in canonical form`,
};

const invalid = (what: string, errors: { path: string; message: string }[]): StatementFault => ({
  code: 'invalid-statement',
  detail: `${what}: ${errors[0]?.path} ${errors[0]?.message}`,
  errors,
});

/** What the proof of a parsed credential covers ({@link hashDataOf}). */
export function signedHash(canonical: string, proofValue: string): Bytes {
  const hashData = new Uint8Array(64);
  sha256Cuts(canonical, signedCuts(canonical, proofValue), hashData);
  return hashData;
}

/**
 * The options and the document that a proof covers, cut out of the canonical text instead of canonicalised again. Only the
 * type and the times come behind the proof, and only strings are in it, whose quotes would be escaped.
 */
function signedCuts(canonical: string, proofValue: string): [options: Cut, document: Cut] {
  const start = canonical.lastIndexOf('"proof":{');
  const from = start + '"proof":'.length;
  const to = canonical.indexOf('},', start) + 1;
  const value = `"proofValue":"${proofValue}",`;
  const at = canonical.indexOf(value, from);
  if (start < 0 || to <= start || at < 0 || at + value.length > to) {
    throw new Error('the canonical text does not hold its own proof');
  }
  return [
    { from, skipFrom: at, skipTo: at + value.length, to },
    { from: 0, skipFrom: start, skipTo: to + ','.length, to: canonical.length },
  ];
}
