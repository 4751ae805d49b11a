import { describe, expect, test } from 'vitest';
import { HOUR, registry } from '../test/support/log.ts';
import { drafts, signed, signerOf } from '../test/support/statements.ts';
import { Evidence, type Logged } from './evidence.ts';
import type { MemoryLog } from '../test/support/log.ts';
import { signingCredentials, standingAt } from './standing.ts';
import { timestampOf } from './time.ts';
import type { Present } from './evidence.ts';
import type { ParsedStatement } from './statement.ts';

type Appended = ParsedStatement & { index: number };

/** What a log holds, as evidence; `erased` are indices whose body is gone. */
function evidenceOf(log: MemoryLog, erased: number[] = []): Evidence {
  const logged = log.statements.map((statement, index): Logged => ({
    id: statement.id,
    kind: statement.kind,
    index,
    loggedAt: Date.parse(log.entries[index]?.loggedAt as string),
    document: erased.includes(index) ? null : statement.document,
  }));
  const first = log.statements[0]?.document.issuer ?? null;
  return new Evidence(first, logged);
}

const standingOf = (log: MemoryLog, statement: Appended, at = log.now, erased: number[] = []) => {
  const evidence = evidenceOf(log, erased);
  return standingAt(evidence, evidence.get(statement.id) as Logged, at);
};
const stateOf = (log: MemoryLog, statement: Appended, at = log.now): string => standingOf(log, statement, at).state;

/** A registry with one record by Alice. */
async function withRecord() {
  const all = await registry();
  const record = all.log.append(await signed(drafts.record(all.alice.did, 'rows'), all.alice));
  return { ...all, record, loggedAt: all.log.now };
}

describe('a record', () => {
  test('is active from the moment it is logged', async () => {
    const { log, record, loggedAt } = await withRecord();
    expect(stateOf(log, record, loggedAt - 1)).toBe('pending');
    expect(standingOf(log, record, loggedAt)).toEqual({
      state: 'active',
      reason: 'active',
      because: null,
      supersededBy: null,
    });
  });

  test('is pending before validFrom and expired from validUntil on', async () => {
    const { log, alice } = await registry();
    const from = log.now + 10 * HOUR;
    const draft = {
      ...drafts.record(alice.did, 'later'),
      validFrom: timestampOf(from),
      validUntil: timestampOf(from + HOUR),
    };
    const record = log.append(await signed(draft, alice));
    const states = [from - 1, from, from + HOUR - 1, from + HOUR].map((at) => stateOf(log, record, at));
    expect(states).toEqual(['pending', 'active', 'active', 'expired']);
  });

  test('is revoked by its signer from the revocation on, not before', async () => {
    const { log, alice, record, loggedAt } = await withRecord();
    const revocation = log.append(await signed(drafts.revocation(record.id, { reason: 'fraud' }), alice));
    expect(stateOf(log, record, log.now - 1)).toBe('active');
    expect(stateOf(log, record, loggedAt)).toBe('active');
    expect(standingOf(log, record)).toMatchObject({ state: 'revoked', because: revocation.id });
    expect(standingOf(log, record).reason).toMatch(/fraud$/);
  });

  test('is revoked from its invalidSince on, though the log heard of it later', async () => {
    const { log, alice, record, loggedAt } = await withRecord();
    const since = loggedAt + HOUR / 2;
    const draft = drafts.revocation(record.id, { invalidSince: timestampOf(since) });
    const revocation = log.append(await signed(draft, alice));
    expect(stateOf(log, record, since - 1)).toBe('active');
    expect(standingOf(log, record, since)).toMatchObject({ state: 'revoked', because: revocation.id });
  });

  test('is taken down by the operator', async () => {
    const { log, operator, record } = await withRecord();
    log.append(await signed(drafts.revocation(record.id, { reason: 'legal' }), operator));
    expect(stateOf(log, record)).toBe('revoked');
  });

  test('is untouched by a stranger’s revocation, or its issuer’s', async () => {
    const { log, stranger, issuer, record } = await withRecord();
    const revocation = log.append(await signed(drafts.revocation(record.id), stranger));
    log.append(await signed(drafts.revocation(record.id), issuer));
    expect(stateOf(log, record)).toBe('active');
    expect(stateOf(log, revocation)).toBe('untrusted');
  });

  test('names the first of several revocations', async () => {
    const { log, alice, operator, record } = await withRecord();
    const first = log.append(await signed(drafts.revocation(record.id), alice));
    log.append(await signed(drafts.revocation(record.id), operator));
    expect(standingOf(log, record).because).toBe(first.id);
  });

  test('says when it is superseded, by the latest version of the same signer', async () => {
    const { log, alice, bob, record, loggedAt } = await withRecord();
    log.append(await signed(drafts.record(bob.did, 'not by Alice', { replaces: record.id }), bob));
    const second = log.append(await signed(drafts.record(alice.did, 'v2', { replaces: record.id }), alice));
    const third = log.append(await signed(drafts.record(alice.did, 'v3', { replaces: record.id }), alice));
    expect(standingOf(log, record, loggedAt).supersededBy).toBeNull();
    expect(standingOf(log, record, log.now - 1)).toMatchObject({ state: 'active', supersededBy: second.id });
    expect(standingOf(log, record).supersededBy).toBe(third.id);
  });

  test('is erased when its body is gone, whoever asked', async () => {
    const { log, alice, record } = await withRecord();
    const revocation = log.append(await signed(drafts.revocation(record.id, { erase: true }), alice));
    expect(standingOf(log, record, log.now, [record.index])).toMatchObject({ state: 'erased', because: revocation.id });
  });

  test('is untrusted without a credential, or with one that came later', async () => {
    const { log, bob, issuer } = await registry();
    const record = log.append(await signed(drafts.record(bob.did, 'too early'), bob));
    expect(standingOf(log, record)).toMatchObject({
      state: 'untrusted',
      reason: expect.stringMatching(/held no active human credential/) as string,
    });
    log.append(await signed(drafts.credential(bob.did, 'Bob'), issuer));
    expect(stateOf(log, record)).toBe('untrusted');
  });
});

