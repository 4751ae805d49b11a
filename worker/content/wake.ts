import type { Deps } from '../deps.ts';

/** Has the indexer go on. What is logged or stored stays so where it cannot be woken: maintenance wakes it, too. */
export async function wakeIndexer({ indexer, log }: Pick<Deps, 'indexer' | 'log'>): Promise<void> {
  try {
    await indexer.wake();
  } catch (error) {
    log({ event: 'indexer-not-woken', message: error instanceof Error ? error.message : '' });
  }
}
