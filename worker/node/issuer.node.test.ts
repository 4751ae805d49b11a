import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect, onTestFinished, test, vi } from 'vitest';
import { IssuerConfig } from '../../schemas/issuer-config.ts';
import { openIssuer } from './issuer.ts';

const config = IssuerConfig.parse({
  name: 'Campus',
  providers: [
    {
      name: 'campus',
      title: 'Campus login',
      issuer: 'https://login.example',
      clientId: 'firsthand',
      rules: [{ when: {}, framework: 'oidc', level: 'verified-login', method: 'campus' }],
    },
  ],
});

test('a sweep that fails is logged, and ends nothing', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const dataDir = mkdtempSync(join(tmpdir(), 'firsthand-issuer-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  const logged = Promise.withResolvers<object>();
  const defaultUrl = 'http://127.0.0.1:8787/issuer';
  const issuer = await openIssuer({ config, secrets: {} }, { dataDir, defaultUrl, log: logged.resolve });
  onTestFinished(() => issuer.close());
  const other = new Sqlite(join(dataDir, 'issuer.sqlite'));
  other.exec('ALTER TABLE enrolments RENAME TO gone');
  other.close();
  vi.advanceTimersByTime(60_000);
  expect(await logged.promise).toMatchObject({ event: 'sweep-failed', message: expect.stringContaining('enrolments') });
});
