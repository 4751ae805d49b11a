import { expect } from 'vitest';
import type { StatementId } from '../../schemas/primitives.ts';
import type { Draft } from '../../protocol/statement.ts';
import { timestampOf } from '../../protocol/time.ts';
import { expectRefused } from '../contract/client.ts';
import { drafts, signed, signerOf } from '../support/statements.ts';
import type { Row, Scenario, World } from './world.ts';

const since = (world: World, day: number) => ({ invalidSince: timestampOf(world.on(day)) });
const nothing = async (): Promise<void> => {};
/** A composition of what was there, and of what came since. */
const both = (world: World, ...names: string[]): Draft<'DatasetRecord'> =>
  drafts.composition(world.publisher.did, names.map((name) => world.named[name] as StatementId).toSorted());
const refusedRecord = async (world: World): Promise<void> => {
  const late = await signed(drafts.record(world.alice.did, 'too late'), world.alice);
  await expectRefused(world.registry, late, [403, 'no-credential', /held no active human credential when it signed$/]);
};

const LEFT_ALONE: Row[] = [
  ['first', 'before', 'now', 'pass', 'freshness', 'warn', /what happened since is not known/],
  ['first', 'before', 'now', 'fail', 'freshness', 'fail', /the policy allows 24h/, '24h'],
  ['first', 'before', 'before', 'pass', 'freshness', 'pass', /the status is as of/, '24h'],
  ['first', 'after', 'now', 'pass', 'standing', 'pass', /which is all/, '24h'],
  ['first', 'after', 'before', 'pass', 'human.credential', 'pass', /1 of 1/],
];

