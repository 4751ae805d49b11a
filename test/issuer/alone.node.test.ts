import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { IssuerClient } from '../../client/issuer-client.ts';
import { ended, startFirsthand } from '../../client/cli/testing/processes.ts';
import { signerOf } from '../support/statements.ts';

const YAML = `name: Campus
providers:
  - name: campus
    title: Campus login
    issuer: https://login.example
    clientId: firsthand
    rules:
      - { when: {}, framework: oidc, level: verified-login, method: campus }
`;

test('the issuer app runs with no registry beside it, and stops cleanly', async () => {
  const home = mkdtempSync(join(tmpdir(), 'firsthand-issuer-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  writeFileSync(join(home, 'issuer.yaml'), YAML);
  const child = startFirsthand(home, ['issuer', 'serve', 'issuer.yaml', '--data', 'own', '--port', '0', '--json']);
  const end = ended(child);
  const line = await new Promise<string>((resolve) => {
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).once('line', resolve);
    void end.then(({ stderr }) => resolve(stderr));
  });
  const { issuer } = JSON.parse(line) as { issuer: { url: string; did: string } };
  const client = new IssuerClient({ url: issuer.url });
  expect(await client.describe()).toMatchObject({ did: issuer.did, name: 'Campus' });
  const enrolment = await client.begin(await signerOf('ada'));
  expect(await client.status(enrolment)).toEqual({ status: 'waiting' });
  expect((await fetch(enrolment.page)).status).toBe(200);
  expect((await fetch(`${issuer.url}/v1/datasets`)).status).toBe(404);
  child.kill('SIGTERM');
  expect((await end).code).toBe(0);
  expect(readdirSync(join(home, 'own')).toSorted()).toEqual(['issuer.sqlite', 'keys']);
});
