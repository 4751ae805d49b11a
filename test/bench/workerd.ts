import { prepareState, startWrangler } from '../support/wrangler-dev.ts';
import { batches, load, withFolder } from './child.ts';
import { line, perSecond } from './report.ts';
import { setUp } from './submit.ts';
import { createWorkload } from './workload.ts';

/** Submitting in batches to workerd and D1, as `wrangler dev` runs them on this machine. */
export async function benchWorkerd(statements: number): Promise<void> {
  await withFolder(async (folder) => {
    const state = await prepareState(folder);
    const { url, kill } = await startWrangler(state);
    try {
      const workload = await createWorkload(state.operator, 64, statements + 1000);
      await setUp(url, workload.setup);
      await load(url, 'application/x-ndjson', batches(workload.records.splice(0, 1000), 100), 8);
      const result = await load(url, 'application/x-ndjson', batches(workload.records, 100), 8);
      line('workerd + D1, batches of 100, 8 connections', perSecond(result.accepted / result.seconds));
    } finally {
      await kill();
    }
  });
}
