import type { ChangesPage, Discovery } from '../../schemas/api.ts';
import type { LogEntry } from '../../schemas/log-entry.ts';
import { limits } from '../../schemas/limits.ts';
import { utf8, type Bytes } from '../../protocol/bytes.ts';
import { signerFromSeed, type Signer } from '../../protocol/ed25519/signer.ts';
import { signCheckpoint } from '../../protocol/log/checkpoint.ts';
import { encodeBundle, entryText } from '../../protocol/log/entry.ts';
import { leafHash, rootOf, type Hash } from '../../protocol/log/merkle.ts';
import { ED25519, encodeVkey, verifierKey } from '../../protocol/log/note.ts';
import { planInclusion, proofsFromTiles, type ReadTiles } from '../../protocol/log/proof.ts';
import { encodeReceipt } from '../../protocol/log/receipt.ts';
import { parseTilePath, TILE_WIDTH } from '../../protocol/log/tile.ts';
import { parseTrustPolicy, type TrustPolicy } from '../../protocol/log/trust.ts';
import { parseStatement, signStatement } from '../../protocol/statement.ts';

export const URL_OF_TESTS = 'https://registry.test';
const ORIGIN = 'registry.test/log';

/** A real log without a database, behind a fetch function: every hash and signature is what a registry's would be. */
export class MemoryRegistry {
  readonly signer: Signer;
  readonly requests: string[] = [];
  readonly blobs = new Map<string, Bytes>();
  entries: { id: string; text: string }[] = [];
  /** Answers instead of the registry where it returns something. */
  intercept: (path: string, method: string) => Response | null = () => null;
  /** Partial tiles are answered 404, as by a log that dropped them. */
  dropsPartialTiles = false;

  private constructor(signer: Signer) {
    this.signer = signer;
  }

  static async open(seed = 1): Promise<MemoryRegistry> {
    return new MemoryRegistry(await signerOf(seed));
  }

  get trust(): TrustPolicy {
    const trust = parseTrustPolicy(`log ${this.discovery.vkey}\nquorum none\n`);
    if (!trust.ok) throw new Error(trust.reason);
    return trust.value;
  }

  get discovery(): Discovery {
    return {
      registry: 'firsthand/v1',
      origin: ORIGIN,
      vkey: encodeVkey(verifierKey(ORIGIN, ED25519, this.signer.publicKey)),
      operator: this.signer.did,
      service: this.signer.did,
      frameworks: ['oidc'],
      limits: { statementBytes: limits.statementBytes },
    };
  }

  /** Appends an entry for any id. */
  append(id: string): void {
    const loggedAt = new Date(Date.UTC(2026, 0, 1) + this.entries.length).toISOString();
    this.entries.push({ id, text: entryText({ id: id as never, kind: 'Revocation', loggedAt }) });
  }

