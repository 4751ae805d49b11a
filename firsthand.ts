#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

// Compiled code is kept from run to run, which halves the time that a command takes to start; hence the imports below
// are dynamic. Where the folder cannot be written, nothing is kept and nothing breaks.
const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'firsthand');
enableCompileCache(cache);
// Threads, and the processes of the demo, know of it by the environment only.
process.env['NODE_COMPILE_CACHE'] ??= cache;

const { main } = await import('./client/cli/main.ts');
await main(process.argv, {
  // What runs a server is loaded only by the commands that do.
  startRegistry: async (options) => (await import('./worker/node/start.ts')).startRegistry(options),
  startIssuer: async (options) => (await import('./worker/node/start-issuer.ts')).startIssuer(options),
  openBans: async (dataDir) => (await import('./worker/node/issuer.ts')).openBans(dataDir),
});