export const SCENARIOS: readonly Scenario[] = [
  {
    event: 'nothing',
    happens: nothing,
    rows: [...LEFT_ALONE, ['whole', 'after', 'now', 'pass', 'human.credential', 'pass', /2 of 2/]],
  },
  {
    event: 'the signer withdraws',
    happens: ({ say, named, alice }) => say(drafts.revocation(named['first'] as StatementId), alice),
    rows: [
      ['first', 'before', 'now', 'pass', 'freshness', 'warn', /not known/],
      ['first', 'before', 'now', 'fail', 'freshness', 'fail', /allows 24h/, '24h'],
      ['first', 'after', 'now', 'fail', 'standing', 'fail', /is revoked: withdrawn/],
      ['first', 'after', 'after', 'fail', 'standing', 'fail', /is revoked: withdrawn/],
      ['first', 'after', 'before', 'pass', 'standing', 'pass', /which is all/],
      ['second', 'after', 'now', 'pass', 'standing', 'pass', /which is all/],
      ['whole', 'after', 'now', 'fail', 'standing', 'fail', /"Record of first" is revoked/],
      ['whole', 'after', 'before', 'pass', 'standing', 'pass', /which is all/],
    ],
  },
  {
    event: 'the record expires',
    recordEnds: 3,
    happens: nothing,
    rows: [
      ['first', 'before', 'now', 'fail', 'standing', 'fail', /is expired: valid until/],
      ['first', 'before', 'before', 'pass', 'standing', 'pass', /which is all/],
      ['first', 'after', 'now', 'fail', 'standing', 'fail', /is expired: valid until/],
      ['first', 'after', 'before', 'pass', 'standing', 'pass', /which is all/],
      ['whole', 'after', 'now', 'fail', 'standing', 'fail', /"Record of first" is expired/],
    ],
  },
  {
    event: 'the credential expires',
    credentialEnds: 3,
    happens: nothing,
    afterwards: refusedRecord,
    rows: LEFT_ALONE,
  },
  {
    event: 'the credential is renewed before it expires',
    credentialEnds: 4,
    happens: ({ say, alice, issuer }) =>
      say(drafts.credential(alice.did, 'lifecycle: the credential is renewed before it expires'), issuer),
    afterwards: async (world) => {
      await world.say(drafts.record(world.alice.did, 'third'), world.alice, 'third');
      await world.say(both(world, 'first', 'third'), world.publisher, 'both');
    },
    rows: [
      ...LEFT_ALONE,
      ['third', 'after', 'now', 'pass', 'human.credential', 'pass', /1 of 1/],
      ['both', 'after', 'now', 'pass', 'human.distinct', 'pass', /^distinct humans: 1$/],
    ],
  },
  {
    event: 'the key is lost',
    happens: async ({ say, credential, issuer, registry }) => {
      await say(drafts.revocation(credential.id, { reason: 'credential-expired-early' }), issuer);
      const newKey = await signerOf('lifecycle: a new key');
      // The same person, and so the same nullifier, under another key.
      await say(drafts.credential(newKey.did, 'lifecycle: the key is lost: Alice'), issuer);
      expect(registry.now()).toBeGreaterThan(0);
    },
    afterwards: async (world) => {
      await refusedRecord(world);
      const newKey = await signerOf('lifecycle: a new key');
      await world.say(drafts.record(newKey.did, 'third'), newKey, 'third');
      await world.say(both(world, 'first', 'third'), world.publisher, 'both');
    },
    rows: [
      ...LEFT_ALONE,
      ['third', 'after', 'now', 'pass', 'human.credential', 'pass', /1 of 1/],
      ['both', 'after', 'now', 'pass', 'human.distinct', 'pass', /^distinct humans: 1$/],
      ['both', 'after', 'before', 'fail', 'standing', 'fail', /is pending: it was not logged yet/],
    ],
  },
  {
    event: 'the key was stolen between the two records',
    happens: (world) =>
      world.say(
        drafts.revocation(world.credential.id, { reason: 'key-compromise', ...since(world, 0.5) }),
        world.issuer,
      ),
    afterwards: refusedRecord,
    rows: [
      ...LEFT_ALONE,
      ['second', 'before', 'now', 'pass', 'freshness', 'warn', /not known/],
      ['second', 'before', 'now', 'fail', 'freshness', 'fail', /allows 24h/, '24h'],
      ['second', 'after', 'now', 'fail', 'standing', 'fail', /is untrusted: .* held no active human credential/],
      ['second', 'after', 'before', 'fail', 'standing', 'fail', /is untrusted/],
      ['second', 'after', 'now', 'fail', 'human.credential', 'fail', /held no active human credential/],
      ['whole', 'after', 'now', 'fail', 'standing', 'fail', /"Record of second" is untrusted/],
    ],
  },
  {
    event: 'the issuer is struck off',
    happens: ({ say, accreditation, registry }) =>
      say(drafts.revocation(accreditation.id, { reason: 'withdrawn' }), registry.operator),
    afterwards: async (world) => {
      await refusedRecord(world);
      const another = await signed(drafts.credential(world.stranger.did, 'Another'), world.issuer);
      await expectRefused(world.registry, another, [
        403,
        'not-accredited',
        /was not accredited for nist-800-63-4 IAL2/,
      ]);
    },
    rows: [
      ...LEFT_ALONE,
      ['whole', 'after', 'now', 'pass', 'issuer.accredited', 'pass', /accredited by the operator when they signed: 1/],
    ],
  },
  {
    event: 'the issuer is struck off since a day between the two records',
    happens: (world) =>
      world.say(
        drafts.revocation(world.accreditation.id, { reason: 'fraud', ...since(world, 0.5) }),
        world.registry.operator,
      ),
    rows: [
      ...LEFT_ALONE,
      ['second', 'after', 'now', 'fail', 'standing', 'fail', /is untrusted/],
      ['second', 'after', 'before', 'fail', 'standing', 'fail', /is untrusted/],
      ['second', 'before', 'now', 'pass', 'freshness', 'warn', /not known/],
    ],
  },
  {
    event: 'the issuer is struck off since before it vouched for anyone',
    happens: (world) =>
      world.say(
        drafts.revocation(world.accreditation.id, { reason: 'fraud', ...since(world, -1) }),
        world.registry.operator,
      ),
    rows: [
      ['first', 'before', 'now', 'pass', 'freshness', 'warn', /not known/],
      ['first', 'before', 'now', 'fail', 'freshness', 'fail', /allows 24h/, '24h'],
      ['first', 'after', 'now', 'fail', 'standing', 'fail', /is untrusted/],
      ['first', 'after', 'before', 'fail', 'human.credential', 'fail', /no active human credential/],
      ['whole', 'after', 'now', 'fail', 'standing', 'fail', /"Record of first" is untrusted/],
    ],
  },
  {
    event: 'the operator takes the record down',
    happens: ({ say, named, registry }) =>
      say(drafts.revocation(named['first'] as StatementId, { reason: 'legal' }), registry.operator),
    rows: [
      ['first', 'before', 'now', 'pass', 'freshness', 'warn', /not known/],
      ['first', 'after', 'now', 'fail', 'standing', 'fail', /is revoked: legal/],
      ['first', 'after', 'before', 'pass', 'standing', 'pass', /which is all/],
      ['whole', 'after', 'now', 'fail', 'standing', 'fail', /"Record of first" is revoked: legal/],
    ],
  },
  {
    event: 'the record is erased',
    happens: ({ say, named, alice }) => say(drafts.revocation(named['first'] as StatementId, { erase: true }), alice),
    rows: [
      ['first', 'before', 'now', 'pass', 'freshness', 'warn', /not known/],
      ['first', 'before', 'now', 'fail', 'freshness', 'fail', /allows 24h/, '24h'],
      ['first', 'before', 'before', 'pass', 'standing', 'pass', /which is all/, '24h'],
      ['first', 'after', 'now', 'erased', 'lineage.complete', 'fail', /was erased/],
      ['whole', 'before', 'now', 'pass', 'freshness', 'warn', /not known/],
      ['whole', 'after', 'now', 'fail', 'lineage.complete', 'fail', /sha256:\w+ was erased/],
      ['whole', 'after', 'before', 'fail', 'lineage.complete', 'fail', /sha256:\w+ was erased/],
      ['second', 'after', 'now', 'pass', 'standing', 'pass', /which is all/],
    ],
  },
  {
    event: 'the operator must erase the credential',
    happens: ({ say, credential, registry }) =>
      say(drafts.revocation(credential.id, { reason: 'legal', erase: true }), registry.operator),
    afterwards: async (world) => {
      const late = await signed(drafts.record(world.alice.did, 'too late'), world.alice);
      await expectRefused(world.registry, late, [403, 'no-credential', /held no active human credential/]);
    },
    rows: [
      ['first', 'before', 'now', 'pass', 'freshness', 'warn', /not known/],
      ['first', 'before', 'before', 'pass', 'human.credential', 'pass', /1 of 1/, '24h'],
      ['first', 'after', 'now', 'fail', 'standing', 'fail', /held no active human credential when it signed/],
      ['first', 'after', 'before', 'fail', 'standing', 'fail', /held no active human credential when it signed/],
    ],
  },
  {
    event: 'a new version replaces the record',
    happens: (world) =>
      world.say(
        drafts.record(world.alice.did, 'better', { replaces: world.named['first'] as StatementId }),
        world.alice,
        'better',
      ),
    rows: [
      ['first', 'before', 'now', 'pass', 'freshness', 'warn', /not known/],
      ['first', 'after', 'now', 'pass', 'standing', 'warn', /is superseded by sha256:/],
      ['first', 'after', 'before', 'pass', 'standing', 'pass', /which is all/],
      ['better', 'after', 'now', 'pass', 'standing', 'pass', /which is all/],
    ],
  },
  {
    event: 'a new version is withdrawn again',
    happens: (world) =>
      world.say(
        drafts.record(world.alice.did, 'worse', { replaces: world.named['first'] as StatementId }),
        world.alice,
        'worse',
      ),
    afterwards: ({ say, named, alice }) => say(drafts.revocation(named['worse'] as StatementId), alice),
    rows: [['first', 'after', 'now', 'pass', 'standing', 'pass', /which is all/]],
  },
];
