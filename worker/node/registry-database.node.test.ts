import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { assemble } from '../../test/faults/cast.ts';
import { ORIGIN } from '../../test/support/deps.ts';
import type { StatementId } from '../../schemas/primitives.ts';
import { loadKeyFile } from './key-file.ts';
import { openRegistryDatabase, type RegistryDatabase } from './registry-database.ts';

async function openLog() {
  const folder = mkdtempSync(join(tmpdir(), 'firsthand-log-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const keyFile = join(folder, 'log.json');
  await loadKeyFile(keyFile, 'log', true);
  const sizes: number[] = [];
  const database = openRegistryDatabase(folder, { grew: (size) => void sizes.push(size), report: () => {} });
  onTestFinished(() => database.close());
  return { database, keyFile, sizes };
}

const refusedWith = (code: string, outcomes: readonly unknown[]) =>
  expect(outcomes).toMatchObject(outcomes.map(() => ({ ok: false, reason: { code } })));

test('what comes in one turn is one commit, and everyone hears of their own', async () => {
  const { database, keyFile, sizes } = await openLog();
  const cast = await assemble();
  const { append } = database.sequence({ origin: ORIGIN, keyFile });
  for (const each of cast.opening) expect(await append([each])).toMatchObject([{ ok: true }]);
  const groups = [await cast.several(2), await cast.several(1), await cast.several(3)];
  const [first = []] = groups;
  const answers = await Promise.all([...groups, first].map(append));
  expect(answers.flat().map((outcome) => outcome.ok && outcome.value.index)).toEqual([3, 4, 5, 6, 7, 8, 3, 4]);
  expect(answers.at(-1)).toMatchObject([{ value: { isNew: false } }, { value: { isNew: false } }]);
  expect(sizes.at(-1)).toBe(9);
  expect(sizes.slice(-2)).not.toContain(6);
});

test('what would wait too long is refused', async () => {
  const { database, keyFile } = await openLog();
  const { append } = database.sequence({ origin: ORIGIN, keyFile });
  const message = { id: 'sha256:00' as StatementId, canonical: '{"type":[]}' };
  refusedWith('overloaded', await append(Array.from({ length: 20_001 }, () => message)));
  refusedWith('overloaded', await append([{ ...message, canonical: 'x'.repeat(64 * 1024 * 1024 + 1) }]));
});

test.each<[string, (database: RegistryDatabase) => unknown, string]>([
  ['was closed', (database) => database.close(), 'log.json'],
  ['is closed at once', (database) => void database.close(), 'log.json'],
  ['died, as the key is not there', () => {}, 'lost.json'],
])('nobody waits for a log whose thread %s', async (_, end, name) => {
  const { database, keyFile } = await openLog();
  const [statement] = (await assemble()).opening;
  const { append } = database.sequence({ origin: ORIGIN, keyFile: join(keyFile, '..', name) });
  await end(database);
  const meanwhile = append(statement === undefined ? [] : [statement]);
  refusedWith('unavailable', await meanwhile);
});
