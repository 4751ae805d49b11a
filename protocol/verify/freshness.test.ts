import { describe, expect, test } from 'vitest';
import { HOUR, MemoryLog, registry } from '../../test/support/log.ts';
import { drafts, signed } from '../../test/support/statements.ts';
import { altered, detailsOf, failuresOf, judge } from '../../test/support/verify.ts';
import { timestampOf } from '../time.ts';

/** A registry with one record by Alice, and its certificate. */
async function world() {
  const all = await registry();
  const record = all.log.append(await signed(drafts.record(all.alice.did, 'rows'), all.alice));
  const certificate = await all.log.certificate({ subject: record.id });
  return { ...all, record, certificate, recordedAt: all.log.now };
}

describe('status', () => {
  test('a revocation in the certificate fails it, unless the question is about before', async () => {
    const { log, record, alice, recordedAt } = await world();
    log.append(await signed(drafts.revocation(record.id), alice));
    const certificate = await log.certificate({ subject: record.id });
    expect(failuresOf(await judge(certificate, { log }))).toEqual(['standing']);
    const asOf = (ms: number) => judge(certificate, { log, policy: { trust: { asOf: timestampOf(ms) } } });
    expect(failuresOf(await asOf(log.now - 1000))).toEqual([]);
    expect(failuresOf(await asOf(log.now))).toEqual(['standing']);
    expect(failuresOf(await asOf(recordedAt - 1000))).toContain('standing');
  });

  test('a revocation left out is betrayed by the status list', async () => {
    const { log, record, alice } = await world();
    const revocation = log.append(await signed(drafts.revocation(record.id), alice));
    const report = await judge(await log.certificate({ subject: record.id, omit: [revocation.index] }), { log });
    expect(detailsOf(report, 'standing')).toContain('its revocation was left out');
    const blanked = await log.certificate({ subject: record.id });
    const entry = blanked.statements.find(({ index }) => index === revocation.index);
    Object.assign(entry ?? {}, { document: null });
    expect(failuresOf(await judge(blanked, { log }))).toContain('standing');
  });

  test('a stranger’s revocation does not explain the bit away', async () => {
    const { log, record, alice, stranger } = await world();
    const revocation = log.append(await signed(drafts.revocation(record.id), alice));
    log.append(await signed(drafts.revocation(record.id), stranger));
    expect(
      failuresOf(await judge(await log.certificate({ subject: record.id, omit: [revocation.index] }), { log })),
    ).toEqual(['standing']);
  });

  test('missing or partial status fails every policy: what no list covers may have been revoked', async () => {
    const { log, record, alice } = await world();
    const before = await log.certificate({ subject: record.id });
    log.append(await signed(drafts.record(alice.did, 'more'), alice));
    const revocation = log.append(await signed(drafts.revocation(record.id), alice));
    const stripped = await log.certificate({ subject: record.id, omit: [revocation.index], statusSigner: null });
    const partial = altered(await log.certificate({ subject: record.id, omit: [revocation.index] }), (copy) => {
      copy.status = before.status;
    });
    for (const certificate of [stripped, partial]) {
      for (const policy of [
        {},
        { trust: { statusMaxAge: '9999d' } },
        { trust: { asOf: timestampOf(log.now - HOUR) } },
      ]) {
        const report = await judge(certificate, { log, policy });
        expect(failuresOf(report)).toEqual(['freshness']);
        expect(detailsOf(report, 'freshness')).toMatch(/^fail: .* indeterminate/);
      }
    }
  });

  test('statusMaxAge alone says how old a status may be; without one, a stale status is said', async () => {
    const { log, record } = await world();
    const within = (statusMaxAge: string) => ({ trust: { statusMaxAge } });
    const past = await log.certificate({ subject: record.id, statusFrom: log.now - 2 * HOUR, statusFor: HOUR });
    const report = await judge(past, { log });
    expect(failuresOf(report)).toEqual([]);
    expect(detailsOf(report, 'freshness')).toMatch(/^warn: .* past its validity/);
    expect(detailsOf(await judge(past, { log, policy: within('24h') }), 'freshness')).toMatch(/^pass/);
    expect(failuresOf(await judge(past, { log, policy: within('1h') }))).toEqual(['freshness']);
    const fresh = await log.certificate({ subject: record.id, statusFor: 1000 * HOUR });
    expect(failuresOf(await judge(fresh, { log, policy: within('24h'), now: log.now + 24 * HOUR }))).toEqual([]);
    expect(failuresOf(await judge(fresh, { log, policy: within('24h'), now: log.now + 25 * HOUR }))).toEqual([
      'freshness',
    ]);
  });

  test('an archived certificate answers, years later, for its own time', async () => {
    const { log, certificate } = await world();
    const policy = { trust: { asOf: timestampOf(log.now), statusMaxAge: '1h' } };
    const report = await judge(certificate, { log, policy, now: log.now + 100_000 * HOUR });
    expect(failuresOf(report)).toEqual([]);
    expect(detailsOf(report, 'freshness')).toMatch(/^pass/);
  });

  test('one list for each number: a second one is refused, whatever it says', async () => {
    const { log, record, certificate } = await world();
    const old = await log.certificate({ subject: record.id, statusFrom: log.now - 48 * HOUR });
    const both = altered(certificate, (copy) => void copy.status.push(...old.status));
    expect(failuresOf(await judge(both, { log }))).toEqual(['certificate.format']);
  });

  test('a later, stronger revocation left out is betrayed by the bit of the one before it', async () => {
    const { log, record, credential, issuer, stranger, recordedAt } = await world();
    const first = log.append(await signed(drafts.revocation(credential.id), issuer));
    log.append(await signed(drafts.revocation(credential.id), stranger));
    const stronger = drafts.revocation(credential.id, { invalidSince: timestampOf(recordedAt) });
    const second = log.append(await signed(stronger, issuer));
    const options = { subject: record.id, revoked: [credential.index, first.index] };
    const whole = await judge(await log.certificate(options), { log });
    expect(detailsOf(whole, 'standing')).not.toContain('left out');
    const report = await judge(await log.certificate({ ...options, omit: [second.index] }), { log });
    expect(failuresOf(report)).toEqual(['standing']);
    expect(detailsOf(report, 'standing')).toContain('the later revocation was left out');
    const told = await judge(await log.certificate({ ...options, revoked: [credential.index] }), { log });
    expect(failuresOf(told), 'a registry that does not set the bit').toEqual(['human.credential', 'standing']);
  });

  test('a list that is tampered with, by a stranger, or of another log fails', async () => {
    const { log, record, certificate, stranger } = await world();
    const tampered = altered(
      certificate,
      (copy) => void ((copy.status[0] as { validUntil: string }).validUntil = '2099-01-01T00:00:00Z'),
    );
    const foreign = await log.certificate({ subject: record.id, statusSigner: stranger });
    const elsewhere = new MemoryLog(log.signer, 'elsewhere.example/log');
    for (const statement of log.statements) elsewhere.append(statement);
    const other = altered(certificate, (copy) => void (copy.status = []));
    other.status = (await elsewhere.certificate({ subject: record.id })).status;
    for (const bad of [tampered, foreign, other]) expect(failuresOf(await judge(bad, { log }))).toEqual(['freshness']);
  });

  test('nobody knows what will hold: a time ahead of the buyer’s own fails', async () => {
    const { log, certificate } = await world();
    const asOf = (ms: number) => ({ log, policy: { trust: { asOf: timestampOf(ms) } } });
    expect(failuresOf(await judge(certificate, asOf(log.now + 48 * HOUR)))).toEqual(['freshness']);
    expect(failuresOf(await judge(certificate, asOf(log.now)))).toEqual([]);
  });
});
