import { compiledInTime } from '#compile';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { registry } from '../../test/support/log.ts';
import { drafts, idOf, signed, VALID_FROM } from '../../test/support/statements.ts';
import { Certificate } from '../../schemas/certificate.ts';
import { STATEMENT_KINDS, type StatementKind } from '../../schemas/statement.ts';
import { StatusListCredential } from '../../schemas/status-list.ts';

const { log, alice } = await registry();
const statements = await Promise.all(
  [
    drafts.identityIssuer(alice.did),
    drafts.credential(alice.did, 'Alice'),
    drafts.record(alice.did, 'one', { derivedFrom: [{ id: idOf('a source'), relation: 'filtered' }] }),
    drafts.review(idOf('a record'), { scores: [{ criterion: 'depth', value: 1, min: 0, max: 2 }] }),
    drafts.grant(alice.did, idOf('a record')),
    drafts.revocation(idOf('a record'), { invalidSince: VALID_FROM }),
  ].map((draft) => signed<StatementKind>(draft, alice)),
);
const record = log.append(await signed(drafts.record(alice.did, 'two'), alice));
const certificate = await log.certificate({ subject: record.id });

const CASES: [string, z.ZodType, unknown][] = [
  ...statements.map(
    ({ kind, document }) => [kind, STATEMENT_KINDS[kind], document] satisfies [string, z.ZodType, unknown],
  ),
  ['Certificate', Certificate, certificate],
  ['StatusListCredential', StatusListCredential, certificate.status[0]],
];

/** The value, and as it is with any part of it taken out or replaced. */
function* variantsOf(value: unknown): Generator {
  yield value;
  for (const other of [null, '', 'x', -1, 0.5, true, [], {}, ['x', 'x'], '2026-02-30T00:00:00Z']) yield other;
  if (value === null || typeof value !== 'object') return;
  if (Array.isArray(value)) yield [...value, ...value];
  else yield { ...value, extra: 1 };
  for (const [key, part] of Object.entries(value)) {
    const rest = Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
    if (!Array.isArray(value)) yield rest;
    for (const variant of variantsOf(part)) {
      yield Array.isArray(value) ? value.with(Number(key), variant) : { ...rest, [key]: variant };
    }
  }
}

describe('compiled, a schema says the same', () => {
  test.for(CASES)('%s', ([, schema, value]) => {
    const compiled = z.compile(schema, { strict: true });
    expect(compiled.safeParse(value).success).toBe(true);
    for (const variant of variantsOf(value)) {
      const read = schema.safeParse(variant);
      expect(compiled.safeParse(variant)).toEqual(read);
      // What is valid is taken as it is: a schema that changed what it reads would not do.
      expect([schema.validate(variant), compiled.validate(variant)]).toEqual([read.success, read.success]);
      if (read.success) expect(read.data).toEqual(variant);
    }
  });
});

test('a schema is compiled once many values were read by it', () => {
  const schema = z.strictObject({ a: z.string() });
  const read = compiledInTime(schema);
  for (let i = 0; i < 1000; i++) expect(read()).toBe(schema);
  expect(read(500)).toBe(schema);
  const compiled = read(500);
  expect(compiled).not.toBe(schema);
  expect(read()).toBe(compiled);
  expect(compiled.safeParse({ a: 'b' })).toEqual(schema.safeParse({ a: 'b' }));
  expect(compiled.safeParse({ b: 'a' })).toEqual(schema.safeParse({ b: 'a' }));
});
