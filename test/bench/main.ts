// `npm run bench [-- part …]`: figures of one run, to be compared with each other and not across machines.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { benchAttest } from './attest.ts';
import { benchCertificate } from './certificate.ts';
import { benchHashing } from './hashing.ts';
import { benchMix } from './mix.ts';
import { benchImpact } from './impact.ts';
import { benchIndex } from './index.ts';
import { benchPeople } from './people.ts';
import { benchPermitted } from './permitted.ts';
import { machine } from './report.ts';
import { benchRights, benchWorlds } from './rights.ts';
import { benchRows } from './rows.ts';
import { benchMemory, benchSubmit } from './submit.ts';

const PARTS: Record<string, () => Promise<void>> = {
  submit: () => benchSubmit(30_000),
  attest: () => benchAttest(10_000),
  certificate: benchCertificate,
  people: () => benchPeople(1_000_000),
  impact: () => benchImpact(1_000_000),
  rights: benchRights,
  permitted: () => benchPermitted(1_000, 100_000),
  worlds: () => benchWorlds(100_000),
  hashing: benchHashing,
  mix: benchMix,
  index: () => benchIndex(10_000_000),
  rows: () => benchRows(10e9),
  // Wrangler takes its time to load.
  workerd: async () => (await import('./workerd.ts')).benchWorkerd(6000),
  memory: () => benchMemory(200_000),
};

// As the command line does, for its threads and here for processes too.
process.env['NODE_COMPILE_CACHE'] ??= join(tmpdir(), 'firsthand-compile-cache');
const chosen = process.argv.slice(2);
const unknown = chosen.filter((part) => !(part in PARTS));
if (unknown.length > 0)
  throw new Error(`unknown part ${unknown.join(', ')}; there are ${Object.keys(PARTS).join(', ')}`);
process.stdout.write(`${machine()}\n`);
for (const [part, run] of Object.entries(PARTS)) if (chosen.length === 0 || chosen.includes(part)) await run();
