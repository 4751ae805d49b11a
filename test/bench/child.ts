import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** A temporary folder for the time that `work` takes. */
export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'firsthand-bench-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Starts a process and waits for the one JSON line that it prints when ready. */
export async function startChild<T>(args: string[]): Promise<{ child: ChildProcess; ready: T }> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  let output = '';
  for await (const chunk of child.stdout?.setEncoding('utf8') ?? []) {
    output += chunk as string;
    if (output.includes('\n')) break;
  }
  return { child, ready: JSON.parse(output) as T };
}

export async function stopChild(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  if (child.exitCode !== 0) throw new Error(`the registry ended with ${child.exitCode ?? child.signalCode}`);
}

export interface LoadResult {
  accepted: number;
  seconds: number;
  refused: string;
  /** Milliseconds. */
  p50: number;
  p99: number;
}

/** Sends requests from a process of its own; throws where any was refused. */
export async function load(url: string, mediaType: string, bodies: string[], connections: number): Promise<LoadResult> {
  return withFolder(async (folder) => {
    const file = join(folder, 'bodies');
    writeFileSync(file, bodies.join('\u001e'));
    const { hostname, port } = new URL(url);
    const args = [here('./load-client.ts'), hostname, port, String(connections), mediaType, file];
    const { child, ready } = await startChild<LoadResult>(args);
    if (child.exitCode === null) await once(child, 'exit');
    if (ready.refused !== '') throw new Error(`the registry refused: ${ready.refused}`);
    return ready;
  });
}

export async function post(url: string, mediaType: string, body: string): Promise<string> {
  const response = await fetch(`${url}/v1/statements`, {
    method: 'POST',
    headers: { 'Content-Type': mediaType },
    body,
  });
  const text = await response.text();
  if (!response.ok || text.includes('"code":"')) throw new Error(`${response.status}: ${text.slice(0, 500)}`);
  return text;
}

/** Statements as NDJSON batches of `size`. */
export function batches(statements: string[], size: number): string[] {
  const out: string[] = [];
  for (let i = 0; i < statements.length; i += size) out.push(statements.slice(i, i + size).join('\n'));
  return out;
}
