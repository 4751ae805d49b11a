import { limits } from '../../../schemas/limits.ts';
import type { Digest, StatementId } from '../../../schemas/primitives.ts';
import { fromUtf8 } from '../../../protocol/bytes.ts';
import { digestOf } from '../../../protocol/digest.ts';
import { encodeManifest } from '../../../protocol/manifest.ts';
import { fillTable, type FilledTable } from '../../../protocol/rows/match.ts';
import type { RowDigests } from '../../../protocol/rows/row-digests.ts';
import type { TrustPolicy } from '../../../protocol/log/trust.ts';
import type { LocalContent } from '../../../protocol/verify/content.ts';
import type { ReadSegment } from '../../../protocol/verify/row-lists.ts';
import { RegistryError, UntrustedError } from '../../errors.ts';
import type { RegistryClient } from '../../registry-client.ts';
import { readClaims, type CertificateClaims } from '../certificate-source.ts';
import { CliError } from '../cli-error.ts';
import type { Cli } from '../context.ts';
import { manifestFiles, type ContentFile } from '../../content/content-file.ts';
import type { Content } from '../content/read-content.ts';
import { text } from '../terminal.ts';
import { RowSource } from './row-source.ts';
import { savedManifests } from './saved.ts';

/** Manifests held for one verification may take this much memory, in bytes. */
const MANIFESTS_BYTES = 256 * 1024 * 1024;

/** Enough to have a damaged certificate reported. */
export const TRUST_NOBODY: TrustPolicy = { logs: [], witnesses: [], quorum: () => false, quorumName: 'none' };

/**
 * What there is to verify with: certificates, and for content the manifests and row-digest lists that their records name,
 * from the folders where such were saved and from the registry. Of all of it nothing is believed here.
 */
export class Evidence implements Disposable {
  readonly #cli: Pick<Cli, 'now' | 'out'>;
  readonly #client: RegistryClient | null;
  readonly #folders: readonly string[];
  readonly #rows: RowSource;
  /** By record; a damaged one goes by its own digest. */
  readonly #certificates = new Map<Digest, string>();
  /** By record. */
  readonly #claims = new Map<Digest, CertificateClaims>();
  readonly #manifests = new Map<Digest, string>();
  #filled: FilledTable | null = null;
  #manifestsLeft = MANIFESTS_BYTES;
  #certificatesLeft: number;
  /** Whether all that was added only composes other records. */
  #composesOnly = true;

  /** Without a `client`, only what was saved counts. */
  constructor(
    cli: Pick<Cli, 'now' | 'out'>,
    client: RegistryClient | null,
    folders: readonly string[],
    certificatesBytes: number = limits.certificatesBytes,
  ) {
    this.#certificatesLeft = certificatesBytes;
    this.#cli = cli;
    this.#client = client;
    this.#folders = folders;
    this.#rows = new RowSource(folders, client);
  }

  /** Adds a certificate from wherever, and the manifests that content needs. */
  add(certificate: string, content: Content | null): Promise<void> {
    return this.#add(certificate, readClaims(certificate), content);
  }

