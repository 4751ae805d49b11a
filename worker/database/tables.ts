import type { Did, StatementId } from '../../schemas/primitives.ts';
import type { StatementKind } from '../../schemas/statement.ts';

/** The rows of migrations/registry and migrations/content-index. */
export interface Tables {
  statements: {
    log_index: number;
    id: StatementId;
    kind: StatementKind;
    issuer: Did;
    logged_at: number;
    body: string | null;
  };
  tallies: { issuer: Did; kind: StatementKind; logged: number; revoked: number };
  refs: { relation: Relation; target: string; log_index: number };
  grants: { record: StatementId; licensee: Did; log_index: number; exclusive: number };
  revocations: { target_index: number; log_index: number };
  erased_blobs: { digest: string };
  status_lists: { list: number; size: number; signed_at: number; document: string };
  blob_refs: { digest: string; max_bytes: number; content: string; log_index: number };
  datasets: {
    log_index: number;
    name: string;
    version: string;
    task_type: string;
    license: string;
    assistance: number;
    manifest: string | null;
  };
  dataset_terms: { facet: 'domain' | 'language'; term: string; log_index: number };
  dataset_text: { rowid: number; dataset_text: string };
  permits: { id: number; digest: string; text: string; signer: string };
  permitted: {
    permits: number;
    log_index: number;
    since: number;
    until: number;
    depth: number;
    records: number;
  };
  permitted_due: { log_index: number; doubted: number };
  tiles: { level: number; tile_index: number; hashes: Uint8Array };
  checkpoints: { size: number; previous_size: number; note: string };
  content: { digest: Uint8Array; manifest: Uint8Array };
  manifests: { digest: Uint8Array; summary: string | null };
}

export type Relation = 'accredits' | 'attests' | 'part' | 'source' | 'replaces' | 'reviews' | 'grants' | 'revokes';

export type StatementRow = Tables['statements'];
