import type { StatementId } from '../../../schemas/primitives.ts';
import { fromHex, toBase64Url } from '../../bytes.ts';

const hexOf = (id: StatementId): string => id.slice('sha256:'.length);

/** A statement by the digest of its bytes (RFC 6920 §3): `ni:///sha-256;…`, the same wherever it is held. */
export const recordUri = (id: StatementId): string =>
  `ni:///sha-256;${toBase64Url(fromHex(hexOf(id)) ?? new Uint8Array())}`;

/** An offer made of a record's rights as of a time: another time's is another offer. */
export const offerUri = (id: StatementId, at: string): string => `urn:firsthand:offer:${hexOf(id)}:${at}`;