  async #add(certificate: string, claims: CertificateClaims | null, content: Content | null): Promise<void> {
    // Two of one record both count: either may know what the other does not.
    this.#certificates.set(
      claims === null || this.#certificates.has(claims.subject) ? digestOf(certificate) : claims.subject,
      certificate,
    );
    if (claims !== null) this.#claims.set(claims.subject, claims);
    this.#composesOnly &&= claims?.composesOnly === true;
    if (content !== null && claims !== null) await this.#addManifests(claims);
  }

  /** Fetches a record's certificate, and adds it. */
  async fetch(record: StatementId, content: Content | null): Promise<void> {
    const { certificate, claims } = await this.#fetch(record);
    await this.#add(certificate, claims, content);
  }

  /** The same of a record that a look-up named: false where it does not fit, or is not there, or not a certificate. */
  async admit(record: StatementId, content: Content | null): Promise<boolean> {
    if (this.#certificatesLeft < 0) return false;
    try {
      const { certificate, claims } = await this.#fetch(record);
      // Verification refuses all of them where they are too large together.
      if (claims === null || this.#certificatesLeft < 0) return false;
      await this.#add(certificate, claims, content);
      return true;
    } catch (error) {
      if (!(error instanceof RegistryError) || !['not-found', 'erased', 'too-large'].includes(error.code)) throw error;
      return false;
    }
  }

  async #fetch(record: StatementId): Promise<{ certificate: string; claims: CertificateClaims | null }> {
    const certificate = await this.#registry().certificate(record);
    this.#certificatesLeft -= certificate.length;
    const claims = readClaims(certificate);
    if (claims !== null && claims.subject !== record) {
      throw new CliError(
        'verification-failed',
        `the registry answered with a certificate for ${claims.subject}, not for ${record}`,
      );
    }
    return { certificate, claims };
  }

  /** All certificates, or those of these records. */
  certificates(records?: readonly StatementId[]): string[] {
    if (records === undefined) return [...this.#certificates.values()];
    return records.flatMap((record) => this.#certificates.get(record) ?? []);
  }

  /** What the certificate of a record says that it is about; of several, the one that was added last. */
  claimsOf(record: StatementId): CertificateClaims | undefined {
    return this.#claims.get(record);
  }

  /**
   * Hears which files will be matched, whatever will be added. Where that is not at once, it begins with what it takes; else
   * that begins once the first list is asked for, whose way it would only hold up.
   */
  expect(open: readonly ContentFile[], settled: readonly ContentFile[], isAtOnce: boolean): void {
    const rowsOf = (files: readonly ContentFile[]): RowDigests[] => files.flatMap(({ rowDigests }) => rowDigests ?? []);
    this.#filled = fillTable(rowsOf(open), rowsOf(settled), { seed: this.#cli.now() });
    if (!isAtOnce) void this.#filled?.table();
  }

  /** The content, with what there is to match it with: until `signal` aborts, which ends that before the next list. */
  localContent(content: Content | null, signal?: AbortSignal): LocalContent | undefined {
    // A folder that holds no data yet can stand for a composition; for anything else, no files means none certified.
    if (content === null || (content.files.length === 0 && this.#composesOnly)) return undefined;
    const rebuilt = content.files.length === 0 ? [] : [encodeManifest({ files: manifestFiles(content) })];
    const manifests = [...this.#manifests.values(), ...rebuilt];
    const segment: ReadSegment = async (digest, bytes) => {
      signal?.throwIfAborted();
      return this.#rows.read(digest, bytes);
    };
    return { files: content.files, manifests, segment, filled: this.#filled };
  }

  [Symbol.dispose](): void {
    this.#rows[Symbol.dispose]();
  }

  #registry(): RegistryClient {
    if (this.#client === null) throw new TypeError('client: needed to fetch anything');
    return this.#client;
  }

  /** The manifests that the certificate’s records name; each proves itself by its digest. */
  async #addManifests(claims: CertificateClaims): Promise<void> {
    const named = new Map<Digest, number>();
    // Whoever names another's manifest may say that it is smaller.
    for (const { digest, bytes } of claims.manifests) named.set(digest, Math.max(bytes, named.get(digest) ?? 0));
    for (const manifest of await savedManifests(this.#folders, [...named.keys()])) {
      this.#manifests.set(digestOf(manifest), manifest);
    }
    if (this.#client === null) return;
    let isFull = false;
    for (const [digest, bytes] of named) {
      if (this.#manifests.has(digest)) continue;
      if (bytes > this.#manifestsLeft) {
        isFull = true;
        continue;
      }
      try {
        const served = await this.#client.getBlob(digest, bytes);
        // What it has, not what is said of it: many are withheld, or never uploaded.
        this.#manifestsLeft -= served.length;
        const manifest = fromUtf8(served);
        if (manifest !== null) this.#manifests.set(digest, manifest);
      } catch (error) {
        // Withheld, never uploaded, or not what a record says of it: the report says what could not be checked.
        if (error instanceof UntrustedError) this.#cli.out.note(text`note: ${digest} is left out: ${error.message}`);
        else if (!(error instanceof RegistryError) || error.status !== 404) throw error;
      }
    }
    if (isFull) {
      this.#cli.out.note(
        text`note: not all manifests of this lineage fit into memory; files of the rest count as uncertified`,
      );
    }
  }
}
