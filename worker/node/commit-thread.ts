// Owns the connection that writes: a commit waits for the disk here, while requests are answered over there.
import { workerData } from 'node:worker_threads';
import { serveWrites } from './serve-writes.ts';
import { openSqlite } from './sqlite.ts';
import type { ThreadData } from './threaded-sqlite.ts';

const { file, migrations } = workerData as ThreadData;
// A commit that splits a page makes SQLite go through all that it holds in memory: little more than what leads to the
// leaves of the indexes is less than what that costs a small commit.
serveWrites(openSqlite(file, migrations, { cache: 16 }));
