import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { CliError } from '../cli-error.ts';
import { createDurably } from '../durable-file.ts';

/** Takes a lock that one living process can have; answers how to give it back. One that died leaves it to others. */
export async function takeLock(file: string): Promise<() => Promise<void>> {
  const mine = `${process.pid} ${randomUUID()}`;
  while (!(await createDurably(file, mine, { mode: 0o600 }))) {
    const held = await readHeld(file);
    // Given back just now.
    if (held === null) continue;
    const [, pid, name = 'unnamed'] = /^(\d{1,10}) ([0-9a-f-]{36})$/.exec(held) ?? [];
    if (isAlive(Number(pid))) {
      throw new CliError(
        'conflict',
        `process ${pid} is issuing with this key already`,
        `wait until it is done; if another program got its number, delete ${file}`,
      );
    }
    // Of all that find it dead, one clears it away: whoever has the lock on that, which bears the name of the dead one.
    // The next to have it finds another lock in its place, and leaves that alone.
    const release = await takeLock(`${file}.${name}`);
    try {
      if ((await readHeld(file)) === held) await rm(file);
    } finally {
      await release();
    }
  }
  return () => rm(file, { force: true });
}

async function readHeld(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
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
