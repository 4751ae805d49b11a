import type { Discovery } from '../schemas/api.ts';
import { parseVkey } from '../protocol/log/note.ts';
import { ok, refuse, type Result } from '../protocol/result.ts';

/**
 * The trust file (C2SP tlog-policy) that pins a registry as it presents itself: its log's key, without witnesses.
 * The operator needs no line of its own: entry 0 of the log names it.
 */
export function pinOf(discovery: Discovery, url: string): Result<string, string> {
  const key = parseVkey(discovery.vkey);
  if (!key.ok) return refuse(`its vkey is ${key.reason}`);
  if (key.value.name !== discovery.origin)
    return refuse(`its vkey is for ${key.value.name}, not for ${discovery.origin}`);
  return ok(`log ${discovery.vkey} ${url}/log\nquorum none\n`);
}
