import { SingleBar } from 'cli-progress';
import type { Cli } from './context.ts';

/** A progress bar on stderr where somebody watches, else null. */
export function progressBar(cli: Pick<Cli, 'out'>, doing: string, total: number): SingleBar | null {
  if (cli.out.stderr.isTTY !== true || cli.out.json || total === 0) return null;
  const bar = new SingleBar({
    format: `${doing} {bar} {percentage}% | {eta}s left`,
    stream: cli.out.stderr,
    clearOnComplete: true,
    hideCursor: true,
  });
  bar.start(total, 0);
  return bar;
}
