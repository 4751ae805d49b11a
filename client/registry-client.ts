import type * as z from 'zod';
import { ChangesPage, Dataset, Discovery, IssuedPage, Submitted, Tombstone } from '../schemas/api.ts';
import { SearchPage, type SearchQuery } from '../schemas/search.ts';
import type { Decision, DecisionRequest } from '../schemas/decision.ts';
import { Impact, type ImpactQuery } from '../schemas/impact.ts';
import { limits } from '../schemas/limits.ts';
import { Contributor, IssuersPage, type ContributorQuery, type IssuersQuery } from '../schemas/people.ts';
import type { Did, Digest, StatementId } from '../schemas/primitives.ts';
import { RightsExport, type ExportFormat } from '../schemas/rights-export.ts';
import { StatusListCredential } from '../schemas/status-list.ts';
import type { Bytes } from '../protocol/bytes.ts';
import type { ReadTiles } from '../protocol/log/proof.ts';
import type { TrustPolicy } from '../protocol/log/trust.ts';
import { parseStatement } from '../protocol/statement.ts';
import { parametersOf, readJson, textOf, withDigest } from './answers.ts';
import { decideAll } from './decide-all.ts';
import { RegistryError, UntrustedError } from './errors.ts';
import { readIssued, type IssuedCredentials, type IssuedSearch } from './issued.ts';
import { readEntries, tileReader } from './log-tiles.ts';
import { lookUp, type Lookup } from './look-up.ts';
import { openCheckpoint, verifyReceipt, verifySubmission, type TrustedCheckpoint } from './receipt.ts';
import { submitBatches, type BatchResult, type Signed } from './submit-batch.ts';
import { Transport, type TransportOptions } from './transport.ts';

/** Bytes of an answer that has no limit of its own: a page, a dataset with its statement. */
const PAGE_BYTES = 8 * 1024 * 1024;

export interface RegistryClientOptions extends TransportOptions {
  /** Whose log counts. Needed by whatever verifies: submitting, receipts, checkpoints. */
  trust?: TrustPolicy;
}

export type Search = Asked<SearchQuery>;

/** A query, of which anything may be left out. */
type Asked<Query> = { [Field in keyof Query]?: Query[Field] | undefined };

export interface ChangesOptions {
  /** Changes on one page, 100 at most and unless given. */
  limit?: number;
  /** Seconds to wait for a change where there is none yet, 25 at most; 0 unless given. */
  wait?: number;
}

/** A submission that the log provably holds. */
export interface Submission extends Submitted {
  /** False where the log held the statement already. */
  isNew: boolean;
}

/**
 * A registry, over HTTP. Whatever it answers is bounded in size and checked: forms against their schemas, bodies against
 * their digests, receipts and checkpoints against `trust`. Methods throw {@link RegistryError} where the registry
 * refuses, `NetworkError` where it cannot be reached, {@link UntrustedError} where its answer does not hold.
 *
 * @example
 * const client = new RegistryClient({ url: 'https://registry.example', trust });
 * const { id, index } = await client.submit(statement.canonical);
 */
export class RegistryClient {
  readonly #transport: Transport;
  readonly #trust: TrustPolicy | null;

  constructor(options: RegistryClientOptions) {
    this.#transport = new Transport(options);
    this.#trust = options.trust ?? null;
  }

  get url(): string {
    return this.#transport.url;
  }

  /** Where the log is and whose keys count, in the registry's own words: pin them, do not merely believe them. */
  discover(): Promise<Discovery> {
    return this.#get('/.well-known/firsthand.json', Discovery);
  }

