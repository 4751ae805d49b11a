import { sweepErasedBlobs } from './content/sweep.ts';
import type { Deps } from './deps.ts';
import { sweepPermits } from './rights/sweep.ts';
import { refreshStatusLists } from './status/refresh.ts';

/** Milliseconds between two runs; wrangler.toml says the same. */
export const MAINTENANCE = 5 * 60_000;

/** What a registry does on a schedule. Nothing of it fails the rest, and the next run makes up for what failed. */
export async function maintain(deps: Deps): Promise<void> {
  const tasks = {
    'status-lists': async () => void (await refreshStatusLists(deps)),
    'erased-blobs': async () => {
      const count = await sweepErasedBlobs(deps);
      if (count > 0) deps.log({ event: 'blobs-deleted', count });
    },
    permits: () => sweepPermits(deps.database),
    'content-index': () => deps.indexer.wake(),
  };
  for (const [task, run] of Object.entries(tasks)) {
    try {
      await run();
    } catch (error) {
      deps.log({ event: 'maintenance-failed', task, message: error instanceof Error ? error.message : '' });
    }
  }
}
