import { expect, test, vi } from 'vitest';
import { registry } from '../test/support/log.ts';
import { drafts, idOf, signed } from '../test/support/statements.ts';
import { Evidence, type Logged, type Present } from './evidence.ts';
import { signingCredentials, standingAt } from './standing.ts';
import type { ParsedStatement } from './statement.ts';

test('each statement’s revocations are gone through once, however many records rest on it', async () => {
  const { log, operator, bob, accreditation, credential } = await registry();
  const statement = await signed(drafts.record(bob.did, 'rows'), bob);
  const template = log.statements[credential.index] as ParsedStatement<'HumanCredential'>;
  const count = 1500;
  const logged = log.logged();
  const add = (name: string, kind: Logged['kind'], document: Logged['document']): Logged => {
    const each: Logged = {
      id: idOf(`${name} ${logged.length}`),
      kind,
      index: logged.length,
      loggedAt: log.now,
      document,
    };
    logged.push(each);
    return each;
  };
  const revocation = await signed(drafts.revocation(accreditation.id), bob);
  for (let i = 0; i < count; i++) add('revocation', 'Revocation', revocation.document);
  const credentialSubject = { ...template.document.credentialSubject, id: bob.did };
  for (let i = 0; i < count; i++) add('credential', 'HumanCredential', { ...template.document, credentialSubject });
  const records = Array.from({ length: count }, () => add('record', 'DatasetRecord', statement.document) as Present);
  const evidence = new Evidence(operator.did, logged);
  const revocations = vi.spyOn(evidence, 'revocationsOf');
  for (const record of records) {
    expect(standingAt(evidence, record, log.now).state).toBe('active');
    if (record === records[0]) expect(signingCredentials(evidence, record, log.now).length).toBe(count);
  }
  expect(revocations.mock.calls.length, 'once for each statement').toBeLessThan(logged.length);
});

test('revocations and successors come in log order, however the evidence was gathered', async () => {
  const { log, operator, alice } = await registry();
  const record = log.append(await signed(drafts.record(alice.did, 'v1'), alice));
  for (const version of ['2', '3']) {
    log.append(await signed(drafts.record(alice.did, 'v1', { version, replaces: record.id }), alice));
  }
  log.append(await signed(drafts.revocation(record.id), alice));
  log.append(await signed(drafts.revocation(record.id), operator));
  const evidence = new Evidence(operator.did, log.logged().toReversed());
  expect(evidence.successorsOf(record.id).map(({ index }) => index)).toEqual([5, 6]);
  expect(evidence.revocationsOf(record.id).map(({ index }) => index)).toEqual([7, 8]);
});
