import type * as z from 'zod';
import { CliError } from './cli-error.ts';

/** Reads an argument or option by its schema. Throws a usage error that names it and what it takes. */
export function readFlag<S extends z.ZodType>(schema: S, value: unknown, name: string): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new CliError('usage', `${name}: ${issue?.message ?? 'invalid'}`);
}

/** The same for an option that may be left out. */
export const readOptional = <S extends z.ZodType>(schema: S, value: unknown, name: string): z.output<S> | undefined =>
  value === undefined ? undefined : readFlag(schema, value, name);

/** Collects an option that may be repeated, or hold several values after commas. */
export const collect = (value: string, previous: readonly string[] = []): string[] => [
  ...previous,
  ...value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
];

/** Collects the files of an option that may be repeated: a comma may be part of a name. */
export const collectFile = (file: string, previous?: readonly string[]): string[] => [...(previous ?? []), file];

/** `nist-800-63-4=IAL2` in two. */
export function splitPair(value: string, name: string): [string, string] {
  const at = value.indexOf('=');
  if (at < 1) throw new CliError('usage', `${name}: expected NAME=VALUE, got ${value}`);
  return [value.slice(0, at), value.slice(at + 1)];
}
