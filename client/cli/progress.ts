import { SingleBar } from 'cli-progress';
import type { Cli } from './context.ts';

/** A progress bar on stderr where somebody watches, else null. `{names}` after the time left are of a payload. */
export function progressBar(cli: Pick<Cli, 'out'>, doing: string, total: number, after = ''): SingleBar | null {
  if (cli.out.stderr.isTTY !== true || cli.out.json || total === 0) return null;
  const bar = new SingleBar({
    format: `${doing} {bar} {percentage}% | {eta}s left${after}`,
    stream: cli.out.stderr,
    clearOnComplete: true,
    hideCursor: true,
  });
  bar.start(total, 0, { speed: '' });
  return bar;
}

/** A bar over bytes that says how fast they go, and the rows in them. */
export interface SpeedBar {
  add(bytes: number, rows: number): void;
  stop(): void;
}

export function speedBar(cli: Pick<Cli, 'out' | 'now'>, doing: string, total: number): SpeedBar | null {
  const bar = progressBar(cli, doing, total, '{speed}');
  if (bar === null) return null;
  const began = cli.now();
  let [allBytes, allRows] = [0, 0];
  return {
    add(bytes, rows) {
      allBytes += bytes;
      allRows += rows;
      bar.increment(bytes, { speed: speedOf(allBytes, allRows, cli.now() - began) });
    },
    stop: () => bar.stop(),
  };
}

/** ` | 210 MB/s | 510,000 rows/s`, on average since it began; nothing before there is an average. */
export function speedOf(bytes: number, rows: number, milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 0.5) return '';
  const megabytes = ` | ${(bytes / 1e6 / seconds).toFixed(1)} MB/s`;
  return rows === 0 ? megabytes : `${megabytes} | ${Math.round(rows / seconds).toLocaleString('en')} rows/s`;
}
