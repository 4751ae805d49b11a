import type { Context } from 'hono';
import { parseJson, type Json } from '../../protocol/json.ts';
import { concatBytes, fromUtf8, type Bytes } from '../../protocol/bytes.ts';
import { ProblemError } from './problem.ts';

/** Reads a request's body, refusing it as soon as it is known to be over `max` bytes. */
export async function readBody(c: Context, max: number): Promise<Bytes> {
  const tooLarge = (): ProblemError => new ProblemError('too-large', `the body may be ${max} bytes at most`);
  const declared = c.req.header('Content-Length');
  if (declared !== undefined) {
    if (!(Number(declared) <= max)) throw tooLarge();
    const body = new Uint8Array(await c.req.arrayBuffer().catch(brokeOff));
    // Whoever hands requests over holds bodies to their declared length; this does not count on it.
    if (body.length > max) throw tooLarge();
    return body;
  }
  const reader = c.req.raw.body?.getReader();
  const body = await readAtMost(reader, max).catch(brokeOff);
  if (body !== null) return body;
  // In one turn: a request that is cancelled before its answer is known takes the connection along.
  void reader?.cancel().catch(() => {});
  throw tooLarge();
}

/** Reads a request's body as UTF-8, refusing it as soon as it is known to be over `max` bytes. */
export async function readText(c: Context, max: number): Promise<string> {
  const text = fromUtf8(await readBody(c, max));
  if (text === null) throw new ProblemError('invalid-json', 'the body is not UTF-8');
  return text;
}

/** The bytes of a stream of unknown length; null as soon as they are over `max`, the rest left unread. */
export async function readAtMost(
  reader: ReadableStreamDefaultReader<Uint8Array> | undefined,
  max: number,
): Promise<Bytes | null> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done) break;
    length += value.length;
    if (length > max) return null;
    chunks.push(value);
  }
  return concatBytes(...chunks);
}

const brokeOff = (): never => {
  throw new ProblemError('invalid-request', 'the body broke off before its end');
};

/** The media type of a request's body, its parameters left out. */
export const mediaTypeOf = (c: Context): string =>
  (c.req.header('Content-Type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';

/** Reads a JSON body by the strict rules that statements are read by. */
export async function readJson(c: Context, max: number): Promise<Json> {
  if (mediaTypeOf(c) !== 'application/json') {
    throw new ProblemError('unsupported-media-type', 'send application/json');
  }
  const parsed = parseJson(await readText(c, max));
  if (!parsed.ok) throw new ProblemError('invalid-json', parsed.reason.detail);
  return parsed.value;
}