describe('the signer’s credential', () => {
  test('revoked after the record: the record stands; later ones do not', async () => {
    const { log, issuer, alice, credential, record } = await withRecord();
    log.append(await signed(drafts.revocation(credential.id), issuer));
    const later = log.append(await signed(drafts.record(alice.did, 'later'), alice));
    expect([stateOf(log, credential), stateOf(log, record), stateOf(log, later)]).toEqual([
      'revoked',
      'active',
      'untrusted',
    ]);
  });

  test('revoked with invalidSince: what was logged since then falls, what came before stands', async () => {
    const { log, issuer, alice, credential, record, loggedAt } = await withRecord();
    const after = log.append(await signed(drafts.record(alice.did, 'after the theft'), alice));
    const compromised = timestampOf(loggedAt + HOUR / 2);
    const before = log.now;
    log.append(
      await signed(drafts.revocation(credential.id, { reason: 'key-compromise', invalidSince: compromised }), issuer),
    );
    for (const at of [before, log.now]) {
      expect([stateOf(log, record, at), stateOf(log, after, at)], 'whatever time is asked about').toEqual([
        'active',
        'untrusted',
      ]);
    }
  });

  test('revoked again with invalidSince: the earliest counts, whichever was logged first', async () => {
    const { log, issuer, credential, record, loggedAt } = await withRecord();
    log.append(await signed(drafts.revocation(credential.id), issuer));
    log.append(await signed(drafts.revocation(credential.id, { invalidSince: timestampOf(loggedAt) }), issuer));
    log.append(await signed(drafts.revocation(credential.id, { invalidSince: timestampOf(log.now) }), issuer));
    expect(stateOf(log, record, loggedAt)).toBe('untrusted');
  });

  test('invalidSince counts from its very second', async () => {
    const { log, issuer, credential, record, loggedAt } = await withRecord();
    log.append(await signed(drafts.revocation(credential.id, { invalidSince: timestampOf(loggedAt) }), issuer));
    expect(stateOf(log, record)).toBe('untrusted');
  });

  test('expired before the logging: untrusted; after it: no matter', async () => {
    const { log, issuer, bob } = await registry();
    const validUntil = timestampOf(log.now + 2 * HOUR + HOUR / 2);
    log.append(await signed({ ...drafts.credential(bob.did, 'Bob'), validUntil }, issuer));
    const inTime = log.append(await signed(drafts.record(bob.did, 'in time'), bob));
    const late = log.append(await signed(drafts.record(bob.did, 'late'), bob));
    expect([stateOf(log, inTime, log.now + 100 * HOUR), stateOf(log, late)]).toEqual(['active', 'untrusted']);
  });

  test('a second credential carries on where the first was revoked', async () => {
    const { log, issuer, alice, credential } = await withRecord();
    log.append(await signed(drafts.revocation(credential.id), issuer));
    const renewed = log.append(await signed(drafts.credential(alice.did, 'Alice', { expertise: [] }), issuer));
    const record = log.append(await signed(drafts.record(alice.did, 'renewed'), alice));
    const evidence = evidenceOf(log);
    expect(stateOf(log, record)).toBe('active');
    const held = signingCredentials(evidence, evidence.get(record.id) as Present, log.now);
    expect(held.map(({ id }) => id)).toEqual([renewed.id]);
  });

  test('above the level that its issuer may vouch for, or in another framework, is untrusted', async () => {
    const { log, issuer, bob, carol } = await registry();
    const verification = { method: 'in-person', verifiedAt: '2026-01-01T00:00:00Z' };
    const high = drafts.credential(bob.did, 'Bob', {
      verification: { ...verification, framework: 'nist-800-63-4', level: 'IAL3' },
    });
    const other = drafts.credential(carol.did, 'Carol', {
      verification: { ...verification, framework: 'eidas', level: 'low' },
    });
    const [one, two] = [log.append(await signed(high, issuer)), log.append(await signed(other, issuer))];
    const record = log.append(await signed(drafts.record(bob.did, 'by Bob'), bob));
    expect([one, two, record].map((statement) => stateOf(log, statement))).toEqual([
      'untrusted',
      'untrusted',
      'untrusted',
    ]);
  });

  test('by an issuer whom nobody, or only a stranger, accredited is untrusted', async () => {
    const { log, stranger, bob } = await registry();
    const accreditation = log.append(await signed(drafts.identityIssuer(stranger.did), stranger));
    const credential = log.append(await signed(drafts.credential(bob.did, 'Bob'), stranger));
    expect([stateOf(log, accreditation), stateOf(log, credential)]).toEqual(['untrusted', 'untrusted']);
  });
});

