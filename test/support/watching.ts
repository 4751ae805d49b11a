import type { ChildProcess } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { WatchEvent } from '../../client/cli/watch/events.ts';
import {
  describeDataset,
  ended,
  foundRegistry,
  serveRegistry,
  startFirsthand,
  type Persona,
  type ServedRegistry,
} from '../../client/cli/testing/processes.ts';
import { firsthand, type Ran } from '../../client/cli/testing/run-cli.ts';

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
  /** A watch that runs until it ends by itself, or is stopped; or with this world. */
  watching(at: string, ...args: string[]): Watching;
  /** Ends it for good. */
  [Symbol.asyncDispose](): Promise<void>;
}

interface Watching {
  child: ChildProcess;
  end: Promise<Ran>;
  /** Once it has begun, or ended. */
  begun: Promise<unknown>;
  /** Once it has told of so many such events, or said such words to people. */
  told(event: WatchEvent['event'] | RegExp, times?: number): Promise<void>;
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
  const children: ChildProcess[] = [];
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
    watching(at, ...args) {
      const watch = startWatching(at, registry.url, args);
      children.push(watch.child);
      return watch;
    },
    async [Symbol.asyncDispose]() {
      for (const child of children) child.kill('SIGKILL');
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

export const once = (at: string, url: string, ...args: string[]): Promise<Ran> => onceAt(Date.now, at, url, ...args);

/** As `once`, by another clock. */
export const onceAt = (now: () => number, at: string, url: string, ...args: string[]): Promise<Ran> =>
  firsthand(at, ['watch', '--once', '--json', '--registry', url, ...args], { now });

function startWatching(at: string, url: string, args: readonly string[]): Watching {
  const child = startFirsthand(at, ['watch', '--json', '--registry', url, ...args]);
  const end = ended(child);
  const events: WatchEvent['event'][] = [];
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  lines.on('line', (line) => events.push((JSON.parse(line) as WatchEvent).event));
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const isTold = (what: WatchEvent['event'] | RegExp, times: number): boolean =>
    typeof what === 'string' ? events.filter((event) => event === what).length >= times : what.test(said);
  const told = (what: WatchEvent['event'] | RegExp, times = 1): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (isTold(what, times)) resolve();
      };
      lines.on('line', look);
      child.stderr?.on('data', look);
      look();
    });
  return { child, end, begun: Promise.race([told('watching'), end]), told };
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
