import { logTimeOf } from '../../../protocol/time.ts';
import { backoff } from '../../backoff.ts';
import type { Cli } from '../context.ts';
import { text } from '../terminal.ts';
import type { WatchEvent } from './events.ts';

/** First pause while the registry is away, in milliseconds; it doubles to half a minute. */
const FIRST_PAUSE = 1000;
/** How long it may be silent before that is an event, and how often a note repeats it. */
const STALE = 5 * 60_000;

/** How long a registry has not been reached, and what is said of it. */
export class Absence {
  readonly #cli: Pick<Cli, 'now' | 'out'>;
  readonly #registry: string;
  readonly #emit: (event: WatchEvent) => void;
  #heard: number;
  #failures = 0;
  #notedAt = 0;
  #isStale = false;

  constructor(cli: Pick<Cli, 'now' | 'out'>, registry: string, emit: (event: WatchEvent) => void) {
    this.#cli = cli;
    this.#registry = registry;
    this.#emit = emit;
    this.#heard = cli.now();
  }

  /** Notes a failure, not every one of many; answers how long to wait, in milliseconds. */
  note(reason: string): number {
    const now = this.#cli.now();
    const since = logTimeOf(this.#heard);
    if (this.#failures === 0 || now - this.#notedAt >= STALE) {
      this.#notedAt = now;
      this.#cli.out.note(text`note: ${reason}; last heard from at ${since}; trying again`);
    }
    if (!this.#isStale && now - this.#heard >= STALE) {
      this.#isStale = true;
      this.#emit({ event: 'stale', registry: this.#registry, since, reason });
    }
    return backoff(++this.#failures, FIRST_PAUSE, 0.5 + Math.random() / 2);
  }

  end(): void {
    const since = logTimeOf(this.#heard);
    if (this.#isStale) this.#emit({ event: 'back', registry: this.#registry, since });
    else if (this.#failures > 0) this.#cli.out.note(text`note: ${this.#registry} answers again`);
    this.#failures = 0;
    this.#isStale = false;
    this.#heard = this.#cli.now();
  }
}