  /** Submits one signed statement and verifies the receipt. Safe to repeat: a statement is logged once. */
  async submit(statement: string): Promise<Submission> {
    const parsed = parseStatement(statement);
    if (!parsed.ok) throw new RegistryError({ ...parsed.reason, status: 400 });
    const answer = await this.#transport.call({
      method: 'POST',
      path: '/v1/statements',
      body: parsed.value.canonical,
      contentType: 'application/json',
      maxBytes: 2 * limits.noteBytes,
    });
    const submitted = readJson(answer.bytes, Submitted, 'POST /v1/statements');
    return { ...(await verifySubmission(submitted, parsed.value.id, this.#trusted())), isNew: answer.status === 201 };
  }

  /** Submits many statements, in batches; answers in the same order. A bad one does not spoil the others. */
  submitBatch(statements: readonly (string | Signed)[]): Promise<BatchResult[]> {
    return submitBatches(this.#transport, statements, this.#trusted());
  }

  /** A statement's canonical text; its digest is `id`. Throws RegistryError `erased` with the tombstone once erased. */
  async statement(id: StatementId): Promise<string> {
    const path = `/v1/statements/${id}`;
    const answer = await this.#transport.call({ path, maxBytes: limits.statementBytes, accept: [410] });
    if (answer.status === 410) {
      const tombstone = readJson(answer.bytes, Tombstone, `GET ${path}`);
      throw new RegistryError({
        code: 'erased',
        status: 410,
        detail: `${id} was erased: ${tombstone.revocation}`,
        tombstone,
      });
    }
    return textOf(withDigest(answer.bytes, id), path);
  }

  /** A statement's receipt (C2SP tlog-proof), verified. */
  async receipt(id: StatementId): Promise<Submitted> {
    const path = `/v1/statements/${id}/receipt`;
    const receipt = textOf((await this.#transport.call({ path, maxBytes: limits.noteBytes })).bytes, path);
    const verified = await verifyReceipt(receipt, id, this.#trusted());
    if (!verified.ok) throw new UntrustedError(verified.reason);
    return { id, index: verified.value.index, loggedAt: verified.value.entry.loggedAt, receipt };
  }

  /** A record with what the registry says of it now. Nothing of this is proven; a certificate is. */
  dataset(id: StatementId): Promise<Dataset> {
    return this.#get(`/v1/datasets/${id}`, Dataset);
  }

  /** A record's certificate, as text for `verifyCertificate`; with the grants to `licensee`, or the newest ones. */
  async certificate(id: StatementId, licensee?: Did): Promise<string> {
    const path = `/v1/datasets/${id}/certificate${licensee === undefined ? '' : `?licensee=${licensee}`}`;
    return textOf((await this.#transport.call({ path, maxBytes: limits.certificateBytes })).bytes, path);
  }

  /** Whether a use is permitted, over the whole lineage. Nothing of this is proven; `verifyCertificate` decides the same. */
  async decide(request: DecisionRequest): Promise<Decision> {
    const [decision] = await this.decideAll([request]);
    return decision as Decision;
  }

  /** The same for many requests, in their order. Any number: it asks 100 at a time. */
  decideAll(requests: readonly DecisionRequest[]): Promise<Decision[]> {
    return decideAll(this.#transport, requests);
  }

  /** What the public may do with a record, in the words of others. Nothing of this is proven; `firsthand export` proves it. */
  async exportRights(id: StatementId, format: ExportFormat): Promise<RightsExport> {
    const written = await this.#get(`/v1/datasets/${id}/rights/${format}`, RightsExport);
    if (written.format !== format) throw new UntrustedError(`the rights in ${id} were asked for as ${format}`);
    return written;
  }

  /**
   * What a withdrawal of a statement would touch, by the registry's word: a page of it, in log order; go on with the page's
   * `next`. Nothing of this is proven; what a saved certificate rests on is in the certificate.
   */
  async impact(id: StatementId, query: Partial<ImpactQuery> = {}): Promise<Impact> {
    const page = await this.#get(`/v1/statements/${id}/impact?${parametersOf(query)}`, Impact);
    const { items, next, statement, asOf } = page;
    const places = [(query.after ?? 0) - 1, ...items.map(({ index }) => index), ...(next === null ? [] : [next])];
    if (statement !== id || places.some((place, i) => i > 0 && place <= (places[i - 1] as number))) {
      throw new UntrustedError(`what rests on ${id} is out of order, or of another statement`);
    }
    if (places.slice(1).some((place) => place >= asOf.size)) {
      throw new UntrustedError(`what rests on ${id} goes beyond the log of ${asOf.size} entries by which it is told`);
    }
    return page;
  }

  search(query: Search = {}): Promise<SearchPage> {
    return this.#get(`/v1/datasets?${parametersOf(query)}`, SearchPage);
  }

  /** What the registry says of a key now: its credentials, a page of its records, its reviews. Nothing of it is proven. */
  contributor(did: Did, query: Asked<ContributorQuery> = {}): Promise<Contributor> {
    return this.#get(`/v1/contributors/${did}?${parametersOf(query)}`, Contributor);
  }

  /** The parties that the operator accredited to verify people, by DID; go on with the page's `next`. */
  issuers(query: Asked<IssuersQuery> = {}): Promise<IssuersPage> {
    return this.#get(`/v1/issuers?${parametersOf(query)}`, IssuersPage);
  }

  /** The human credentials that an issuer signed, a page of them; each holds the issuer's valid signature. */
  async issued(issuer: Did, query: IssuedSearch = {}): Promise<IssuedCredentials> {
    const page = await this.#get(`/v1/issuers/${issuer}/credentials?${parametersOf(query)}`, IssuedPage);
    return readIssued(page, issuer, query.after ?? 0);
  }

  /**
   * Which records contain each digest, of a file or of a row, in the order asked. Any number: it asks 10,000 at a time.
   * `index` says how far the registry's index was, by the least of its answers; null where nothing was asked.
   */
  lookup(digests: readonly Digest[]): Promise<Lookup> {
    return lookUp(this.#transport, digests);
  }

  /**
   * The proof that a record has a row, as text for `verifyRowProof`: of the oldest record that does, unless one is named.
   * Throws RegistryError `not-found` where the registry knows none, or does not know yet.
   */
  async rowProof(row: Digest, record?: StatementId): Promise<string> {
    const path = `/v1/rows/${row}/proof${record === undefined ? '' : `?record=${record}`}`;
    return textOf((await this.#transport.call({ path, maxBytes: limits.rowProofBytes })).bytes, path);
  }

  /** Uploads a blob that a logged statement references. Returns whether it is new there. */
  async putBlob(digest: Digest, bytes: Bytes): Promise<boolean> {
    const answer = await this.#transport.call({
      method: 'PUT',
      path: `/v1/blobs/${digest}`,
      body: bytes,
      contentType: 'application/octet-stream',
      maxBytes: limits.noteBytes,
    });
    return answer.status === 201;
  }

  /** A blob whose bytes hash to `digest`, of `maxBytes` at most. */
  async getBlob(digest: Digest, maxBytes: number = limits.blobBytes): Promise<Bytes> {
    return withDigest(await this.servedBlob(digest, maxBytes), digest);
  }

  /** What is served as that blob, whatever it hashes to. */
  async servedBlob(digest: Digest, maxBytes: number = limits.blobBytes): Promise<Bytes> {
    return (await this.#transport.call({ path: `/v1/blobs/${digest}`, maxBytes })).bytes;
  }

  /** Status list `list`, as served; `verifyStatusList` judges it. */
  status(list: number): Promise<StatusListCredential> {
    return this.#get(`/v1/status/${list}`, StatusListCredential);
  }

  /**
   * Log entries from index `after` on, none left out; go on with the page's `next`. Nothing of this is proven: a
   * `Follower` proves it. An empty page may come before the time to wait is up.
   */
  async changes(after = 0, { limit = limits.page, wait = 0 }: ChangesOptions = {}): Promise<ChangesPage> {
    const page = await this.#get(`/v1/changes?after=${after}&limit=${limit}&wait=${wait}`, ChangesPage);
    const { changes, next } = page;
    if (
      changes.length > limit ||
      next !== after + changes.length ||
      changes.some(({ index }, i) => index !== after + i)
    ) {
      throw new UntrustedError(`the changes from ${after} on have a gap, or are out of order`);
    }
    return page;
  }

  /** The log's newest checkpoint, verified. */
  async checkpoint(): Promise<TrustedCheckpoint> {
    const path = '/log/checkpoint';
    const text = textOf((await this.#transport.call({ path, maxBytes: limits.noteBytes })).bytes, path);
    const opened = await openCheckpoint(text, this.#trusted());
    if (!opened.ok) throw new UntrustedError(opened.reason);
    return opened.value;
  }

  /** Reads the log's tiles, for `proofsFromTiles` and `proveGrowth`. */
  get tiles(): ReadTiles {
    return tileReader(this.#transport);
  }

  /** Entries `[256·bundle, …)` of the log of `size`, as text. */
  entries(bundle: number, size: number): Promise<string[]> {
    return readEntries(this.#transport, bundle, size);
  }

  async #get<S extends z.ZodType>(path: string, schema: S): Promise<z.output<S>> {
    return readJson((await this.#transport.call({ path, maxBytes: PAGE_BYTES })).bytes, schema, `GET ${path}`);
  }

  #trusted(): TrustPolicy {
    if (this.#trust === null) throw new TypeError('trust: needed to verify what the registry answers');
    return this.#trust;
  }
}
