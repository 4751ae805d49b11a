import type { ManifestFile } from '../../schemas/manifest.ts';
import type { RowDigests } from '../../protocol/rows/row-digests.ts';

/** One file as a manifest has it, with the digests of its rows where it is row-addressable. */
export type ContentFile = ManifestFile & { rowDigests: RowDigests | null };

/** The files as a manifest lists them. */
export const manifestFiles = ({ files }: { files: readonly ContentFile[] }): ManifestFile[] =>
  files.map(({ path, bytes, mediaType, sha256, rows }) => ({
    path,
    bytes,
    mediaType,
    sha256,
    ...(rows === undefined ? {} : { rows }),
  }));
