import type * as z from 'zod';
import { limits } from '../schemas/limits.ts';
import type { Digest } from '../schemas/primitives.ts';
import { fromUtf8, type Bytes } from '../protocol/bytes.ts';
import { digestOf } from '../protocol/digest.ts';
import { canonicalJson, parseJson } from '../protocol/json.ts';
import { issuesOf } from '../protocol/statement.ts';
import { UntrustedError } from './errors.ts';
import type { Transport } from './transport.ts';

/** A query's parameters; what is undefined is left out. */
export const parametersOf = (query: object): URLSearchParams =>
  new URLSearchParams(
    Object.entries(query).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, `${value as string | number}`] as [string, string]],
    ),
  );

/** An answer's JSON, by its schema. Throws UntrustedError. */
export function readJson<S extends z.ZodType>(bytes: Bytes, schema: S, call: string): z.output<S> {
  const json = parseJson(textOf(bytes, call));
  if (!json.ok) throw new UntrustedError(`the answer to ${call} is ${json.reason.detail}`);
  const parsed = schema.safeParse(json.value);
  if (parsed.success) return parsed.data;
  const issue = issuesOf(parsed.error)[0];
  throw new UntrustedError(`the answer to ${call} is malformed: ${issue?.path} ${issue?.message}`);
}

/** Asks by JSON, and reads the answer by its schema. Throws as the transport does, and UntrustedError. */
export async function postJson<S extends z.ZodType>(
  transport: Transport,
  path: string,
  body: object,
  schema: S,
): Promise<z.output<S>> {
  const { bytes } = await transport.call({
    method: 'POST',
    path,
    body: canonicalJson(body),
    contentType: 'application/json',
    maxBytes: limits.certificateBytes,
  });
  return readJson(bytes, schema, `POST ${path}`);
}

/** An answer's text. Throws UntrustedError. */
export function textOf(bytes: Bytes, call: string): string {
  const text = fromUtf8(bytes);
  if (text === null) throw new UntrustedError(`the answer to ${call} is not UTF-8`);
  return text;
}

/** The bytes, which must hash to `digest`. Throws UntrustedError. */
export function withDigest(bytes: Bytes, digest: Digest): Bytes {
  if (digestOf(bytes) !== digest) throw servedAnother(digest);
  return bytes;
}

export const servedAnother = (digest: Digest): UntrustedError =>
  new UntrustedError(`what was served as ${digest} has another digest`);
