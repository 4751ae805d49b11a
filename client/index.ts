/**
 * The Firsthand client for Node, browsers and Workers: make and sign statements, submit them to a registry, fetch
 * certificates and verify them.
 *
 * @example
 * const statement = await signStatement({ kind: 'DatasetRecord', subject, validFrom: timestampOf(Date.now()) }, signer);
 * if (statement.ok) await client.submit(statement.value.canonical);
 */
export { RegistryClient } from './registry-client.ts';
export type { ChangesOptions, RegistryClientOptions, Search, Submission } from './registry-client.ts';
export type { Lookup } from './look-up.ts';
export type { IssuedCredential, IssuedCredentials } from './issued.ts';
export type { BatchResult } from './submit-batch.ts';
export { ContentError, NetworkError, RegistryError, UntrustedError } from './errors.ts';
export type { ContentFault } from './errors.ts';
export { openCheckpoint, verifyReceipt } from './receipt.ts';
export type { TrustedCheckpoint, VerifiedReceipt } from './receipt.ts';
export { proveGrowth } from './log-tiles.ts';
export { Follower } from './follow.ts';
export type { AdvanceOptions } from './follow.ts';
export { pinOf } from './pin.ts';
export { hashFiles } from './content/hash-files.ts';
export type { HashFilesOptions, HashProgress, PickedFile } from './content/hash-files.ts';
export { manifestFiles } from './content/content-file.ts';
export type { ContentFile } from './content/content-file.ts';
export { uploadRowDigests } from './content/upload-rows.ts';

export { signerFromSeed } from '../protocol/ed25519/signer.ts';
export type { Signer } from '../protocol/ed25519/signer.ts';
export { parseStatement, signStatement, verifyStatement } from '../protocol/statement.ts';
export type { Draft, ParsedStatement } from '../protocol/statement.ts';
export { encodeManifest, parseManifest, summarizeContent, compositionRoot } from '../protocol/manifest.ts';
export type { RowDigests } from '../protocol/rows/row-digests.ts';
export { verifyRowProof } from '../protocol/row-proof.ts';
export type { ProvenRow, RowProofFault, RowProofInput } from '../protocol/row-proof.ts';
export { parseTrustPolicy } from '../protocol/log/trust.ts';
export type { TrustPolicy } from '../protocol/log/trust.ts';
export { DEFAULT_POLICY, verifyCertificate, verifyCertificates } from '../protocol/verify/verify.ts';
export type { Decision, DecisionRequest } from '../schemas/decision.ts';
export type { Impact, ImpactItem } from '../schemas/impact.ts';
export type { ExportFormat, RightsExport } from '../schemas/rights-export.ts';
export { changesOf } from '../protocol/rights/changes.ts';
export type { DecisionChange, DecisionChanges } from '../protocol/rights/changes.ts';
export type { Verification, VerifyAllInput, VerifyInput } from '../protocol/verify/verify.ts';
export type { LocalContent, LocalFile } from '../protocol/verify/content.ts';
export { timestampOf } from '../protocol/time.ts';
export type { Result } from '../protocol/result.ts';
