import { lstat, statfs } from 'node:fs/promises';
import { resolve } from 'node:path';

/** Milliseconds for which a file must have been left alone: a page that a process has mapped is written unseen till then. */
const SETTLED = 60_000;

/**
 * Magic numbers (statfs(2)) of the file systems that set a file's ctime themselves with every write: ext, XFS, Btrfs, F2FS,
 * ZFS, bcachefs, and overlays on those. Not tmpfs, where a mapped file changes without it; nor what a server or a program
 * answers for, which may say anything.
 */
const HONEST: ReadonlySet<number> = new Set([
  0xef53, 0x58465342, 0x9123683e, 0xf2f52010, 0x2fc12fc1, 0xca451a4e, 0x794c7630,
]);

/** Whether the times of the files there can be relied on. */
export async function isOnHonestDisk(location: string): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  return statfs(location).then(
    ({ type }) => HONEST.has(type),
    () => false,
  );
}

/**
 * What tells that a file is as it was: where it is, which one, how long, and when it was last changed. Nobody sets a ctime
 * but the system. Null where it is no regular file, or changed so lately that a later change might not show.
 */
export async function identify(location: string, now: number): Promise<string | null> {
  const stat = await lstat(location, { bigint: true }).catch(() => null);
  if (stat?.isFile() !== true) return null;
  const changed = stat.mtimeMs > stat.ctimeMs ? stat.mtimeMs : stat.ctimeMs;
  if (Number(changed) > now - SETTLED) return null;
  return JSON.stringify([
    resolve(location),
    ...[stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].map(String),
  ]);
}
