// Owns the connection that writes: a commit waits for the disk here, while requests are answered over there.
import { parentPort, workerData } from 'node:worker_threads';
import type { Write } from '../database/port.ts';
import type { BatchResult, ThreadData } from './threaded-sqlite.ts';
import { openSqlite } from './sqlite.ts';

const { file, migrations } = workerData as ThreadData;
const database = openSqlite(file, migrations);

parentPort?.on('message', (writes: Write[] | 'checkpoint' | 'close') => {
  if (writes === 'checkpoint') {
    try {
      database.checkpoint();
    } catch {
      // A full disk, say. The log stays as it is until the next time.
    }
    return;
  }
  if (writes === 'close') {
    database.close();
    parentPort?.close();
    return;
  }
  void database.batch(writes).then(
    () => parentPort?.postMessage(null satisfies BatchResult),
    (error: Error) => parentPort?.postMessage(error.message satisfies BatchResult),
  );
});
