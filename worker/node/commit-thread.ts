// Owns the connection that writes: a commit waits for the disk here, while requests are answered over there.
import { workerData } from 'node:worker_threads';
import { serveWrites } from './serve-writes.ts';
import { openSqlite } from './sqlite.ts';
import type { ThreadData } from './threaded-sqlite.ts';

const { file, migrations } = workerData as ThreadData;
serveWrites(openSqlite(file, migrations));
