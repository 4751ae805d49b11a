import { DurableObject } from 'cloudflare:workers';
import type { Did } from '../../schemas/primitives.ts';
import type { SubmissionMessage } from '../admission/admit.ts';
import { createWaitingRoom } from '../changes/growth.ts';
import { ensureIdentity } from '../log/identity.ts';
import { loadLog } from '../log/log-state.ts';
import { createSequencer, type Outcome, type Sequencer } from '../log/sequencer.ts';
import { keysOf, type Bindings, type RemoteSequencer } from './bindings.ts';
import { createD1 } from './d1.ts';

/**
 * The one place where a log's commits are made. Its state is a cache of the database: a second instance, which the
 * platform may start while the first still runs, loses the race for the next checkpoint and reloads.
 */
export class SequencerObject extends DurableObject<Bindings> implements RemoteSequencer {
  readonly #growth = createWaitingRoom();
  #opened: Promise<{ sequencer: Sequencer; operator: Did }> | null = null;

  async append(messages: readonly SubmissionMessage[]): Promise<Outcome[]> {
    const { sequencer } = await this.#open();
    return sequencer.append(messages);
  }

  async operator(): Promise<Did> {
    return (await this.#open()).operator;
  }

  async beyond(size: number, ms: number): Promise<void> {
    await this.#open();
    await this.#growth.beyond(size, ms);
  }

  #open(): Promise<{ sequencer: Sequencer; operator: Did }> {
    this.#opened ??= this.#start().catch((error: unknown) => {
      this.#opened = null;
      throw error;
    });
    return this.#opened;
  }

  async #start(): Promise<{ sequencer: Sequencer; operator: Did }> {
    const keys = await keysOf(this.env);
    const database = createD1(this.env.DB);
    // A log that does not add up, or is another's, is refused before anything is judged by it.
    const { range } = await loadLog(database, this.env.LOG_ORIGIN, keys.log.publicKey);
    this.#growth.grew(range.size);
    const sequencer = createSequencer({
      database,
      origin: this.env.LOG_ORIGIN,
      signer: keys.log,
      now: Date.now,
      grew: (size) => this.#growth.grew(size),
      report: (event, message) => console.warn(JSON.stringify({ event, message })),
    });
    const identity = { operator: keys.operator, service: keys.service.did };
    return {
      sequencer,
      operator: await ensureIdentity(database, sequencer, identity, 'Firsthand registry', Date.now()),
    };
  }
}
