import type { Writable } from 'node:stream';
import { sanitize, styleFor, type Rendered, type Style } from './terminal.ts';

/** A stream that may be a terminal. */
export type OutputStream = Writable & { isTTY?: boolean };

/** Where a command speaks: results on stdout, everything else on stderr. */
export interface Output {
  readonly json: boolean;
  /** Styles for stdout. */
  readonly style: Style;
  /** The command's result: the value as one JSON document under --json, else what `render` makes of it. */
  result(value: unknown, render: () => Rendered): void;
  /** Bytes or text as they are, for a pipe; made safe where stdout is a terminal. */
  raw(content: string | Uint8Array): void;
  /** A remark on stderr. */
  note(remark: Rendered): void;
  readonly stderr: OutputStream;
}

export function createOutput(
  stdout: OutputStream,
  stderr: OutputStream,
  options: { json: boolean; env: NodeJS.ProcessEnv },
): Output {
  // no-color.org: any value but the empty one.
  const colours = stdout.isTTY === true && (options.env['NO_COLOR'] ?? '') === '' && options.env['TERM'] !== 'dumb';
  return {
    json: options.json,
    style: styleFor(colours && !options.json),
    result(value, render) {
      stdout.write(options.json ? `${jsonLine(value)}\n` : `${render().text}\n`);
    },
    raw(content) {
      if (stdout.isTTY !== true) stdout.write(content);
      else
        stdout.write(
          `${sanitize(typeof content === 'string' ? content : new TextDecoder().decode(content)).trimEnd()}\n`,
        );
    },
    note(remark) {
      stderr.write(`${remark.text}\n`);
    },
    stderr,
  };
}

/** JSON on one line in which no character steers a terminal: those that JSON leaves bare are escaped too. */
export const jsonLine = (value: unknown): string =>
  JSON.stringify(value).replace(
    /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
