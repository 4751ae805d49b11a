import { rm } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { isAcknowledged, signerFrom, submitBatch, submitOne } from '../../test/support/http-registry.ts';
import { temporaryFolder } from '../../test/support/registry-node.ts';
import { drafts, signed, signerOf } from '../../test/support/statements.ts';
import { startRegistry } from './start.ts';

test('a registry starts, whatever rate it holds keys to, and holds them to it', async () => {
  const dataDir = await temporaryFolder();
  onTestFinished(() => rm(dataDir, { recursive: true }));
  const { url, operatorKeyFile, close } = await startRegistry({
    dataDir,
    host: '127.0.0.1',
    port: 0,
    rateLimit: 1,
    log: () => {},
  });
  onTestFinished(close);
  const operator = await signerFrom(operatorKeyFile);
  const accredit = async (person: string) => signed(drafts.identityIssuer((await signerOf(person)).did), operator);
  const [one, two] = [await accredit('one'), await accredit('two')];
  expect(await submitOne(url, one)).toMatchObject({ status: 201, index: 2 });
  const answers = await submitBatch(url, [two, one]);
  expect(answers.map((answer) => answer.code ?? isAcknowledged(answer))).toEqual(['rate-limited', true]);
});
