import type { Policy } from '../../../schemas/policy.ts';
import { NetworkError, RegistryError } from '../../errors.ts';
import type { Cli } from '../context.ts';
import { exitCodeOf } from '../failure.ts';
import { text } from '../terminal.ts';
import { connect, type Connection } from '../trust-store.ts';
import { Absence } from '../watch/absence.ts';
import { renderEvent, type WatchEvent } from '../watch/events.ts';
import { findCertificates } from '../watch/find-certificates.ts';
import { WatchSession } from '../watch/session.ts';
import { openWatched, type Watched } from '../watch/watched.ts';
import { readPolicy } from './verify.ts';

export interface WatchOptions {
  policy?: string;
  once?: boolean;
  keepGoing?: boolean;
}

/**
 * Follows the log for what saved certificates stand on. Ends at the first fall with 3, unless told to keep going; when
 * interrupted with 130. Whatever it hears is proven: see `Follower`.
 */
export async function watch(cli: Cli, paths: readonly string[], options: WatchOptions): Promise<number> {
  const policy = withoutContent(cli, await readPolicy(options));
  const saved = await findCertificates(paths.length === 0 ? ['.'] : paths);
  const stop = new AbortController();
  const release = cli.onStop(() => stop.abort());
  try {
    const connection = await connect(cli, {}, { signal: stop.signal });
    const watched: Watched[] = [];
    for (const certificate of saved) watched.push(await openWatched(certificate, connection.trust, policy));
    return await follow(cli, connection, policy, watched, options, stop.signal);
  } catch (error) {
    if (stop.signal.aborted) return exitCodeOf('interrupted');
    throw error;
  } finally {
    release();
  }
}

async function follow(
  cli: Cli,
  connection: Connection,
  policy: Policy,
  watched: readonly Watched[],
  options: WatchOptions,
  signal: AbortSignal,
): Promise<number> {
  const emit = (event: WatchEvent): void => cli.out.result(event, () => renderEvent(event, cli.out.style));
  const session = new WatchSession(cli, connection, policy, watched, { emit, signal });
  const isOver = (): boolean => session.falls > 0 && options.keepGoing !== true;
  const absence = new Absence(cli, connection.client.url, emit);
  while (!signal.aborted) {
    try {
      const isGrown = await session.advance();
      absence.end();
      if (options.once === true) {
        const { origin } = (watched[0] as Watched).head;
        emit({ event: 'done', origin, size: session.size, certificates: watched.length, falls: session.falls });
        return session.falls > 0 || session.isIndeterminate ? exitCodeOf('verification-failed') : 0;
      }
      if (isOver()) break;
      if (!isGrown) await session.wait();
    } catch (error) {
      if (signal.aborted || options.once === true || !isPassing(error)) throw error;
      const pause = absence.note(error.message);
      await session.judgeAlone();
      if (isOver()) break;
      await cli.sleep(pause, signal);
    }
  }
  return exitCodeOf(signal.aborted ? 'interrupted' : 'verification-failed');
}

/** What a certificate holds is judged here, not the files: nothing in a log changes those. */
function withoutContent(cli: Cli, { content, ...policy }: Policy): Policy {
  if (content !== undefined) {
    cli.out.note(text`note: watch reads no files, so it leaves the policy's "content" to firsthand verify`);
  }
  return policy;
}

/** A registry that is away for a while is no misbehaviour. */
const isPassing = (error: unknown): error is NetworkError | RegistryError =>
  error instanceof NetworkError || (error instanceof RegistryError && (error.status === 429 || error.status >= 500));