  checkpoint(size = this.entries.length): Promise<string> {
    return signCheckpoint({ origin: ORIGIN, size, root: rootOf(this.#leaves(size)) }, this.signer);
  }

  async receipt(index: number): Promise<string> {
    const size = this.entries.length;
    const [proof] = await proofsFromTiles([planInclusion(index, size)], this.tiles);
    const checkpoint = await this.checkpoint();
    return encodeReceipt({ entry: this.entries[index]?.text ?? '', index, proof: proof ?? [], checkpoint });
  }

  readonly tiles: ReadTiles = async (tiles) =>
    tiles.map((tile) => this.#tile(Number(tile.level), tile.index, tile.width));

  readonly fetch: typeof fetch = async (input, init) => {
    const url = new URL(String(input));
    const method = init?.method ?? 'GET';
    this.requests.push(`${method} ${url.pathname}`);
    return this.intercept(url.pathname, method) ?? this.#answer(url, method, init?.body);
  };

  async #answer(url: URL, method: string, body: unknown): Promise<Response> {
    const path = url.pathname;
    if (path === '/.well-known/firsthand.json') return Response.json(this.discovery);
    if (path === '/log/checkpoint') return new Response(await this.checkpoint());
    if (path === '/v1/changes') return Response.json(this.#changes(url.searchParams));
    if (path.startsWith('/log/tile/')) return this.#serveTile(path.slice('/log/'.length));
    if (path === '/v1/statements' && method === 'POST') {
      const lines = String(body)
        .split('\n')
        .filter((line) => line !== '');
      const answers: Submitted[] = [];
      for (const line of lines) answers.push(await this.#submit(line));
      return lines.length === 1 && !String(body).endsWith('\n')
        ? Response.json({ ...answers[0], status: undefined }, { status: answers[0]?.status ?? 500 })
        : new Response(answers.map((answer) => `${JSON.stringify(answer)}\n`).join(''));
    }
    if (path.startsWith('/v1/blobs/')) {
      const digest = path.slice('/v1/blobs/'.length);
      if (method === 'PUT') this.blobs.set(digest, new Uint8Array(body as Bytes));
      const blob = this.blobs.get(digest);
      if (blob !== undefined) return new Response(blob, { status: method === 'PUT' ? 201 : 200 });
    }
    return problem(404, 'not-found', 'no such thing');
  }

  async #submit(text: string): Promise<Submitted> {
    const parsed = parseStatement(text);
    if (!parsed.ok) throw new Error(parsed.reason.detail);
    const { id } = parsed.value;
    const known = this.entries.findIndex((entry) => entry.id === id);
    if (known < 0) this.append(id);
    const index = known < 0 ? this.entries.length - 1 : known;
    const { loggedAt } = JSON.parse(this.entries[index]?.text ?? '') as { loggedAt: string };
    return { status: known < 0 ? 201 : 200, id, index, loggedAt, receipt: await this.receipt(index) };
  }

  #changes(query: URLSearchParams): ChangesPage {
    const after = Number(query.get('after'));
    const entries = this.entries.slice(after, after + Number(query.get('limit')));
    const changes = entries.map(({ text }, i) => ({
      ...(JSON.parse(text) as LogEntry),
      index: after + i,
      issuer: this.signer.did,
      targets: [],
    }));
    return { changes, next: after + changes.length };
  }

  #serveTile(path: string): Response {
    const parsed = parseTilePath(path);
    if (!parsed.ok) return problem(404, 'not-found', 'no such tile');
    const { level, index, width } = parsed.value;
    if (width < TILE_WIDTH && this.dropsPartialTiles) return problem(404, 'not-found', 'no such tile');
    if (level === 'entries') {
      return new Response(
        encodeBundle(this.entries.slice(index * 256, index * 256 + width).map((entry) => entry.text)),
      );
    }
    return new Response(this.#tile(level, index, width));
  }

  #leaves(size = this.entries.length): Hash[] {
    return this.entries.slice(0, size).map((entry) => leafHash(utf8(entry.text)));
  }

  /** As many hashes of the tile as there are, `width` at most. */
  #tile(level: number, index: number, width: number): Bytes {
    const span = TILE_WIDTH ** level;
    const leaves = this.#leaves();
    const hashes: Hash[] = [];
    for (let i = index * TILE_WIDTH; i < index * TILE_WIDTH + width && (i + 1) * span <= leaves.length; i++) {
      hashes.push(rootOf(leaves.slice(i * span, (i + 1) * span)));
    }
    const tile = new Uint8Array(hashes.length * 32);
    hashes.forEach((hash, i) => tile.set(hash, i * 32));
    return tile;
  }
}

interface Submitted {
  status: number;
  id: string;
  index: number;
  loggedAt: string;
  receipt: string;
}

const problem = (status: number, code: string, detail: string, headers: Record<string, string> = {}): Response =>
  Response.json(
    { type: 'about:blank', title: code, status, detail, code, requestId: 'r-1' },
    { status, headers: { 'content-type': 'application/problem+json', ...headers } },
  );

const signerOf = (seed: number): Promise<Signer> => signerFromSeed(new Uint8Array(32).fill(seed));

/** A signed statement, any kind will do. */
export async function statementOf(signer: Signer, number: number): Promise<string> {
  const signed = await signStatement(
    {
      kind: 'Revocation',
      subject: { id: `sha256:${String(number).padStart(64, '0')}` as never, reason: 'withdrawn' },
      validFrom: '2026-01-01T00:00:00Z',
    },
    signer,
  );
  if (!signed.ok) throw new Error(signed.reason.detail);
  return signed.value.canonical;
}
