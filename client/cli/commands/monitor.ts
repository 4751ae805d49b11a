import { toBase64 } from '../../../protocol/bytes.ts';
import { durationMs } from '../../../protocol/time.ts';
import { Duration } from '../../../schemas/policy.ts';
import { NetworkError, RegistryError } from '../../errors.ts';
import type { Cli } from '../context.ts';
import { exitCodeOf } from '../failure.ts';
import { readFlag } from '../flags.ts';
import { keepHead } from '../log-head.ts';
import { text } from '../terminal.ts';
import { connect, type Connection } from '../trust-store.ts';

export interface MonitorOptions {
  once?: boolean;
  interval: string;
}

/** What a timer takes, in milliseconds; it does not wait at all for longer. */
const LONGEST_PAUSE = 2 ** 31 - 1;

const Interval = Duration.transform(durationMs).refine((ms) => ms <= LONGEST_PAUSE, '24d at most');

/**
 * Follows a log and checks that it only grows: each head must contain the last one seen, which is kept on disk. A log
 * that forked or went back ends the command, and both heads are kept: signed by the same key, they are the proof. Answers
 * the exit code: 130 where it is interrupted.
 */
export async function logMonitor(cli: Cli, options: MonitorOptions): Promise<number> {
  const interval = readFlag(Interval, options.interval, '--interval');
  const stop = new AbortController();
  const release = cli.onStop(() => stop.abort());
  try {
    const connection = await connect(cli, {}, { signal: stop.signal });
    if (options.once === true) {
      await checkOnce(cli, connection);
      return 0;
    }
    while (!stop.signal.aborted) {
      try {
        await checkOnce(cli, connection);
      } catch (error) {
        // A registry that is away for a while is no misbehaviour.
        const isPassing = error instanceof NetworkError || error instanceof RegistryError;
        if (!isPassing || stop.signal.aborted) throw error;
        cli.out.note(text`note: ${error.message}`);
      }
      await cli.sleep(interval, stop.signal);
    }
    return exitCodeOf('interrupted');
  } catch (error) {
    if (stop.signal.aborted && error instanceof NetworkError) return exitCodeOf('interrupted');
    throw error;
  } finally {
    release();
  }
}

async function checkOnce(cli: Cli, connection: Connection): Promise<void> {
  const { head, from } = await keepHead(cli, connection);
  cli.out.result({ origin: head.origin, from, size: head.size, root: toBase64(head.root), consistent: true }, () =>
    from === null
      ? text`${head.origin}: first head seen, size ${head.size}`
      : text`${head.origin}: consistent from size ${from} to ${head.size}`,
  );
}
