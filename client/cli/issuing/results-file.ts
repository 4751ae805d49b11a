import { open, stat, type FileHandle } from 'node:fs/promises';
import { isAbsent } from '../bounded-file.ts';
import { CliError } from '../cli-error.ts';
import { writeDurably } from '../durable-file.ts';
import { jsonLine } from '../output.ts';

/** What became of one line of a file of people. Public API: outcomes are added, never renamed. */
export interface LineResult {
  line: number;
  did?: string;
  /**
   * `issued`: logged by this run. `already`: an active credential says it. `refused`: by the registry, see `code`.
   * `invalid`: the line is at fault. `unknown`: sent, but no answer came. `unsent`: not tried. `valid`: a dry run
   * would send it. After `unknown` and `unsent`, run the same command again.
   */
  outcome: 'issued' | 'already' | 'refused' | 'invalid' | 'unknown' | 'unsent' | 'valid';
  id?: string;
  index?: number;
  code?: string;
  column?: string;
  detail?: string;
}

/** NDJSON, a line for each line of the file; on the disk when {@link add} resolves. No reference to a person is in it. */
export class ResultsFile {
  readonly #file: FileHandle;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Begins with what is known already. Replaces the results of an earlier run, and no other file. */
  static async create(path: string, known: readonly LineResult[]): Promise<ResultsFile> {
    if (!(await isOurs(path))) {
      throw new CliError('conflict', `${path} is there, and holds no results`, 'choose another name with --results');
    }
    await writeDurably(path, textOf(known));
    return new ResultsFile(await open(path, 'a'));
  }

  async add(results: readonly LineResult[]): Promise<void> {
    await this.#file.appendFile(textOf(results));
    await this.#file.datasync();
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

const textOf = (results: readonly LineResult[]): string => results.map((result) => `${jsonLine(result)}\n`).join('');

const START = '{"line":';

async function isOurs(path: string): Promise<boolean> {
  const found = await stat(path).catch((error: unknown) => {
    if (isAbsent(error)) return null;
    throw error;
  });
  if (found?.isFile() !== true) return found === null;
  const file = await open(path, 'r');
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(START.length), 0, START.length, 0);
    return bytesRead === 0 || buffer.toString('utf8', 0, bytesRead) === START;
  } finally {
    await file.close();
  }
}
