// Owns the connection that writes: a commit waits for the disk here, while requests are answered over there.
import { parentPort, workerData } from 'node:worker_threads';
import type { CompiledQuery } from 'kysely';
import type { BatchResult, ThreadData } from './threaded-sqlite.ts';
import { openSqlite } from './sqlite.ts';

const { file, migrations } = workerData as ThreadData;
const database = openSqlite(file, migrations);

parentPort?.on('message', (queries: CompiledQuery[] | 'close') => {
  if (queries === 'close') {
    database.close();
    parentPort?.close();
    return;
  }
  void database.batch(queries).then(
    (rows) => parentPort?.postMessage({ rows } satisfies BatchResult),
    (error: Error) => parentPort?.postMessage({ failure: error.message } satisfies BatchResult),
  );
});
