import { limits } from '../../schemas/limits.ts';
import type { Digest, StatementId } from '../../schemas/primitives.ts';
import { ROW_PROOF_MEDIA_TYPE, type RowProof } from '../../schemas/row-proof.ts';
import { equalBytes, fromUtf8, toBase64 } from '../../protocol/bytes.ts';
import { digestToBytes } from '../../protocol/digest.ts';
import type { JsonObject } from '../../protocol/json.ts';
import { proofOf, type Hash } from '../../protocol/log/merkle.ts';
import { BLOCK_LINES, contentLeaves } from '../../protocol/manifest.ts';
import { encodeRowProof } from '../../protocol/row-proof.ts';
import { BLOCK_ROWS, rowsOf } from '../../protocol/rows/blocks.ts';
import { db } from '../database/port.ts';
import type { Deps, RowPath, RowPlace } from '../deps.ts';
import { receiptsOf } from '../log/receipts.ts';
import { readRows } from './fill.ts';
import { bytesOf } from './manifests.ts';
import { recordsOver, type Fitting } from './records.ts';
import { segmentRows } from './row-lists.ts';

type Parts = Pick<Deps, 'database' | 'blobs' | 'contentIndex'>;

/** Records looked at for each manifest that has the row. */
const RECORDS = 100;

/**
 * The proof that a record has a row: of the oldest record that does, unless one is named. It reads one block of the row's
 * list, one of the manifest, and the roots that the index kept. Null where nothing that is indexed has the row.
 */
export async function rowProof(parts: Parts, row: Digest, wanted?: StatementId): Promise<string | null> {
  const places = await parts.contentIndex.placesOf(row);
  const manifests = [...new Map(places.map(({ manifest }) => [manifest.manifest, manifest])).values()];
  const over = await recordsOver(parts.database, manifests, RECORDS);
  const candidates = places
    .flatMap((place) => (over.get(place.manifest.manifest) ?? []).map((record) => ({ place, record })))
    .filter(({ record }) => wanted === undefined || record.id === wanted)
    .toSorted(
      (a, b) => a.record.index - b.record.index || a.place.line - b.place.line || a.place.number - b.place.number,
    );
  for (const { place, record } of candidates) {
    const proof = await proofAt(parts, row, place, record);
    if (proof !== null) return proof;
  }
  return null;
}

/** The proof by one place; null where the row that is there only begins with the same digits, or something is gone. */
async function proofAt(parts: Parts, row: Digest, place: RowPlace, record: Fitting): Promise<string | null> {
  const path = await parts.contentIndex.pathOf(place);
  const inFile = await placeInFile(parts, row, place, path);
  const file = inFile === null ? null : await lineInManifest(parts, place, path);
  const [statement] = await parts.database.all(
    db.selectFrom('statements').selectAll().where('log_index', '=', record.index).compile(),
  );
  if (inFile === null || file === null || statement === undefined || statement.body === null) return null;
  const receipt = (await receiptsOf(parts.database, [statement])).get(statement.id)?.receipt;
  if (receipt === undefined) return null;
  return encodeRowProof({
    mediaType: ROW_PROOF_MEDIA_TYPE,
    row: { digest: row, ...inFile },
    file,
    record: JSON.parse(statement.body) as JsonObject,
    receipt,
  });
}

/** A row's place in its file, with its inclusion path: within its block, then its segment, then the file. */
async function placeInFile(
  { blobs }: Parts,
  row: Digest,
  place: RowPlace,
  { blocks, segments }: RowPath,
): Promise<{ index: number; proof: string[] } | null> {
  const block = Math.floor(place.row / BLOCK_ROWS);
  const from = block * BLOCK_ROWS;
  const until = Math.min(from + BLOCK_ROWS, segmentRows(place.rows, place.number));
  const list = await readRows(blobs, digestToBytes(place.segment), from, until);
  const rows: Hash[] = list === null ? [] : [...rowsOf(list)];
  const found = rows[place.row - from];
  if (found === undefined || !equalBytes(found, digestToBytes(row))) return null;
  const path = [...proofOf(place.row - from, rows), ...proofOf(block, blocks), ...proofOf(place.number, segments)];
  return { index: place.number * limits.segmentRows + place.row, proof: path.map(toBase64) };
}

/** A file's line in its manifest, with its inclusion path: within its block, then the manifest. */
async function lineInManifest(
  { blobs }: Parts,
  { manifest, line: index }: RowPlace,
  { lines }: RowPath,
): Promise<RowProof['file'] | null> {
  const block = Math.floor(index / BLOCK_LINES);
  const offset = lines[block]?.offset;
  if (offset === undefined) return null;
  const length = (lines[block + 1]?.offset ?? manifest.manifestBytes) - offset;
  const stored = await blobs.get(manifest.manifest, { offset, length });
  const text = stored === null ? null : fromUtf8(await bytesOf(stored.body));
  const line = text?.split('\n')[index % BLOCK_LINES];
  if (text === null || line === undefined) return null;
  const roots = lines.map(({ root }) => root);
  const path = [...proofOf(index % BLOCK_LINES, contentLeaves(text)), ...proofOf(block, roots)];
  return { line, index, proof: path.map(toBase64) };
}
