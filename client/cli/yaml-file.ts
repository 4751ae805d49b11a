import { isMap, isNode, isScalar, LineCounter, parseDocument, type Document } from 'yaml';
import type * as z from 'zod';
import { CliError } from './cli-error.ts';

/** A settings file that a person wrote: its typed value, and where each field is, for messages. */
export interface YamlFile<T> {
  value: T;
  /** `firsthand.yaml line 3`, of the field at a JSON pointer or of the nearest one above it. */
  locate(pointer: readonly PropertyKey[]): string;
}

/** Reads YAML (or JSON, which is YAML). Throws CliError that names each field at fault and its line. */
export function readYaml<S extends z.ZodType>(source: string, schema: S, file: string): YamlFile<z.output<S>> {
  const lines = new LineCounter();
  // Nor does the parser print what it thinks of a file: its warnings hold other people's words as they are.
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const fault = document.errors[0];
  if (fault !== undefined) {
    throw new CliError('invalid-file', `${file} line ${lines.linePos(fault.pos[0]).line}: ${fault.message}`);
  }
  const locate = (pointer: readonly PropertyKey[]): string => `${file} line ${lineOf(document, lines, pointer)}`;
  let value: unknown;
  try {
    // An alias may be used, but not to make a small file large.
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new CliError('invalid-file', `${file}: ${error instanceof Error ? error.message : 'cannot be read'}`);
  }
  const parsed = schema.safeParse(value ?? {});
  if (parsed.success) return { value: parsed.data, locate };
  const faults = parsed.error.issues.slice(0, 10).map((issue) => {
    const unknown = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
    const path = unknown === undefined ? issue.path : [...issue.path, unknown];
    return `${locate(path)}: ${path.map(String).join('.') || 'the file'}: ${wordsOf(issue, document, path)}`;
  });
  throw new CliError('invalid-file', faults.join('\n'));
}

function wordsOf(issue: z.core.$ZodIssue, document: Document, path: readonly PropertyKey[]): string {
  if (issue.code === 'unrecognized_keys') return 'unknown field';
  if (document.getIn(path as string[]) === undefined) return 'is missing';
  if (issue.code === 'invalid_type' && issue.expected === 'string') return 'expected text; put it in "quotes"';
  return issue.message;
}

function lineOf(document: Document, lines: LineCounter, pointer: readonly PropertyKey[]): number {
  let node: unknown = document.contents;
  let at = isNode(node) ? (node.range?.[0] ?? 0) : 0;
  for (const key of pointer) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === key);
      if (pair === undefined) break;
      at = isNode(pair.key) ? (pair.key.range?.[0] ?? at) : at;
      node = pair.value;
    } else {
      node = document.getIn(pointer.slice(0, pointer.indexOf(key) + 1) as string[], true);
      if (!isNode(node)) break;
      at = node.range?.[0] ?? at;
    }
  }
  return lines.linePos(at).line || 1;
}
