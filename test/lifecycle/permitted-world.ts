import fc from 'fast-check';
import type { Submitted } from '../../schemas/api.ts';
import type { StatementId } from '../../schemas/primitives.ts';
import type { RightsRule } from '../../schemas/rights-rule.ts';
import type { Signer } from '../../protocol/ed25519/signer.ts';
import { timestampOf } from '../../protocol/time.ts';
import { log, post, type Cast } from '../contract/client.ts';
import { NOON, type Registry } from '../contract/harness.ts';
import { anyRule } from '../rights/worlds.ts';
import { drafts, signed, signerOf } from '../support/statements.ts';

const HOUR = 3_600_000;
/** Hours from noon; what is asked about lies around them. */
const hour = fc.integer({ min: -3, max: 30 });

const rule: fc.Arbitrary<RightsRule> = fc.tuple(anyRule, hour).map(([each, n]) => {
  if (each.period === undefined) return each;
  const time = timestampOf(NOON + n * HOUR);
  return { ...each, period: each.period.from === undefined ? { until: time } : { from: time } };
});
const rights = fc.record({
  license: fc.constantFrom(
    'MIT',
    'CC0-1.0',
    'CC-BY-4.0',
    'CC-BY-NC-4.0',
    'MIT OR CC-BY-SA-4.0',
    'CC-BY-NC-4.0 OR CC-BY-ND-4.0',
  ),
  rules: fc.oneof(
    { weight: 3, arbitrary: fc.constant<RightsRule[]>([]) },
    { weight: 1, arbitrary: fc.array(rule, { maxLength: 3 }) },
  ),
});
const which = fc.nat({ max: 1000 });
const ends = fc.oneof(
  { weight: 5, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 12 }) },
);
const since = fc.integer({ min: 0, max: 6 });

/** What may happen to records, credentials and accreditations. */
export const event = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      does: fc.constant('record' as const),
      who: which,
      rights,
      ends,
      url: fc.option(fc.constantFrom('MIT', 'CC-BY-NC-4.0'), { freq: 5 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      does: fc.constant('compose' as const),
      parts: fc.array(which, { minLength: 1, maxLength: 3 }),
      source: fc.option(which, { freq: 2 }),
      rights,
      ends,
    }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('revoke' as const), of: which, erase: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant('void' as const),
      who: which,
      since: fc.option(since, { freq: 3 }),
      erase: fc.integer({ max: 3, min: 0 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('strike' as const), since }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('wait' as const), hours: fc.integer({ min: 1, max: 3 }) }) },
);
type Event = typeof event extends fc.Arbitrary<infer E> ? E : never;

/** A registry with people who come and go. */
export class PermittedWorld {
  readonly registry: Registry;
  readonly #cast: Cast;
  readonly #name: string;
  readonly records: { id: StatementId; signer: Signer; isErased: boolean }[] = [];
  #issuer: { signer: Signer; accreditation: StatementId };
  #people: { signer: Signer; credential: StatementId; issuer: Signer }[] = [];
  #count = 0;

  constructor(registry: Registry, people: Cast, name: string) {
    this.registry = registry;
    this.#cast = people;
    this.#name = name;
    this.#issuer = { signer: people.issuer, accreditation: people.accreditation.id };
    this.#people.push({ signer: people.alice, credential: people.credential.id, issuer: people.issuer });
  }

  async happen(what: Event): Promise<void> {
    const validUntil = 'ends' in what && what.ends !== null ? { validUntil: this.#in(what.ends) } : {};
    if (what.does === 'wait') return this.registry.setNow(this.registry.now() + what.hours * HOUR);
    if (what.does === 'record') {
      const { signer } = await this.#person(what.who);
      const sources =
        what.url === null
          ? {}
          : { derivedFrom: [{ url: 'https://example.com/', license: what.url, relation: 'filtered' as const }] };
      const more = { rights: { holder: signer.did, ...what.rights }, ...sources };
      await this.#add(
        await signed({ ...drafts.record(signer.did, `${this.#name} ${this.#count++}`, more), ...validUntil }, signer),
        signer,
      );
      return;
    }
    if (what.does === 'compose') {
      const whole = this.records.filter(({ isErased }) => !isErased);
      const parts = [...new Set(what.parts.flatMap((n) => whole[n % whole.length]?.id ?? []))].sort();
      if (parts.length === 0) return;
      const { publisher } = this.#cast;
      const source = what.source === null ? undefined : whole[what.source % whole.length];
      const derived = source === undefined ? {} : { derivedFrom: [{ id: source.id, relation: 'filtered' as const }] };
      const more = { rights: { holder: publisher.did, ...what.rights }, version: `${this.#count++}`, ...derived };
      await this.#add(
        await signed({ ...drafts.composition(publisher.did, parts, more), ...validUntil }, publisher),
        publisher,
      );
      return;
    }
    if (what.does === 'revoke') {
      const standing = this.records.filter(({ isErased }) => !isErased);
      const record = standing[what.of % standing.length];
      if (record === undefined) return;
      record.isErased = what.erase;
      await this.#say(
        await signed(drafts.revocation(record.id, what.erase ? { erase: true } : {}), record.signer),
        true,
      );
      return;
    }
    const { operator } = this.registry;
    const invalid = what.since === null ? {} : { invalidSince: this.#in(-what.since) };
    if (what.does === 'void') {
      const { credential } = await this.#person(what.who);
      const erased = what.erase === 0 ? { erase: true as const, reason: 'legal' as const } : {};
      await this.#say(await signed(drafts.revocation(credential, { ...invalid, ...erased }), operator));
      this.#people = this.#people.filter((each) => each.credential !== credential);
      return;
    }
    const { accreditation, signer } = this.#issuer;
    await this.#say(await signed(drafts.revocation(accreditation, invalid), operator));
    this.#people = this.#people.filter(({ issuer }) => issuer !== signer);
    const next = await signerOf(`${this.#name}: issuer ${this.#count++}`);
    this.#issuer = {
      signer: next,
      accreditation: (await this.#say(await signed(drafts.identityIssuer(next.did), operator))).id,
    };
  }

  /** Somebody who may sign; there is always one. */
  async #person(n: number): Promise<{ signer: Signer; credential: StatementId }> {
    if (this.#people.length < 2) {
      const signer = await signerOf(`${this.#name}: person ${this.#count++}`);
      const draft = drafts.credential(signer.did, signer.did);
      const { id } = await this.#say(await signed({ ...draft, validFrom: this.#in(0) }, this.#issuer.signer));
      this.#people.push({ signer, credential: id, issuer: this.#issuer.signer });
    }
    return this.#people[n % this.#people.length] as { signer: Signer; credential: StatementId };
  }

  async #add(statement: Parameters<typeof log>[1], signer: Signer): Promise<void> {
    this.records.push({ id: (await this.#say(statement)).id, signer, isErased: false });
  }

  async #say(statement: Parameters<typeof log>[1], mayBeRefused = false): Promise<Submitted> {
    if (mayBeRefused)
      return (await (await post(this.registry, '/v1/statements', statement.canonical)).json()) as Submitted;
    return log(this.registry, statement);
  }

  #in = (hours: number): string => timestampOf(this.registry.now() + hours * HOUR);
}
