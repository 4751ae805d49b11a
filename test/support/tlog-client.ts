import { createHash } from 'node:crypto';

// A plain C2SP client, written from the standards alone: signed-note, tlog-checkpoint, tlog-tiles, tlog-proof and
// RFC 6962. It imports nothing of this project, so that what it accepts any stranger's tool accepts. It says what is
// wrong by throwing.

export interface LogKey {
  name: string;
  id: string;
  publicKey: Uint8Array<ArrayBuffer>;
}

export interface Checkpoint {
  origin: string;
  size: number;
  root: Uint8Array;
  note: string;
}

export interface Proof {
  /** The entry, in the field that the standard leaves to the application. */
  extra: Uint8Array;
  index: number;
  hashes: Uint8Array[];
  note: string;
}

/** Answers the bytes at a path below the log's prefix; null where there are none (404). */
export type ReadTile = (path: string) => Promise<Uint8Array | null>;

const WIDTH = 256;

const sha256 = (...parts: Uint8Array[]): Uint8Array => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
};
const hexOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
const decode = (base64: string): Uint8Array<ArrayBuffer> => {
  const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  expect(btoa(String.fromCharCode(...bytes)) === base64, `not canonical base64: ${base64}`);
  return bytes;
};

function expect(isTrue: boolean, otherwise: string): asserts isTrue {
  if (!isTrue) throw new Error(otherwise);
}

function same(actual: Uint8Array | null, expected: Uint8Array, what: string): void {
  expect(actual !== null, `${what} is not served`);
  const isSame = actual.length === expected.length && actual.every((byte, i) => byte === expected[i]);
  expect(isSame, `${what} is not what the entries say`);
}

/** RFC 6962 §2.1. */
const leafOf = (entry: Uint8Array): Uint8Array => sha256(Uint8Array.of(0), entry);
const nodeOf = (left: Uint8Array, right: Uint8Array): Uint8Array => sha256(Uint8Array.of(1), left, right);

/** `NAME+keyid+base64(type ‖ key)`, for an Ed25519 key. */
export function parseVkey(vkey: string): LogKey {
  const [name = '', id = '', ...rest] = vkey.split('+');
  const data = decode(rest.join('+'));
  expect(data[0] === 1 && data.length === 33, 'not an Ed25519 verifier key');
  const expected = sha256(new TextEncoder().encode(`${name}\n`), data).subarray(0, 4);
  expect(hexOf(expected) === id, `the key id of ${vkey} should be ${hexOf(expected)}`);
  return { name, id, publicKey: data.slice(1) };
}

/** Notes that were read already, under the key that they were read with: many proofs end in one checkpoint. */
const opened = new WeakMap<LogKey, Map<string, Promise<Checkpoint>>>();

/** Reads a checkpoint and verifies the log's own signature on it. */
export function openCheckpoint(note: string, key: LogKey): Promise<Checkpoint> {
  const known = opened.get(key) ?? new Map<string, Promise<Checkpoint>>();
  opened.set(key, known);
  const checkpoint = known.get(note) ?? readCheckpoint(note, key);
  known.set(note, checkpoint);
  return checkpoint;
}

async function readCheckpoint(note: string, key: LogKey): Promise<Checkpoint> {
  const split = note.lastIndexOf('\n\n');
  expect(split > 0 && note.endsWith('\n'), 'not a signed note');
  const text = note.slice(0, split + 1);
  const [origin = '', size = '', root = '', end, ...more] = text.split('\n');
  expect(end === '' && more.length === 0, 'a checkpoint of this log has exactly three lines');
  expect(/^(0|[1-9][0-9]*)$/.test(size), `not a size: ${size}`);
  expect(origin === key.name, `the checkpoint is of ${origin}, not of ${key.name}`);
  const lines = note
    .slice(split + 2)
    .split('\n')
    .slice(0, -1);
  const prefix = `— ${key.name} `;
  const signature = lines.filter((line) => line.startsWith(prefix)).map((line) => decode(line.slice(prefix.length)));
  const own = signature.find((bytes) => hexOf(bytes.subarray(0, 4)) === key.id);
  expect(own !== undefined, 'the log did not sign this checkpoint');
  const platformKey = await crypto.subtle.importKey('raw', key.publicKey, 'Ed25519', false, ['verify']);
  const signed = new TextEncoder().encode(text);
  expect(await crypto.subtle.verify('Ed25519', platformKey, own.slice(4), signed), 'the log’s signature is wrong');
  const head = { origin, size: Number(size), root: decode(root), note };
  expect(head.root.length === 32, 'a root has 32 bytes');
  return head;
}

