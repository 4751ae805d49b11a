import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeDataset, firsthandProcess } from '../client/cli/testing/processes.ts';
import { fallsOf, linesOf, once, openWorld, type World } from './support/watching.ts';

// The real program, following a real registry.
let world: World;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

test('a revocation is told within 5 s, and nothing of those that are unrelated', async () => {
  const [first, second, other] = [await world.published(), await world.published(), await world.published()];
  const at = world.lab(first.folder, second.folder);
  const { end, begun } = world.watching(at, '.');
  await begun;
  await world.ada.do('revoke', other.id, '--reason', 'withdrawn');
  const { index } = await world.ada.do('revoke', second.id, '--reason', 'legal');
  const told = Date.now();
  const ran = await end;
  expect(Date.now() - told).toBeLessThan(5000);
  expect(ran.code).toBe(3);
  expect(fallsOf(ran)).toEqual([
    expect.objectContaining({
      certificate: `${second.folder}/.firsthand/certificate.json`,
      subject: second.id,
      statement: second.id,
      kind: 'DatasetRecord',
      because: expect.objectContaining({ reason: 'legal', index, invalidSince: null, isErased: false }) as object,
      verdict: 'fail',
      failed: [expect.objectContaining({ id: 'standing' })],
    }),
  ]);
});

test('what happened while nobody watched is caught up on, told once, and found again where it still fails', async () => {
  const [kept, lost] = [await world.published(), await world.published()];
  const at = world.lab(kept.folder);
  const certificate = join(world.home, lost.folder, '.firsthand/certificate.json');
  const saved = readFileSync(certificate, 'utf8');
  await world.published();
  const clean = await once(at, world.registry.url);
  expect(clean.code, clean.stderr).toBe(0);
  const size = Number(
    /\\n(\d+)\\n/.exec(readFileSync(join(at, kept.folder, '.firsthand/certificate.json'), 'utf8'))?.[1],
  );
  expect(linesOf(clean)[0]).toMatchObject({ event: 'watching', from: size, certificates: 1 });
  expect(linesOf(clean).at(-1)).toMatchObject({ event: 'done', falls: 0 });
  const again = linesOf(await once(at, world.registry.url));
  expect(again[0], 'takes up where it ended').toMatchObject({
    from: (linesOf(clean).at(-1) as { size: number }).size,
  });

  await world.ada.do('revoke', lost.id, '--reason', 'fraud');
  await world.published();
  writeFileSync(join(at, 'late.json'), saved);
  const late = await once(at, world.registry.url, 'late.json', kept.folder);
  expect(late.code).toBe(3);
  expect(fallsOf(late)).toMatchObject([{ certificate: 'late.json', because: { reason: 'fraud' }, verdict: 'fail' }]);
  const later = await once(at, world.registry.url, 'late.json');
  expect(later.code, 'it has not got up again').toBe(3);
  expect(fallsOf(later)).toMatchObject([{ statement: lost.id, verdict: 'fail' }]);
  expect((await once(at, world.registry.url, kept.folder)).code).toBe(0);
});

test('an erased record, an erased part, and a withdrawn part', async () => {
  const [own, part, withdrawn] = [await world.published(), await world.published(), await world.published()];
  for (const [name, id] of [
    ['erased', part.id],
    ['revoked', withdrawn.id],
  ] as const) {
    await describeDataset(world.ada, `of-${name}`, `Of ${name}`, '--part', id);
    await world.ada.do('publish', `of-${name}`);
  }
  const at = world.lab(own.folder, 'of-erased', 'of-revoked');
  await world.ada.do('revoke', own.id, '--reason', 'withdrawn', '--erase');
  await world.ada.do('revoke', part.id, '--reason', 'legal', '--erase');
  await world.ada.do('revoke', withdrawn.id, '--reason', 'withdrawn');
  const ran = await once(at, world.registry.url);
  expect(ran.code, ran.stderr).toBe(3);
  expect(
    fallsOf(ran).map(({ certificate, statement, because, verdict }) => [
      certificate,
      statement,
      because?.isErased,
      verdict,
    ]),
  ).toEqual(
    expect.arrayContaining([
      [`${own.folder}/.firsthand/certificate.json`, own.id, true, 'fail'],
      ['of-erased/.firsthand/certificate.json', part.id, true, 'fail'],
      ['of-revoked/.firsthand/certificate.json', withdrawn.id, false, 'fail'],
    ]),
  );
  expect(fallsOf(ran)).toHaveLength(3);
});

test('a new version is told, and is no fall; Ctrl-C ends with 130', async () => {
  const old = await world.published();
  const at = world.lab(old.folder);
  const yaml = join(world.home, old.folder, 'firsthand.yaml');
  writeFileSync(yaml, `${readFileSync(yaml, 'utf8')}replaces: ${old.id}\n`);
  const { child, end, begun, told } = world.watching(at, old.folder);
  await begun;
  const { id } = await world.ada.do('publish', old.folder);
  await Promise.race([told('superseded'), end]);
  child.kill('SIGINT');
  const ran = await end;
  expect(ran.code).toBe(130);
  expect(linesOf(ran).slice(1)).toMatchObject([{ event: 'superseded', statement: old.id, by: id }]);
});

test('says for people what fell and why, and names what it cannot use', async () => {
  const { folder, id } = await world.published();
  await world.ada.do('revoke', id, '--reason', 'withdrawn');
  const at = world.lab(folder);
  const shown = await firsthandProcess(at, ['watch', folder, '--once', '--registry', world.registry.url]);
  expect(shown.code).toBe(3);
  expect(shown.stdout).toMatch(
    new RegExp(`FALL {2}${folder}.*\\n +${id} \\(DatasetRecord\\)\\n +revoked: withdrawn, since .*\\n.*standing:`),
  );
  expect((await once(at, world.registry.url, 'nowhere')).code).toBe(5);
  mkdirSync(join(at, 'empty'));
  expect((await once(at, world.registry.url, 'empty')).stderr).toContain('no certificate in empty');
  const file = join(at, folder, '.firsthand/certificate.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace(`"name":"${folder}"`, '"name":"other"'));
  const damaged = await once(at, world.registry.url, folder);
  expect(damaged.code).toBe(3);
  expect(damaged.stderr).toContain('does not hold');
});
