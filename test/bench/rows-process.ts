// Hashes one file with its rows, and says how long that took and how much memory.
import { statSync } from 'node:fs';
import { hashContent } from '../../client/cli/content/hash-content.ts';
import { SpoolFolder } from '../../client/cli/content/spool.ts';
import type { RowsRun } from './rows.ts';

const location = process.argv[2] as string;
using folder = new SpoolFolder();
const start = performance.now();
const [hashed] = await hashContent([{ path: location, location, bytes: statSync(location).size }], folder);
const seconds = (performance.now() - start) / 1000;
const run: RowsRun = { rows: hashed?.rows?.count ?? 0, seconds, peak: process.resourceUsage().maxRSS * 1024 };
process.stdout.write(`${JSON.stringify(run)}\n`);