describe('de-accreditation', () => {
  test('without invalidSince: credentials and records of before stand, new records do not', async () => {
    const { log, operator, alice, accreditation, credential, record } = await withRecord();
    log.append(await signed(drafts.revocation(accreditation.id), operator));
    const later = log.append(await signed(drafts.record(alice.did, 'later'), alice));
    expect([credential, record, later].map((statement) => stateOf(log, statement))).toEqual([
      'active',
      'active',
      'untrusted',
    ]);
  });

  test('with invalidSince before the credential: the credential and all that rests on it fall', async () => {
    const { log, operator, accreditation, credential, record } = await withRecord();
    const before = log.now;
    const invalidSince = timestampOf(Date.parse(log.entries[accreditation.index]?.loggedAt as string) + HOUR / 2);
    log.append(await signed(drafts.revocation(accreditation.id, { invalidSince }), operator));
    expect([credential, record].map((statement) => stateOf(log, statement))).toEqual(['untrusted', 'untrusted']);
    expect([credential, record].map((statement) => stateOf(log, statement, before))).toEqual([
      'untrusted',
      'untrusted',
    ]);
  });

  test('by the accredited issuer itself is void', async () => {
    const { log, issuer, accreditation } = await withRecord();
    log.append(await signed(drafts.revocation(accreditation.id), issuer));
    expect(stateOf(log, accreditation)).toBe('active');
  });
});

describe('the other kinds', () => {
  test('publishers compose without a credential, but have no content of their own', async () => {
    const { log, operator, publisher, record } = await withRecord();
    const tooEarly = log.append(await signed(drafts.composition(publisher.did, [record.id]), publisher));
    log.append(await signed(drafts.accreditation(publisher.did, { roles: ['publisher'] }), operator));
    const composed = log.append(
      await signed(drafts.composition(publisher.did, [record.id], { version: '2' }), publisher),
    );
    const authored = log.append(await signed(drafts.record(publisher.did, 'own work'), publisher));
    expect([tooEarly, composed, authored].map((statement) => stateOf(log, statement))).toEqual([
      'untrusted',
      'active',
      'untrusted',
    ]);
  });

  test('reviews need a credential, grants the holder’s signature', async () => {
    const { log, alice, stranger, record } = await withRecord();
    const statements = [
      await signed(drafts.review(record.id), alice),
      await signed(drafts.review(record.id), stranger),
      await signed(drafts.grant(stranger.did, record.id), alice),
      await signed(drafts.grant(stranger.did, record.id), stranger),
    ].map((statement) => log.append(statement));
    expect(statements.map((statement) => stateOf(log, statement))).toEqual([
      'active',
      'untrusted',
      'active',
      'untrusted',
    ]);
  });

  test('a revocation cannot be revoked, even by its signer or the operator', async () => {
    const { log, alice, operator, record } = await withRecord();
    const revocation = log.append(await signed(drafts.revocation(record.id), alice));
    log.append(await signed(drafts.revocation(revocation.id), alice));
    log.append(await signed(drafts.revocation(revocation.id), operator));
    expect([stateOf(log, revocation), stateOf(log, record)]).toEqual(['active', 'revoked']);
  });

  test('only the operator of entry 0 accredits', async () => {
    const { log, root, alice } = await withRecord();
    const own = log.append(await signed(drafts.identityIssuer(alice.did), alice));
    expect([stateOf(log, root), stateOf(log, own)]).toEqual(['active', 'untrusted']);
    expect((await signerOf('operator')).did).toBe(evidenceOf(log).operator);
  });
});
