import { compiledInTime } from '#compile';
import { limits } from '../schemas/limits.ts';
import { CONTEXT } from '../schemas/statement.ts';
import { StatusListCredential } from '../schemas/status-list.ts';
import { BoundedCache } from './bounded-cache.ts';
import { fromBase64Url, toBase64Url, type Bytes } from './bytes.ts';
import { verificationMethodOf } from './did-key.ts';
import type { Signer } from './ed25519/signer.ts';
import type { VerifySignature } from './ed25519/verify.ts';
import { gunzip, gzip } from './gzip.ts';
import { canonicalJson } from './json.ts';
import { ok, refuse, type Result } from './result.ts';
import { issuesOf, signDocument, signedHash, verifyProof } from './statement.ts';

const LIST_BYTES = limits.statusListEntries / 8;

/** Which list covers a log index, and where in it. */
export const statusListOf = (index: number): number => Math.floor(index / limits.statusListEntries);

/** The bits of list `list` with those of the given log indices set; index 0 is the left-most bit (§2.2). */
export function statusBits(list: number, revoked: Iterable<number>): Bytes {
  const bits = new Uint8Array(LIST_BYTES);
  for (const index of revoked) {
    if (statusListOf(index) !== list) throw new RangeError(`index: ${index} is not in list ${list}`);
    const at = index % limits.statusListEntries;
    bits[at >> 3] = (bits[at >> 3] as number) | (0x80 >> (at & 7));
  }
  return bits;
}

/** `u` + base64url(gzip(bits)), W3C Bitstring Status List 1.0 §3.3. */
export const encodeStatusBits = (bits: Bytes): string => `u${toBase64Url(gzip(bits))}`;

/** The bits of an untrusted encoded list; null where it is malformed, shorter than the minimum, or inflates past ours. */
export function decodeStatusBits(encoded: string): Bytes | null {
  const compressed = encoded.startsWith('u') ? fromBase64Url(encoded.slice(1)) : null;
  const bits = compressed === null ? null : gunzip(compressed, LIST_BYTES);
  return bits?.length === LIST_BYTES ? bits : null;
}

/** A status list with its bits at hand. */
export interface StatusList {
  document: StatusListCredential;
  isRevoked(index: number): boolean;
}

export interface StatusListDraft {
  origin: string;
  list: number;
  /** Size of the tree that the bits reflect. */
  size: number;
  revoked: Iterable<number>;
  validFrom: string;
  validUntil: string;
}

export async function signStatusList(draft: StatusListDraft, signer: Signer): Promise<StatusListCredential> {
  const document = {
    '@context': CONTEXT,
    type: ['VerifiableCredential', 'BitstringStatusListCredential'],
    issuer: signer.did,
    validFrom: draft.validFrom,
    validUntil: draft.validUntil,
    credentialSubject: {
      type: 'BitstringStatusList',
      statusPurpose: 'revocation',
      encodedList: encodeStatusBits(statusBits(draft.list, draft.revoked)),
      log: { origin: draft.origin, list: draft.list, size: draft.size },
    },
  };
  return StatusListCredential.parse(await signDocument(document, signer, draft.validFrom));
}

const schema = compiledInTime(StatusListCredential);

/**
 * Reads an untrusted status list and judges its signature; `known` is its canonical form, for those who have it. Its bits
 * stay packed: its signer may be anyone.
 */
export async function verifyStatusList(
  value: unknown,
  verify: VerifySignature,
  known?: string,
): Promise<Result<StatusListCredential, string>> {
  const read = schema();
  const fault = read.validate(value) ? undefined : read.safeParse(value).error;
  if (fault !== undefined) {
    const issue = issuesOf(fault)[0];
    return refuse(`is malformed: ${issue?.path} ${issue?.message}`);
  }
  const list = value as StatusListCredential;
  const { issuer, proof } = list;
  if (proof.verificationMethod !== verificationMethodOf(issuer)) return refuse('names a foreign key in its proof');
  const hashData = signedHash(known ?? canonicalJson(value), proof.proofValue);
  const signed = await verifyProof(issuer, proof.proofValue, hashData, verify);
  return signed.ok ? ok(list) : refuse('has a wrong signature');
}

/** Certificates of one log carry the same lists, and most have nothing in them: those are one text. */
const unpacked = new BoundedCache<string, { bits: Bytes | null }>(16);

/** Unpacks a list whose signer is known to be the right one. */
export function openStatusList(document: StatusListCredential): Result<StatusList, string> {
  const { encodedList, log } = document.credentialSubject;
  const { bits } = unpacked.get(encodedList, () => ({ bits: decodeStatusBits(encodedList) }));
  if (bits === null) return refuse(`does not inflate to ${limits.statusListEntries} bits`);
  return ok({
    document,
    isRevoked(index) {
      const at = index % limits.statusListEntries;
      return statusListOf(index) === log.list && ((bits[at >> 3] as number) & (0x80 >> (at & 7))) !== 0;
    },
  });
}
