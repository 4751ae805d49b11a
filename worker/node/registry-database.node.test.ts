import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { assemble } from '../../test/faults/cast.ts';
import { ORIGIN } from '../../test/support/deps.ts';
import type { ParsedStatement } from '../../protocol/statement.ts';
import { ok, refuse } from '../../protocol/result.ts';
import type { Outcome } from '../log/sequencer.ts';
import { loadKeyFile } from './key-file.ts';
import { openRegistryDatabase, type CheckedJob, type SequencedLog } from './registry-database.ts';

async function openLog({ rateLimit = 1_000, key = 'log.json' } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'firsthand-log-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  await loadKeyFile(join(folder, 'log.json'), 'log', true);
  const sizes: number[] = [];
  const database = openRegistryDatabase(folder, { grew: (size) => void sizes.push(size), report: () => {} });
  onTestFinished(() => database.close());
  const log: SequencedLog = { origin: ORIGIN, keyFile: join(folder, key), rateLimit };
  const callers: ((outcomes: Outcome[]) => void)[] = [];
  database.sequence(log, (ticket, outcomes) => callers[ticket]?.(outcomes));
  const checked = database.connect();
  onTestFinished(() => checked.close());
  /** Sends callers' statements, in one message. */
  const append = (...groups: (readonly (ParsedStatement | null)[])[]): Promise<Outcome[][]> => {
    const first = callers.length;
    const answers = groups.map(() => new Promise<Outcome[]>((settle) => callers.push(settle)));
    checked.postMessage(
      groups.map((statements, i): CheckedJob => ({ ticket: first + i, checked: statements.map(checkedAs) })),
    );
    return Promise.all(answers);
  };
  return { database, sizes, append };
}

/** What a thread that checks says of a good statement; null stands for one that is not JSON. */
const checkedAs = (statement: ParsedStatement | null): CheckedJob['checked'][number] =>
  statement === null
    ? refuse({ code: 'invalid-json', detail: '' })
    : ok({ id: statement.id, canonical: statement.canonical, issuer: statement.document.issuer });

test('what comes in one turn is one commit, and everyone hears of their own', async () => {
  const { sizes, append } = await openLog();
  const cast = await assemble();
  for (const each of cast.opening) expect(await append([each])).toMatchObject([[{ ok: true }]]);
  const groups = [await cast.several(2), await cast.several(1), await cast.several(3)];
  const [first = []] = groups;
  const answers = await append(...groups, first);
  expect(answers.flat().map((outcome) => outcome.ok && outcome.value.index)).toEqual([3, 4, 5, 6, 7, 8, 3, 4]);
  expect(answers.at(-1)).toMatchObject([{ value: { isNew: false } }, { value: { isNew: false } }]);
  expect(sizes.at(-1)).toBe(9);
  expect(sizes.slice(-2)).not.toContain(6);
});

test('of one turn each caller is held to its key’s rate, and hears in order of what was refused before', async () => {
  const { append } = await openLog({ rateLimit: 4 });
  const cast = await assemble();
  for (const each of cast.opening) expect(await append([each])).toMatchObject([[{ ok: true }]]);
  const [one, two, three] = [await cast.several(2), await cast.several(2), await cast.several(1)];
  const answers = await append(one, [null, ...two], [...three, null], one);
  expect(answers.map((outcomes) => outcomes.map((outcome) => outcome.ok || outcome.reason.code))).toEqual([
    [true, true],
    ['invalid-json', 'rate-limited', 'rate-limited'],
    [true, 'invalid-json'],
    // When it was asked, nothing of this turn was logged.
    ['rate-limited', 'rate-limited'],
  ]);
  expect(await append(one)).toMatchObject([[{ value: { isNew: false } }, { value: { isNew: false } }]]);
});

test('a thread that dies, as its key is not there, is heard of', async () => {
  const { database } = await openLog({ key: 'lost.json' });
  expect((await database.died).message).toMatch(/lost\.json/);
});
