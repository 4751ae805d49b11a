import { CERTIFICATE_MEDIA_TYPE, type Certificate } from '../../schemas/certificate.ts';
import type { LogEntry } from '../../schemas/log-entry.ts';
import type { StatementId } from '../../schemas/primitives.ts';
import { concatBytes, toBase64, utf8 } from '../../protocol/bytes.ts';
import type { Signer } from '../../protocol/ed25519/signer.ts';
import type { Logged } from '../../protocol/evidence.ts';
import { checkpointText, signCheckpoint, type TreeHead } from '../../protocol/log/checkpoint.ts';
import { entryLeafHash, entryText } from '../../protocol/log/entry.ts';
import { CompactRange, type Hash } from '../../protocol/log/merkle.ts';
import { COSIGNATURE, ED25519, encodeVkey, signatureLine, verifierKey } from '../../protocol/log/note.ts';
import { planConsistency, planInclusion, proofsFromTiles, type ReadTiles } from '../../protocol/log/proof.ts';
import { encodeReceipt } from '../../protocol/log/receipt.ts';
import { parseTrustPolicy, type TrustPolicy } from '../../protocol/log/trust.ts';
import type { ParsedStatement } from '../../protocol/statement.ts';
import { signStatusList, statusListOf } from '../../protocol/status-list.ts';
import { logTimeOf, timestampOf } from '../../protocol/time.ts';
import { drafts, signed, signerOf } from './statements.ts';

/** The tiles of one growing tree, each held at its widest (C2SP tlog-tiles). */
export class MemoryTiles {
  readonly #range = new CompactRange();
  readonly #levels: Hash[][] = [];

