import { CliError } from './cli-error.ts';
import type { Cli } from './context.ts';

/** What is piped in, up to `max` bytes, without its last newline. */
export async function readStdin(cli: Cli, max: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of cli.stdin) {
    const bytes = Buffer.from(chunk as Uint8Array | string);
    length += bytes.length;
    if (length > max) throw new CliError('usage', `more than ${max} bytes on stdin`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}
