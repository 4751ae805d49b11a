import { randomBytes } from 'node:crypto';
import { limits } from '../../../schemas/limits.ts';
import type { Policy } from '../../../schemas/policy.ts';
import type { Digest } from '../../../schemas/primitives.ts';
import { isKind } from '../../../schemas/statement.ts';
import { toBase64Url, utf8 } from '../../../protocol/bytes.ts';
import type { Signer } from '../../../protocol/ed25519/signer.ts';
import { canonicalJson } from '../../../protocol/json.ts';
import { compositionRoot, encodeManifest, parseManifest, summarizeContent } from '../../../protocol/manifest.ts';
import { ROW_DIGEST_BYTES } from '../../../protocol/rows/row-digests.ts';
import { parseStatement, signStatement, type ParsedStatement } from '../../../protocol/statement.ts';
import { timestampOf } from '../../../protocol/time.ts';
import { verifyCertificate } from '../../../protocol/verify/verify.ts';
import type { RegistryClient } from '../../registry-client.ts';
import { readTextIfThere } from '../bounded-file.ts';
import { CliError } from '../cli-error.ts';
import type { Cli } from '../context.ts';
import { segmentsOf, uploadRowDigests } from '../../content/upload-rows.ts';
import { manifestFiles } from '../../content/content-file.ts';
import { readContent, type Content } from '../content/read-content.ts';
import { findContent } from '../content/walk.ts';
import { progressBar } from '../progress.ts';
import { datasetFiles, kindOfPath, requireNoLinks, type DatasetFiles } from '../dataset-folder.ts';
import { writeDurably } from '../durable-file.ts';
import { openSigner, selectKey } from '../keys/key-store.ts';
import { licenceFault, noteLicence, noteRules, warnOfConflicts } from '../licence-check.ts';
import { readMetadata, recordSubject, type Metadata } from '../metadata.ts';
import { text } from '../terminal.ts';
import { connect } from '../trust-store.ts';
import { requireCovered } from '../verifying/composition.ts';
import { saveSegment } from '../verifying/saved.ts';
import type { YamlFile } from '../yaml-file.ts';

/** Only that the certificate is authentic and in good standing; whether it satisfies a buyer is the buyer's policy. */
const AUTHENTIC: Policy = { policy: 'firsthand/v1' };

type Record = ParsedStatement<'DatasetRecord'>;

/**
 * Hashes, signs, submits and uploads, then saves the certificate. The signed statement is saved before it is sent: after
 * a crash at any point, the same command sends the same statement again, and the log holds it once.
 */
export async function publish(cli: Cli, path: string): Promise<void> {
  const kind = await kindOfPath(path);
  if (kind === 'nothing') throw new CliError('not-found', `no such file or folder: ${path}`);
  const files = datasetFiles(path, kind === 'folder');
  await requireNoLinks(files);
  const metadata = await readMetadata(files.metadata, path);
  const connection = await connect(cli, metadata.value);
  const { client, trust } = connection;
  const signer = await openSigner(cli, await selectKey(cli, metadata.value));
  checkLicence(cli, metadata);
  await warnOfConflicts(cli, client, metadata.value);

  const { parts, content: role } = metadata.value;
  using content = parts === undefined || role === 'included' ? await readContent(cli, path) : null;
  const manifest = content === null ? null : await buildManifest(content, path, files, metadata.value);
  if (manifest === null) await noteUncounted(cli, path);
  // Files and parts may have changed since they were composed.
  if (content !== null && parts !== undefined) await requireCovered(cli, connection, path, content, parts);
  const record = await sign(cli, metadata, signer, files, manifest);
  if (manifest !== null) await writeDurably(files.manifest, manifest);
  if (content !== null) await saveRows(files.folder, content);
  await writeDurably(files.statement, record.canonical);

  const { id, index, loggedAt, receipt, isNew } = await client.submit(record.canonical);
  const declared = record.document.credentialSubject.content;
  if (content !== null && manifest !== null && declared?.visibility === 'public') {
    await client.putBlob(declared.manifest, utf8(manifest));
    await uploadRows(cli, client, content);
  }

  const certificate = await client.certificate(id);
  const report = await verifyCertificate({ certificate, trust, policy: AUTHENTIC, now: cli.now() });
  const fault = report.checks.find((check) => check.outcome === 'fail');
  if (fault !== undefined || report.subject !== id) {
    throw new CliError(
      'verification-failed',
      `logged as ${id}, but its certificate does not hold: ${fault === undefined ? 'it is for another record' : `${fault.id}: ${fault.detail}`}`,
      fault?.id === 'standing' ? `to publish anew, raise the version in ${files.metadata}` : null,
    );
  }
  await writeDurably(files.certificate, certificate);
  const { name } = record.document.credentialSubject;
  cli.out.result(
    { id, index, loggedAt, receipt, isNew, certificate: files.certificate },
    () => text`${isNew ? 'published' : 'was published already'}: ${name}
${id}
logged as entry ${index} at ${loggedAt}
certificate saved in ${files.certificate}`,
  );
}

