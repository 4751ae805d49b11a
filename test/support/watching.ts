import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import type { WatchEvent } from '../../client/cli/watch/events.ts';
import {
  describeDataset,
  ended,
  firsthand,
  foundRegistry,
  serveRegistry,
  startFirsthand,
  type Persona,
  type ServedRegistry,
} from '../../client/cli/testing/processes.ts';
import type { Ran } from '../../client/cli/testing/run-cli.ts';

/** A served registry with its people, and labs beside it. */
export interface World {
  home: string;
  registry: ServedRegistry;
  operator: Persona;
  ada: Persona;
  /** Publishes a small dataset in a folder of its own. */
  published(): Promise<Published>;
  /** A home of its own, with copies of these folders: nobody there knows what others have followed. */
  lab(...folders: string[]): string;
  /** Ends the registry, answers its exit code. */
  stop(): Promise<number | null>;
  /** Starts it again, where it was. */
  start(): Promise<void>;
  /** Ends it for good. */
  close(): Promise<void>;
}

export interface Published {
  folder: string;
  id: string;
}

export async function openWorld(): Promise<World> {
  const home = mkdtempSync(join(tmpdir(), 'firsthand-watch-'));
  const registry = await serveRegistry(home, 'data');
  let served = registry;
  const { operator, ada } = await foundRegistry(home, registry);
  let count = 0;
  return {
    home,
    registry,
    operator,
    ada,
    async published() {
      const folder = `set-${++count}`;
      mkdirSync(join(home, folder));
      writeFileSync(join(home, folder, 'rows.jsonl'), `{"set":"${folder}"}\n`);
      await describeDataset(ada, folder, folder);
      return { folder, id: String((await ada.do('publish', folder))['id']) };
    },
    lab(...folders) {
      const at = join(home, `lab-${++count}`);
      mkdirSync(at);
      for (const folder of folders) cpSync(join(home, folder), join(at, folder), { recursive: true });
      return at;
    },
    stop: () => served.stop(),
    async start() {
      served = await serveRegistry(home, 'data', Number(new URL(registry.url).port));
    },
    async close() {
      await served.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

export const linesOf = (ran: Ran): WatchEvent[] =>
  ran.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as WatchEvent);

type Fall = Extract<WatchEvent, { event: 'fall' }>;
export const fallsOf = (ran: Ran): Fall[] => linesOf(ran).filter((line): line is Fall => line.event === 'fall');

export const once = (at: string, url: string, ...args: string[]): Promise<Ran> =>
  firsthand(at, ['watch', '--once', '--json', '--registry', url, ...args]);

/** A watch that runs until it ends by itself, or is stopped. */
export function watching(at: string, url: string, ...args: string[]) {
  const child = startFirsthand(at, ['watch', '--json', '--registry', url, ...args]);
  onTestFinished(() => void child.kill('SIGKILL'));
  const end = ended(child);
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const begun = new Promise<void>((resolve) => {
    lines.on('line', (line) => {
      if ((JSON.parse(line) as WatchEvent).event === 'watching') resolve();
    });
  });
  return { child, end, begun: Promise.race([begun, end]) };
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