  append(leaf: Hash): void {
    this.#range.append(leaf, (height, hash) => {
      if (height % 8 === 0) (this.#levels[height / 8] ??= []).push(hash);
    });
  }

  get size(): number {
    return this.#range.size;
  }

  root(): Hash {
    return this.#range.root();
  }

  readonly read: ReadTiles = async (addresses) =>
    addresses.map(({ level, index, width }) => {
      if (level === 'entries') throw new TypeError('level: entries are not hashes');
      return concatBytes(...(this.#levels[level] ?? []).slice(index * 256, index * 256 + width));
    });
}

export interface CertificateOptions {
  subject: StatementId;
  /** Log indices whose status bit is set; those that a logged revocation names unless given. */
  revoked?: number[];
  /** Log indices to leave out of the certificate. */
  omit?: number[];
  /** When the status list was signed, and for how long it holds. */
  statusFrom?: number;
  statusFor?: number;
  /** Who signs the status list; null for none. */
  statusSigner?: Signer | null;
}

/** When the tests' logs begin, and how long they wait between entries. */
export const START = Date.parse('2026-02-01T00:00:00Z');
export const HOUR = 3_600_000;

/** A log in memory, and whatever it proves: checkpoints, receipts, certificates. */
export class MemoryLog {
  readonly tiles = new MemoryTiles();
  readonly entries: LogEntry[] = [];
  readonly statements: ParsedStatement[] = [];
  readonly signer: Signer;
  readonly origin: string;

  constructor(signer: Signer, origin = 'registry.example/log') {
    this.signer = signer;
    this.origin = origin;
  }

  /** The time of the latest entry. */
  get now(): number {
    return this.entries.length === 0 ? START : Date.parse(this.entries.at(-1)?.loggedAt as string);
  }

  /** Logs a statement, an hour after the one before unless told when. Returns it with its index. */
  append<S extends ParsedStatement>(statement: S, loggedAt = this.now + HOUR): S & { index: number } {
    const entry: LogEntry = { id: statement.id, kind: statement.kind, loggedAt: logTimeOf(loggedAt) };
    this.tiles.append(entryLeafHash(entry));
    this.entries.push(entry);
    this.statements.push(statement);
    return { ...statement, index: this.entries.length - 1 };
  }

  /** The statements as evidence. */
  logged(): Logged[] {
    return this.statements.map(({ id, kind, document }, index) => ({
      id,
      kind,
      index,
      loggedAt: Date.parse(this.entries[index]?.loggedAt as string),
      document,
    }));
  }

  head(): TreeHead {
    return { origin: this.origin, size: this.tiles.size, root: this.tiles.root() };
  }

  /** The signed checkpoint, cosigned by whoever is given. */
  async checkpoint(witnesses: { name: string; signer: Signer; seconds: number }[] = []): Promise<string> {
    let note = await signCheckpoint(this.head(), this.signer);
    for (const { name, signer, seconds } of witnesses) {
      note += await cosignatureLine(checkpointText(this.head()), name, signer, seconds);
    }
    return note;
  }

  async inclusion(index: number): Promise<Hash[]> {
    const [proof = []] = await proofsFromTiles([planInclusion(index, this.tiles.size)], this.tiles.read);
    return proof;
  }

  async consistency(size: number): Promise<Hash[]> {
    const [proof = []] = await proofsFromTiles([planConsistency(size, this.tiles.size)], this.tiles.read);
    return proof;
  }

  async receipt(index: number): Promise<string> {
    const entry = entryText(this.entries[index] as LogEntry);
    return encodeReceipt({ entry, index, proof: await this.inclusion(index), checkpoint: await this.checkpoint() });
  }

  /** Trust in this log, and in no witness. */
  trust(): TrustPolicy {
    const key = verifierKey(this.origin, ED25519, this.signer.publicKey);
    const parsed = parseTrustPolicy(`log ${encodeVkey(key)}\nquorum none\n`);
    if (!parsed.ok) throw new Error(parsed.reason);
    return parsed.value;
  }

  /** A certificate that carries everything logged so far. */
  async certificate(options: CertificateOptions): Promise<Certificate> {
    const indices = [...this.entries.keys()].filter((index) => !(options.omit ?? []).includes(index));
    const statements = indices.map(async (index) => ({
      index,
      entry: entryText(this.entries[index] as LogEntry),
      proof: (await this.inclusion(index)).map(toBase64),
      document: this.statements[index]?.document as Record<string, unknown>,
    }));
    return {
      mediaType: CERTIFICATE_MEDIA_TYPE,
      subject: options.subject,
      checkpoint: await this.checkpoint(),
      statements: await Promise.all(statements),
      status: await this.#status(options),
    };
  }

  async #status({ revoked, statusFrom = this.now, statusFor = HOUR, statusSigner }: CertificateOptions) {
    if (statusSigner === null) return [];
    const draft = {
      origin: this.origin,
      list: statusListOf(0),
      size: this.entries.length,
      revoked: revoked ?? this.#revokedIndices(),
      validFrom: timestampOf(statusFrom),
      validUntil: timestampOf(statusFrom + statusFor),
    };
    return [await signStatusList(draft, statusSigner ?? (await signerOf('service')))];
  }

  #revokedIndices(): number[] {
    return this.statements.flatMap(({ document }) => {
      if (document.type[1] !== 'Revocation') return [];
      return this.entries.flatMap(({ id }, index) => (id === document.credentialSubject.id ? [index] : []));
    });
  }
}

/** A C2SP tlog-cosignature of a note's text. */
export async function cosignatureLine(text: string, name: string, signer: Signer, seconds: number): Promise<string> {
  const signature = await signer.sign(utf8(`cosignature/v1\ntime ${seconds}\n${text}`));
  const time = new Uint8Array(8);
  new DataView(time.buffer).setBigUint64(0, BigInt(seconds));
  return signatureLine(verifierKey(name, COSIGNATURE, signer.publicKey), concatBytes(time, signature));
}

/** The keys of a small registry, and its log with what must come first: the operator, its service, an issuer, a human. */
export async function registry() {
  const [operator, service, issuer, alice, bob, carol, publisher, stranger] = (await Promise.all(
    ['operator', 'service', 'issuer', 'alice', 'bob', 'carol', 'publisher', 'stranger'].map(signerOf),
  )) as [Signer, Signer, Signer, Signer, Signer, Signer, Signer, Signer];
  const log = new MemoryLog(await signerOf('log'));
  const root = log.append(await signed(drafts.accreditation(operator.did), operator));
  log.append(await signed(drafts.accreditation(service.did, { roles: ['status-service'] }), operator));
  const accreditation = log.append(await signed(drafts.identityIssuer(issuer.did), operator));
  const credential = log.append(await signed(drafts.credential(alice.did, 'Alice'), issuer));
  return { log, root, accreditation, credential, operator, service, issuer, alice, bob, carol, publisher, stranger };
}
