import mime from 'mime';

/** What datasets are made of and the IANA registry has no entry for. */
const OURS: Readonly<Record<string, string>> = {
  jsonl: 'application/jsonl',
  ndjson: 'application/x-ndjson',
  parquet: 'application/vnd.apache.parquet',
};

/** The media type that a file's name suggests. */
export const mediaTypeOf = (path: string): string =>
  OURS[path.slice(path.lastIndexOf('.') + 1).toLowerCase()] ?? mime.getType(path) ?? 'application/octet-stream';
