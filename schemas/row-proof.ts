import * as z from 'zod';
import { Base64Hash } from './certificate.ts';
import { limits } from './limits.ts';
import { Count, Digest } from './primitives.ts';

export const ROW_PROOF_MEDIA_TYPE = 'application/vnd.firsthand.row-proof.v1+json';

/** Where a leaf is in its tree, and why that is so: the RFC 6962 inclusion path, the leaf's sibling first. */
const Inclusion = { index: Count, proof: z.array(Base64Hash).max(53) };

/**
 * Everything a stranger needs to check, offline, that a record's signer claims a row: row → file → content root → record →
 * log → checkpoint. Its bytes are the canonical JSON of this.
 */
export const RowProof = z
  .strictObject({
    mediaType: z.literal(ROW_PROOF_MEDIA_TYPE),
    /** The row's digest, and where it is among its file's rows. */
    row: z.strictObject({ digest: Digest, ...Inclusion }),
    /** The file's line of the manifest, and where that is among the manifest's lines, whose first is its header. */
    file: z.strictObject({ line: z.string().max(limits.rowProofBytes), ...Inclusion }),
    /** The DatasetRecord. Checked by its own schema when verified. */
    record: z.record(z.string(), z.unknown()),
    /** The record's C2SP tlog-proof, checkpoint included. */
    receipt: z.string().max(limits.noteBytes),
  })
  .meta({ id: 'RowProof' });
export type RowProof = z.infer<typeof RowProof>;
