import type { Deps } from '../deps.ts';
import { settleSome } from '../rights/settle.ts';
import { catchUpStep } from './catch-up.ts';
import { fillStep, type Filling } from './fill.ts';

/** Blocks of one step where a transaction is a request to a remote database: 8,192 rows. */
const REMOTE_BLOCKS = 2;

/** Does `steps` bounded steps of whatever the indices have pending; answers whether there may be more. */
export async function indexSome(
  deps: Pick<Deps, 'database' | 'blobs' | 'contentIndex'>,
  filling: Filling,
  steps: number,
): Promise<boolean> {
  for (let step = 0; step < steps; step++) {
    const isMore =
      (await settleSome(deps.database)) || (await catchUpStep(deps)) || (await fillStep(filling, REMOTE_BLOCKS));
    if (!isMore) return false;
  }
  return true;
}
