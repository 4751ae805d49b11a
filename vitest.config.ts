import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';

// Files named *.node.test.ts need Node (files, processes, better-sqlite3) and *.workerd.test.ts need workerd (D1, R2,
// Durable Objects). Everything else runs in both: the shared code must behave alike wherever it runs.
const both = ['{schemas,protocol,worker,client,test}/**/*.test.ts'];

/** A secret for tests: 32 equal bytes. */
const secret = (byte: number): string => Buffer.alloc(32, byte).toString('base64');

export default defineConfig({
  test: {
    // The Worker logs every request; what a failed test logged is shown.
    silent: 'passed-only',
    // Every core: the suites that wait (for processes, for the disk) leave room for those that compute.
    maxWorkers: '100%',
    // A worker runs file after file. Storage is therefore a worker's: whoever needs it empty empties it first.
    isolate: false,
    projects: [
      {
        test: {
          name: 'node',
          // Compiled modules, shared by the threads and processes that suites start.
          env: { NODE_COMPILE_CACHE: join(tmpdir(), 'firsthand-compile-cache') },
          include: both,
          setupFiles: ['test/support/equal-bytes.ts'],
          exclude: ['**/*.workerd.test.ts', '**/node_modules/**'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        plugins: [
          cloudflareTest(async () => ({
            wrangler: { configPath: './wrangler.toml' },
            miniflare: {
              d1Databases: ['ISSUER_DB'],
              bindings: {
                ISSUER_CONFIG: JSON.stringify({
                  name: 'Issuer under test',
                  url: 'https://registry.example/issuer',
                  providers: [
                    {
                      name: 'example',
                      title: 'Example',
                      issuer: 'https://login.example',
                      clientId: 'firsthand',
                      rules: [{ when: {}, framework: 'oidc', level: 'verified-login', method: 'example' }],
                    },
                  ],
                }),
                ISSUER_KEY: secret(4),
                ISSUER_NULLIFIER_KEY: secret(5),
                LOG_KEY: secret(1),
                SERVICE_KEY: secret(2),
                OPERATOR_KEY: secret(3),
                MIGRATIONS: {
                  registry: await readD1Migrations('migrations/registry'),
                  contentIndex: await readD1Migrations('migrations/content-index'),
                  issuer: await readD1Migrations('migrations/issuer'),
                },
              },
            },
          })),
        ],
        test: {
          name: 'workerd',
          include: both,
          setupFiles: ['test/support/equal-bytes.ts', 'test/support/fewer-runs.ts'],
          // In one file of its own: taken apart, as all else is in there, noble hashes at a tenth of its speed.
          deps: { optimizer: { ssr: { enabled: true, include: ['@noble/hashes/sha2.js'] } } },
          exclude: ['**/*.node.test.ts', '**/node_modules/**'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
