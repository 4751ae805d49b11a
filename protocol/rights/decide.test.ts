import { expect, test } from 'vitest';
import { limits } from '../../schemas/limits.ts';
import type { StatementId } from '../../schemas/primitives.ts';
import type { RightsRule } from '../../schemas/rights-rule.ts';
import { registry } from '../../test/support/log.ts';
import { drafts, idOf, signed } from '../../test/support/statements.ts';
import { Evidence, type Logged, type Present } from '../evidence.ts';
import { decide } from './decide.ts';

/** A log with a free record and a composition of it, as evidence that a test may change. */
async function world() {
  const { log, alice, bob, operator } = await registry();
  const free = { holder: alice.did, license: 'CC0-1.0' };
  const part = log.append(await signed(drafts.record(alice.did, 'part', { rights: free }), alice));
  const whole = log.append(await signed(drafts.composition(alice.did, [part.id], { rights: free }), alice));
  const ask = (of: Logged[], record: StatementId = whole.id) =>
    decide(new Evidence(operator.did, of), { record, use: 'train', licensee: bob.did }, log.now);
  return { log, alice, bob, operator, part, whole, statements: () => log.logged(), ask };
}

test('a part that is missing leaves the whole unknown, and says which', async () => {
  const { part, statements, ask } = await world();
  expect(ask(statements())).toMatchObject({ decision: 'allow', limitedBy: null });
  expect(ask(statements().filter(({ id }) => id !== part.id))).toMatchObject({
    decision: 'unknown',
    limitedBy: { record: part.id, source: 'lineage', reason: `the lineage cannot be followed: ${part.id} is missing` },
  });
});

test('a record that is not there at all is unknown, and a cycle ends', async () => {
  const { part, whole, statements, ask } = await world();
  expect(ask(statements(), idOf('nothing'))).toMatchObject({ decision: 'unknown', limitedBy: { source: 'lineage' } });
  const cyclic = statements().map((logged): Logged => {
    if (logged.id !== part.id) return logged;
    const document = structuredClone(logged.document) as Present<'DatasetRecord'>['document'];
    document.credentialSubject.parts = [whole.id];
    return { ...logged, document };
  });
  expect(ask(cyclic)).toMatchObject({ decision: 'unknown', limitedBy: { source: 'lineage' } });
});

test('more rules than can be weighed are no permit', async () => {
  const { log, alice, bob, part, statements, ask } = await world();
  const rules = Array.from({ length: 64 }, (): RightsRule => ({ effect: 'permit', uses: ['train'] }));
  const grants = limits.rightsRules / rules.length;
  for (let i = 0; i < grants; i++) {
    log.append(await signed(drafts.grant(bob.did, part.id, { rules, reference: `${i}` }), alice));
  }
  expect(ask(statements(), part.id).decision).toBe('allow');
  log.append(await signed(drafts.grant(bob.did, part.id, { rules, reference: 'one too many' }), alice));
  expect(ask(statements(), part.id)).toMatchObject({
    decision: 'deny',
    limitedBy: { reason: 'more than 1024 rules speak for this record: too many to be weighed' },
  });
});

/** Rules of which each asks for another few countries: a request over many countries falls into as many parts. */
const scattered = (countries: readonly string[]): RightsRule[] =>
  countries.flatMap((country) => [
    { effect: 'permit', uses: ['train.pretrain'], purpose: 'research', territory: { include: [country] } },
    { effect: 'permit', uses: ['train'], modelRelease: 'internal', territory: { exclude: [country] } },
  ]);

test('a lineage that cannot be weighed in bounded time is no permit, and costs no more than was given', async () => {
  const { log, alice, operator, statements } = await world();
  const territory = ['DE', 'FR', 'IT', 'ES', 'PT', 'PL', 'SE', 'FI', 'DK', 'NO', 'AT', 'BE', 'NL', 'LU', 'IE', 'GR'];
  const rights = { holder: alice.did, license: 'CC0-1.0', rules: scattered(territory) };
  const parts: StatementId[] = [];
  for (let i = 0; i < 5; i++) {
    parts.push(log.append(await signed(drafts.record(alice.did, `part ${i}`, { rights }), alice)).id);
  }
  const { id: record } = log.append(await signed(drafts.composition(alice.did, parts), alice));
  const evidence = new Evidence(operator.did, statements());
  const given = { left: 1_000_000 };
  expect(decide(evidence, { record, use: 'train', territory }, log.now, given).decision).toBe('conditional');
  const spent = 1_000_000 - given.left;
  expect(spent).toBeGreaterThan(10_000);
  const scarce = { left: Math.floor(spent / 2) };
  expect(decide(evidence, { record, use: 'train', territory }, log.now, scarce)).toMatchObject({
    decision: 'deny',
    because: [{ effect: 'none', reason: 'the lineage and its rules are more than can be weighed in one go' }],
  });
  expect(scarce.left).toBeLessThan(0);
});

test('licences that nobody knows are many, and none is looked up before it is to be named', async () => {
  const { log, alice, operator, statements } = await world();
  const parts: StatementId[] = [];
  for (let i = 0; i < 300; i++) {
    const license = Array.from({ length: 32 }, (_, word) => `Kreative-Commas-${i}-${word}-Shareallike`).join(' AND ');
    const rights = { holder: alice.did, license: license.slice(0, 500).trim() };
    parts.push(log.append(await signed(drafts.record(alice.did, `part ${i}`, { rights }), alice)).id);
  }
  const { id: record } = log.append(await signed(drafts.composition(alice.did, parts), alice));
  const answer = decide(new Evidence(operator.did, statements()), { record, use: 'train' }, log.now);
  expect(answer).toMatchObject({ decision: 'unknown', unlisted: 250 });
});

test('a grant by somebody else than the holder is none', async () => {
  const { log, alice, bob, statements, ask } = await world();
  const closed = { holder: alice.did, license: 'OFL-1.1' };
  const record = log.append(await signed(drafts.record(alice.did, 'closed', { rights: closed }), alice));
  log.append(await signed(drafts.grant(bob.did, record.id), bob));
  const answer = ask(statements(), record.id);
  expect(answer.decision).toBe('unknown');
  expect(answer.because.at(-1)?.reason).toContain('a grant to the licensee is untrusted: a grant is signed by');
});

test('a record’s rules are not read anew for each question', async () => {
  const { operator, part, statements } = await world();
  let read = 0;
  const rule: RightsRule = { effect: 'permit', uses: ['train'] };
  const evidence = new Evidence(
    operator.did,
    statements().map((logged): Logged => {
      if (logged.id !== part.id) return logged;
      const document = structuredClone(logged.document) as Present<'DatasetRecord'>['document'];
      document.credentialSubject.rights.rules = [Object.assign(rule, { toJSON: () => ({ ...rule, read: ++read }) })];
      return { ...logged, document };
    }),
  );
  const ask = () => decide(evidence, { record: part.id, use: 'train' }, Date.now()).decision;
  expect(ask()).toBe('allow');
  const first = read;
  for (let i = 0; i < 3; i++) ask();
  expect(read).toBe(first);
});