/** A licence that nobody can read is not signed: it would permit nothing. */
function checkLicence(cli: Cli, { value: { rights }, locate }: YamlFile<Metadata>): void {
  const fault = licenceFault(rights.license);
  if (fault !== null) throw new CliError('invalid-file', `${locate(['rights', 'license'])}: rights.license: ${fault}`);
  if (rights.rules === undefined) noteLicence(cli, rights.license);
  else noteRules(cli, rights.license, rights.rules);
}

/** Keeps the row-digest lists beside the certificate: with them, rows are verified offline when the files are gone. */
async function saveRows(folder: string, { files }: Content): Promise<void> {
  for (const { rows, rowDigests } of files) {
    if (rows === undefined || rowDigests === null) continue;
    let at = 0;
    for await (const segment of segmentsOf(rowDigests)) {
      await saveSegment(folder, rows.digests[at++] as Digest, segment);
    }
  }
}

/** The row-digest lists of public content, by which its rows are found: after the manifest, which names them. */
async function uploadRows(cli: Cli, client: RegistryClient, { files }: Content): Promise<void> {
  const total = files.reduce((sum, { rowDigests }) => sum + (rowDigests?.count ?? 0) * ROW_DIGEST_BYTES, 0);
  const bar = progressBar(cli, 'uploading row digests', total);
  try {
    for (const { rows, rowDigests } of files) {
      if (rows !== undefined && rowDigests !== null)
        await uploadRowDigests(client, rows, rowDigests, (bytes) => bar?.increment(bytes));
    }
  } finally {
    bar?.stop();
  }
}

async function buildManifest(content: Content, path: string, files: DatasetFiles, metadata: Metadata): Promise<string> {
  if (content.files.length === 0) {
    throw new CliError(
      'not-found',
      `there are no files in ${path}`,
      'to compose published records, list them as parts in firsthand.yaml',
    );
  }
  const salt = metadata.visibility === 'withheld' ? await saltFor(files) : undefined;
  const manifest = encodeManifest({ files: manifestFiles(content), salt });
  if (utf8(manifest).length > limits.manifestBytes) {
    throw new CliError(
      'failed',
      `the manifest is larger than ${limits.manifestBytes} bytes`,
      'publish several datasets and compose them with parts',
    );
  }
  return manifest;
}

/** A withheld manifest keeps its salt from run to run, else every run would be another record. */
async function saltFor(files: DatasetFiles): Promise<string> {
  const saved = parseManifest((await readTextIfThere(files.manifest, limits.manifestBytes)) ?? '');
  return (saved.ok ? saved.value.salt : undefined) ?? toBase64Url(randomBytes(32));
}

async function noteUncounted(cli: Cli, path: string): Promise<void> {
  const { files } = await findContent(path);
  if (files.length > 0) {
    cli.out.note(
      text`note: this record composes its parts; the ${files.length} files in ${path} are not content of its own`,
    );
  }
}

/** The statement signed by an earlier run where nothing changed since, else a new one. */
async function sign(
  cli: Cli,
  metadata: YamlFile<Metadata>,
  signer: Signer,
  files: DatasetFiles,
  manifest: string | null,
): Promise<Record> {
  const { parts } = metadata.value;
  const subject = recordSubject(
    metadata.value,
    signer.did,
    manifest === null ? { composition: compositionRoot(parts ?? []) } : { content: contentOf(manifest) },
  );
  const saved = parseStatement((await readTextIfThere(files.statement, limits.statementBytes)) ?? '');
  if (saved.ok && isRecord(saved.value)) {
    const { issuer, credentialSubject } = saved.value.document;
    if (issuer === signer.did && canonicalJson(credentialSubject) === canonicalJson(subject)) return saved.value;
    if (metadata.value.replaces !== saved.value.id) {
      cli.out.note(
        text`note: this differs from ${saved.value.id}; if it replaces that, say so: "replaces: ${saved.value.id}"`,
      );
    }
  }
  const signed = await signStatement({ kind: 'DatasetRecord', subject, validFrom: timestampOf(cli.now()) }, signer);
  if (signed.ok) return signed.value;
  const faults = (signed.reason.errors ?? []).map(({ path, message }) => {
    const pointer = path.split('/').slice(2);
    return `${metadata.locate(pointer)}: ${pointer.join('.')}: ${message}`;
  });
  throw new CliError('invalid-file', faults.join('\n') || signed.reason.detail);
}

function contentOf(manifest: string): ReturnType<typeof summarizeContent> {
  const parsed = parseManifest(manifest);
  if (!parsed.ok) throw new CliError('failed', `the manifest ${parsed.reason}`);
  return summarizeContent(manifest, parsed.value);
}

const isRecord = (statement: ParsedStatement): statement is Record => isKind(statement.document, 'DatasetRecord');
