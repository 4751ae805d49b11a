import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';

/** One line of the bench's table: what was measured, and what it is measured against. */
export function line(what: string, figure: string, against = ''): void {
  process.stdout.write(`${what.padEnd(58)} ${figure.padStart(16)}   ${against}\n`);
}

export const perSecond = (n: number): string => `${Math.round(n).toLocaleString('en')}/s`;
export const percent = (share: number): string => `${Math.round(share * 100)} %`;
export const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

export const machine = (): string =>
  `${cpus().length} cores, ${cpus()[0]?.model.trim() ?? 'unknown'}, Node ${process.versions.node}, ${process.platform}`;

/** The median of several runs, in milliseconds. */
export async function medianMs(runs: number, work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return median(times);
}

/** The medians of two works that take turns, in milliseconds: whatever else the machine does, it does to both. */
export async function mediansMs(
  runs: number,
  one: () => Promise<unknown>,
  other: () => Promise<unknown>,
): Promise<[one: number, other: number]> {
  const times: [number, number][] = [];
  for (let i = 0; i < runs; i++) times.push([await medianMs(1, one), await medianMs(1, other)]);
  return [median(times.map(([each]) => each)), median(times.map(([, each]) => each))];
}

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** Until what was just written is on disk: it is not to be written out while something is timed. */
export const settleDisk = (): Buffer => execFileSync('sync');
