import { sql } from 'kysely';
import type { Digest } from '../../schemas/primitives.ts';
import { digestFromBytes, digestToBytes } from '../../protocol/digest.ts';
import type { Hash } from '../../protocol/log/merkle.ts';
import type { ContentBlock, ContentSummary } from '../../protocol/manifest.ts';
import { db, type Database } from '../database/port.ts';
import type { RowPath, RowPlace } from '../deps.ts';
import { PREFIX_BYTES } from './row-lists.ts';

/** Places of one row that are gone through for its proof. */
const PLACES = 100;

/** Where a row may be, by a part of its digest. */
export async function placesOf(database: Database, row: Digest): Promise<RowPlace[]> {
  const rows = await database.all(
    sql<Omit<RowPlace, 'manifest' | 'segment'> & { summary: string; segment: Uint8Array }>`
      SELECT summary, line, row_files.rows, row_segments.digest AS segment, row,
        (SELECT min(number) FROM row_lists WHERE row_lists.segment = row_segments.id AND file = row_files.id) AS number
      FROM row_entries CROSS JOIN row_segments ON row_segments.id = row_entries.segment AND answers = 1
      CROSS JOIN segment_names ON segment_names.segment = row_segments.id AND segment_names.file IS NOT NULL
      CROSS JOIN row_files ON row_files.id = segment_names.file
      CROSS JOIN manifests ON manifests.digest = row_files.manifest
      WHERE prefix = ${digestToBytes(row).slice(0, PREFIX_BYTES)} AND summary IS NOT NULL
      LIMIT ${sql.lit(PLACES)}`.compile(db),
  );
  return rows.map(({ summary, segment, ...place }) => ({
    ...place,
    manifest: JSON.parse(summary) as ContentSummary,
    segment: digestFromBytes(segment),
  }));
}

/** The roots of the blocks around a place, and of the segments of its file, and the blocks of its manifest. */
export async function pathOf(database: Database, { manifest, line, segment }: RowPlace): Promise<RowPath> {
  const blocks = await database.all(
    sql<{ root: Hash }>`SELECT row_blocks.root FROM row_segments CROSS JOIN row_blocks ON segment = row_segments.id
      WHERE digest = ${digestToBytes(segment)} ORDER BY block`.compile(db),
  );
  const segments = await database.all(
    sql<{ root: Hash }>`SELECT row_segments.root FROM row_files CROSS JOIN row_lists ON file = row_files.id
      CROSS JOIN row_segments ON row_segments.id = segment
      WHERE manifest = ${digestToBytes(manifest.manifest)} AND line = ${line} ORDER BY number`.compile(db),
  );
  const lines = await database.all(
    sql<ContentBlock>`SELECT "offset", root FROM manifest_blocks
      WHERE manifest = ${digestToBytes(manifest.manifest)} ORDER BY block`.compile(db),
  );
  return { lines, blocks: blocks.map(({ root }) => root), segments: segments.map(({ root }) => root) };
}