/** The Merkle tree over entries, recomputed by the definition of RFC 6962 §2.1. */
export class Tree {
  readonly #leaves: Uint8Array[] = [];
  readonly #perfect = new Map<string, Uint8Array>();

  constructor(entries: Iterable<Uint8Array> = []) {
    for (const entry of entries) this.append(entry);
  }

  append(entry: Uint8Array): void {
    this.#leaves.push(leafOf(entry));
  }

  get size(): number {
    return this.#leaves.length;
  }

  /** The root of the tree's first `size` entries. */
  root(size: number): Uint8Array {
    expect(size <= this.size, `there are ${this.size} entries, not ${size}`);
    return size === 0 ? sha256() : this.#hash(0, size);
  }

  /** What a hash tile holds (tlog-tiles): `width` roots of perfect subtrees of 256^level entries. */
  tile(level: number, index: number, width: number): Uint8Array {
    const span = WIDTH ** level;
    const tile = new Uint8Array(width * 32);
    for (let i = 0; i < width; i++) {
      const low = (index * WIDTH + i) * span;
      tile.set(this.#hash(low, low + span), i * 32);
    }
    return tile;
  }

  #hash(low: number, high: number): Uint8Array {
    const width = high - low;
    if (width === 1) return this.#leaves[low] as Uint8Array;
    const key = `${low} ${high}`;
    const known = this.#perfect.get(key);
    if (known !== undefined) return known;
    const middle = low + largestPowerBelow(width);
    const hash = nodeOf(this.#hash(low, middle), this.#hash(middle, high));
    if (middle - low === high - middle) this.#perfect.set(key, hash);
    return hash;
  }
}

function largestPowerBelow(n: number): number {
  let power = 1;
  while (power * 2 < n) power *= 2;
  return power;
}

/** Tiles over HTTP. Anything but 200 and 404 is an error. */
export const httpTiles =
  (prefix: string): ReadTile =>
  async (path) => {
    const response = await fetch(`${prefix}/${path}`);
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (response.status === 404) return null;
    expect(response.status === 200, `${path}: ${response.status}`);
    const type = response.headers.get('content-type');
    expect(type === 'application/octet-stream', `${path}: served as ${type}`);
    return bytes;
  };

/** `tile/<level>/<index>[.p/<width>]`, the index in groups of three digits. */
export function tilePathOf(level: number | 'entries', index: number, width: number): string {
  const digits = String(index);
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0');
  const groups = padded.match(/.{3}/g) as string[];
  const path = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/');
  return `tile/${level}/${path}${width < WIDTH ? `.p/${width}` : ''}`;
}

/** Every tile of a level in a tree of `size`, the partial one last. */
export function tilesOf(level: number | 'entries', size: number): { index: number; width: number }[] {
  const hashes = Math.floor(size / WIDTH ** (level === 'entries' ? 0 : level));
  return Array.from({ length: Math.ceil(hashes / WIDTH) }, (_, index) => ({
    index,
    width: Math.min(WIDTH, hashes - index * WIDTH),
  }));
}

/** An entry bundle: each entry after its length, two bytes, big-endian. */
export function decodeEntries(bundle: Uint8Array): Uint8Array[] {
  const entries: Uint8Array[] = [];
  for (let at = 0; at < bundle.length;) {
    expect(at + 2 <= bundle.length, 'the bundle ends within a length');
    const end = at + 2 + (bundle[at] as number) * 256 + (bundle[at + 1] as number);
    expect(end <= bundle.length, 'the bundle ends within an entry');
    entries.push(bundle.subarray(at + 2, end));
    at = end;
  }
  return entries;
}

/** Entries `[from, size)`, from entry bundles alone; `from` is where a bundle begins. */
export async function readEntries(read: ReadTile, size: number, from = 0): Promise<Uint8Array[]> {
  const entries: Uint8Array[] = [];
  for (const { index, width } of tilesOf('entries', size)) {
    if (index * WIDTH < from) continue;
    const path = tilePathOf('entries', index, width);
    const bundle = await read(path);
    expect(bundle !== null, `${path} is not served`);
    const decoded = decodeEntries(bundle);
    expect(decoded.length === width, `${path} has ${decoded.length} entries`);
    entries.push(...decoded);
  }
  return entries;
}

/** Checks every hash tile, full and partial, that a tree of `size` has; with `edgeOnly`, its partial ones. */
export async function checkHashTiles(read: ReadTile, tree: Tree, size: number, edgeOnly = false): Promise<number> {
  let checked = 0;
  for (let level = 0; WIDTH ** level <= size; level++) {
    for (const { index, width } of tilesOf(level, size)) {
      if (edgeOnly && width === WIDTH) continue;
      const path = tilePathOf(level, index, width);
      same(await read(path), tree.tile(level, index, width), path);
      checked++;
    }
  }
  return checked;
}

/** A checkpoint commits to the entries: so two that do are consistent with each other, without any proof. */
export function checkRoot(tree: Tree, checkpoint: Checkpoint): void {
  same(checkpoint.root, tree.root(checkpoint.size), `the root of the checkpoint of size ${checkpoint.size}`);
}

function parseProof(text: string): Proof {
  const split = text.indexOf('\n\n');
  expect(split > 0, 'a proof ends in a checkpoint');
  const [header, extra = '', index = '', ...hashes] = text.slice(0, split).split('\n');
  expect(header === 'c2sp.org/tlog-proof@v1', `not a tlog-proof: ${header}`);
  expect(extra.startsWith('extra ') && /^index (0|[1-9][0-9]*)$/.test(index), 'not a tlog-proof of this log');
  return {
    extra: decode(extra.slice('extra '.length)),
    index: Number(index.slice('index '.length)),
    hashes: hashes.map(decode),
    note: text.slice(split + 2),
  };
}

/** Verifies a receipt: its checkpoint is the log's, and its path leads from its entry to that checkpoint's root. */
export async function openProof(text: string, key: LogKey): Promise<Proof & { checkpoint: Checkpoint }> {
  const proof = parseProof(text);
  const checkpoint = await openCheckpoint(proof.note, key);
  expect(proof.index < checkpoint.size, 'the entry is past the checkpoint');
  const root = climb(proof.index, checkpoint.size, leafOf(proof.extra), proof.hashes);
  same(root, checkpoint.root, `the root that the proof of entry ${proof.index} leads to`);
  return { ...proof, checkpoint };
}

/** RFC 6962 §2.1.1, PATH(m, D[n]) read backwards: the last hash is the sibling below the root. */
function climb(index: number, size: number, leaf: Uint8Array, path: readonly Uint8Array[]): Uint8Array {
  const sibling = path.at(-1);
  if (size === 1 || sibling === undefined) {
    expect(size === 1 && sibling === undefined, 'the proof has the wrong length');
    return leaf;
  }
  const middle = largestPowerBelow(size);
  return index < middle
    ? nodeOf(climb(index, middle, leaf, path.slice(0, -1)), sibling)
    : nodeOf(sibling, climb(index - middle, size - middle, leaf, path.slice(0, -1)));
}
