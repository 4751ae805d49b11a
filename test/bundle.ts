// Builds the Worker as it is deployed and holds its size to the budget.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const BUDGET = 300 * 1024;

const folder = mkdtempSync(join(tmpdir(), 'firsthand-bundle-'));
try {
  execFileSync('wrangler', ['deploy', '--dry-run', '--outdir', folder], { stdio: ['ignore', 'ignore', 'inherit'] });
  // The issuer app alone is a part of it: that it can be built is enough.
  const alone = ['deploy', '--dry-run', '-c', 'wrangler.issuer.toml', '--outdir', join(folder, 'issuer')];
  execFileSync('wrangler', alone, { stdio: ['ignore', 'ignore', 'inherit'] });
  const size = gzipSync(readFileSync(join(folder, 'main.js'))).length;
  process.stdout.write(`Worker bundle: ${(size / 1024).toFixed(0)} KiB gzipped, of ${BUDGET / 1024} allowed\n`);
  if (size > BUDGET) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
