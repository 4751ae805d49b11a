import { compiledInTime } from '#compile';
import { LogEntry } from '../../schemas/log-entry.ts';
import { concatBytes, fromUtf8, utf8, type Bytes } from '../bytes.ts';
import { leafHash, type Hash } from './merkle.ts';

/** The leaf data of an entry (protocol.md §4): the JCS of its object. */
export const entryText = (entry: LogEntry): string =>
  // Members are in canonical order and hold nothing that JSON escapes: the schema allows none.
  `{"id":"${entry.id}","kind":"${entry.kind}","loggedAt":"${entry.loggedAt}"}`;

export const entryLeafHash = (entry: LogEntry): Hash => leafHash(entryText(entry));

const schema = compiledInTime(LogEntry);

const ENTRY = /^\{"id":"([^"]{71})","kind":"([A-Za-z]{1,32})","loggedAt":"([^"]{24})"\}$/;

/** Reads an entry strictly: its text must be the canonical one. Null for anything else. */
export function parseEntry(text: string): LogEntry | null {
  const [, id, kind, loggedAt] = ENTRY.exec(text) ?? [];
  const entry = schema().safeParse({ id, kind, loggedAt });
  return entry.success ? entry.data : null;
}

/** An entry bundle (C2SP tlog-tiles): each entry's length as a big-endian uint16, then its bytes. */
export function encodeBundle(entries: readonly string[]): Bytes {
  return concatBytes(
    ...entries.flatMap((entry) => {
      const bytes = utf8(entry);
      return [Uint8Array.of(bytes.length >> 8, bytes.length & 0xff), bytes];
    }),
  );
}

/** Splits a bundle; null where its lengths do not add up or an entry is not UTF-8. */
export function decodeBundle(bundle: Uint8Array): string[] | null {
  const entries: string[] = [];
  for (let at = 0; at < bundle.length;) {
    if (at + 2 > bundle.length) return null;
    const length = ((bundle[at] as number) << 8) | (bundle[at + 1] as number);
    const end = at + 2 + length;
    const text = end > bundle.length ? null : fromUtf8(bundle.subarray(at + 2, end));
    if (text === null) return null;
    entries.push(text);
    at = end;
  }
  return entries;
}
