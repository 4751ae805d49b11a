// The Node registry as a process of its own: `node registry-process.ts <data dir>`; prints one JSON line when ready.
import { startRegistry } from '../../worker/node/start.ts';

const registry = await startRegistry({
  dataDir: process.argv[2] ?? '',
  port: 0,
  host: '127.0.0.1',
  rateLimit: 1e9,
  log: (line) => process.stderr.write(`${line}\n`),
});
const { url, operatorKeyFile } = registry;
process.stdout.write(`${JSON.stringify({ url, operatorKeyFile })}\n`);
process.on('message', (message) => {
  if (message === 'memory') process.send?.({ rss: process.memoryUsage.rss(), heap: process.memoryUsage().heapUsed });
});
process.on('SIGTERM', () => void registry.close().then(() => process.exit(0)));
