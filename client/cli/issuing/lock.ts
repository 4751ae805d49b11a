import { readFile, rm } from 'node:fs/promises';
import { CliError } from '../cli-error.ts';
import { createDurably } from '../durable-file.ts';

/** Takes a lock that one living process can have; answers how to give it back. One that died leaves it to others. */
export async function takeLock(file: string): Promise<() => Promise<void>> {
  while (!(await createDurably(file, String(process.pid), { mode: 0o600 }))) {
    const holder = Number(await readFile(file, 'utf8').catch(() => ''));
    if (isAlive(holder)) {
      throw new CliError(
        'conflict',
        `process ${holder} is issuing with this key already`,
        `wait until it is done; if another program got its number, delete ${file}`,
      );
    }
    await rm(file, { force: true });
  }
  return () => rm(file, { force: true });
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
