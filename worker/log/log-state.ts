import { db, type Database, type Query } from '../database/port.ts';
import { equalBytes, type Bytes } from '../../protocol/bytes.ts';
import { parseCheckpoint, signCheckpoint } from '../../protocol/log/checkpoint.ts';
import { CompactRange, type Hash } from '../../protocol/log/merkle.ts';
import { ED25519, verifierKey, verifyNote } from '../../protocol/log/note.ts';
import { perfectSubtrees, planInclusion, proofsFromNodes, rangeFromTiles } from '../../protocol/log/proof.ts';
import { rightEdge, TILE_HEIGHT, TILE_WIDTH, tilePath } from '../../protocol/log/tile.ts';
import type { Signer } from '../../protocol/ed25519/signer.ts';
import { verifySignature } from '../../protocol/ed25519/verify.ts';
import { LogCorrupt } from './log-corrupt.ts';
import { readTiles } from './read-tiles.ts';

/** A tree that can be appended to: its perfect subtrees, and the partial tiles at its right edge. */
export interface LogState {
  range: CompactRange;
  /** The partial tile of each level that has one. */
  edge: ReadonlyMap<number, Bytes>;
  /** The newest checkpoint's text; null while the log is empty. */
  note: string | null;
  /** Milliseconds; no entry is older than the one before. */
  lastLoggedAt: number;
}

/**
 * Loads the newest checkpoint and the right edge, and refuses a log that `publicKey` did not sign under `origin`, or
 * whose tiles do not have the root it signed: going on from there would fork the log.
 */
export async function loadLog(database: Database, origin: string, publicKey: Bytes): Promise<LogState> {
  const [newest] = await database.all(
    db.selectFrom('checkpoints').select(['size', 'note']).orderBy('size', 'desc').limit(1).compile(),
  );
  if (newest === undefined) return { range: new CompactRange(), edge: new Map(), note: null, lastLoggedAt: 0 };
  const { size, note } = newest;
  const checkpoint = parseCheckpoint(note);
  if (!checkpoint.ok || checkpoint.value.size !== size)
    throw new LogCorrupt(`the stored checkpoint of size ${size} is malformed`);
  if (checkpoint.value.origin !== origin) {
    throw new LogCorrupt(
      `this database holds the log ${checkpoint.value.origin}, but the registry is configured as ${origin}`,
    );
  }
  const signed = await verifyNote(checkpoint.value.note, [verifierKey(origin, ED25519, publicKey)], verifySignature);
  if (!signed.ok) {
    throw new LogCorrupt(
      `the stored checkpoint of size ${size} is not signed by this log’s key; restore the key or the database`,
    );
  }
  const read = readTiles(database, size);
  const range = await rangeFromTiles(size, read);
  if (!equalBytes(range.root(), checkpoint.value.root)) {
    throw new LogCorrupt(
      `the tiles do not have the root that the checkpoint of size ${size} names; restore the database from a backup`,
    );
  }
  const tiles = rightEdge(size);
  const contents = await read(tiles);
  const [last] = await database.all(
    db
      .selectFrom('statements')
      .select('logged_at')
      .where('log_index', '=', size - 1)
      .compile(),
  );
  if (last === undefined) throw new LogCorrupt(`entry ${size - 1} is missing`);
  return {
    range,
    edge: new Map(tiles.map((tile, i) => [tile.level, contents[i] as Bytes])),
    note,
    lastLoggedAt: last.logged_at,
  };
}

/** Entries that the newest checkpoint covers. */
export async function sizeOf(database: Database): Promise<number> {
  const [newest] = await database.all(
    db.selectFrom('checkpoints').select('size').orderBy('size', 'desc').limit(1).compile(),
  );
  return newest?.size ?? 0;
}

/** The next state of a log, and the tiles that must be written for it. */
export interface Extension {
  state: LogState;
  previousSize: number;
  note: string;
  tiles: { level: number; tile_index: number; hashes: Bytes }[];
  /** The inclusion proof of each new leaf in the extended tree, in order. */
  proofs(): Hash[][];
}

/** Appends leaves and signs the new head. Writes nothing: a crash here leaves the log as it was. */
export async function extendLog(
  state: LogState,
  leaves: readonly Hash[],
  loggedAt: number,
  origin: string,
  signer: Signer,
): Promise<Extension> {
  const previousSize = state.range.size;
  const range = state.range.copy();
  const growing = new Map([...state.edge].map(([level, hashes]) => [level, [hashes]]));
  const written = new Map<string, Extension['tiles'][number]>();
  const counts = new Map<number, number>();
  // All that a new leaf's proof is folded from: what was perfect before it, and what becomes perfect here.
  const nodes: { first: number; hashes: Hash[] }[] = [];
  for (const [i, { height, index }] of perfectSubtrees(0, previousSize).entries()) {
    nodes[height] = { first: index, hashes: [range.peaks[i] as Hash] };
  }
  const countAt = (level: number): number => counts.get(level) ?? Math.floor(previousSize / TILE_WIDTH ** level);
  for (const leaf of leaves) {
    range.append(leaf, (height, hash) => {
      (nodes[height] ??= { first: Math.floor(previousSize / 2 ** height), hashes: [] }).hashes.push(hash);
      if (height % TILE_HEIGHT !== 0) return;
      const level = height / TILE_HEIGHT;
      const count = countAt(level);
      counts.set(level, count + 1);
      if (count % TILE_WIDTH === 0) growing.set(level, []);
      growing.get(level)?.push(hash);
      if ((count + 1) % TILE_WIDTH === 0) write(level, (count + 1) / TILE_WIDTH - 1);
    });
  }
  function write(level: number, index: number): void {
    const parts = growing.get(level) ?? [];
    const hashes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      hashes.set(part, at);
      at += part.length;
    }
    growing.set(level, [hashes]);
    written.set(tilePath({ level, index, width: TILE_WIDTH }), { level, tile_index: index, hashes });
  }
  const partial = rightEdge(range.size);
  for (const { level, index } of partial) if (counts.has(level)) write(level, index);
  const edge = new Map(partial.map(({ level }) => [level, growing.get(level)?.[0] as Bytes]));
  const note = await signCheckpoint({ origin, size: range.size, root: range.root() }, signer);
  return {
    state: { range, edge, note, lastLoggedAt: loggedAt },
    previousSize,
    note,
    tiles: [...written.values()],
    proofs: () =>
      proofsFromNodes(
        leaves.map((_, i) => planInclusion(previousSize + i, range.size)),
        ({ height, index }) => nodes[height]?.hashes[index - nodes[height].first] as Hash,
      ),
  };
}

// Built once: parameters are bound in the order of the columns.
const { sql: insertTile } = db
  .insertInto('tiles')
  .values({ level: 0, tile_index: 0, hashes: new Uint8Array() })
  .onConflict((conflict) =>
    conflict.columns(['level', 'tile_index']).doUpdateSet(({ ref }) => ({ hashes: ref('excluded.hashes') })),
  )
  .compile();
const { sql: insertCheckpoint } = db
  .insertInto('checkpoints')
  .values({ size: 0, previous_size: 0, note: '' })
  .compile();

/** The writes of an extension; the last of them is what makes it the log's. */
export const extensionQueries = ({ tiles, state, previousSize, note }: Extension): Query[] => [
  ...tiles.map(({ level, tile_index, hashes }) => ({ sql: insertTile, parameters: [level, tile_index, hashes] })),
  { sql: insertCheckpoint, parameters: [state.range.size, previousSize, note] },
];
