import { startRegistry } from '../../worker/node/start.ts';

// A registry in a process of its own, to be killed: node registry-process.ts DATA_DIR. Prints where it is as JSON.

const registry = await startRegistry({
  dataDir: process.argv[2] as string,
  host: '127.0.0.1',
  port: 0,
  rateLimit: 10_000_000,
  log: (line) => console.error(line),
});
const { url, vkey, operatorKeyFile } = registry;
console.log(JSON.stringify({ url, vkey, operatorKeyFile }));
// Whoever started it holds its standard input open: without them it ends.
process.stdin.on('end', () => process.exit()).resume();
