import fc from 'fast-check';
import { expect, test } from 'vitest';
import { registry } from '../../test/support/log.ts';
import { drafts, signed } from '../../test/support/statements.ts';
import { failuresOf, judge } from '../../test/support/verify.ts';
import { canonicalJson, parseJson, type Json } from '../json.ts';

const { log, alice } = await registry();
const first = log.append(await signed(drafts.record(alice.did, 'one'), alice));
const record = log.append(await signed(drafts.composition(alice.did, [first.id]), alice));
const certificate = await log.certificate({ subject: record.id });
const TEXT = canonicalJson(certificate);

/** Nothing may throw, and nothing but the certificate itself may pass: here every statement is needed. */
async function check(text: string): Promise<void> {
  const report = await judge(text, { log, policy: { trust: { statusMaxAge: '24h' } } });
  const failures = failuresOf(report);
  const parsed = parseJson(text);
  if (parsed.ok && canonicalJson(parsed.value) === TEXT) expect(failures).toEqual([]);
  else expect(failures).not.toEqual([]);
}

test('the certificate itself passes', () => check(TEXT));

test('one character replaced', () =>
  fc.assert(
    fc.asyncProperty(fc.nat(TEXT.length - 1), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }), (at, char) =>
      check(TEXT.slice(0, at) + char + TEXT.slice(at + 1)),
    ),
    { numRuns: 200 },
  ));

test('cut off, or a piece repeated', () =>
  fc.assert(
    fc.asyncProperty(fc.nat(TEXT.length - 1), fc.nat(200), async (at, length) => {
      await check(TEXT.slice(0, at));
      await check(TEXT.slice(0, at) + TEXT.slice(at + 1 + length));
      await check(TEXT.slice(0, at) + TEXT.slice(at, at + 1 + length) + TEXT.slice(at));
    }),
    { numRuns: 60 },
  ));

/** Every place in a JSON value, as a path of keys. */
function placesOf(value: Json, path: string[] = []): string[][] {
  if (value === null || typeof value !== 'object') return [path];
  return [path, ...Object.entries(value).flatMap(([key, child]) => placesOf(child, [...path, key]))];
}
const PLACES = placesOf(certificate as unknown as Json);

/** The certificate with the value at a place replaced, or taken out. */
function replaced(place: readonly string[], value: unknown): unknown {
  const copy: unknown = structuredClone(certificate);
  const last = place.at(-1);
  if (last === undefined) return value;
  let at = copy as Record<string, unknown>;
  for (const key of place.slice(0, -1)) at = at[key] as Record<string, unknown>;
  if (value !== undefined) at[last] = value;
  else if (Array.isArray(at)) at.splice(Number(last), 1);
  else delete at[last];
  return copy;
}

test('every member taken out', async () => {
  for (const place of PLACES.slice(1)) await check(JSON.stringify(replaced(place, undefined)));
});

test('any part replaced by any JSON, or by another part', () =>
  fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...PLACES),
      fc.oneof(
        fc.jsonValue(),
        fc.constantFrom(null, '', 0, -1, 2 ** 53 - 1, [], {}, true, '__proto__'),
        fc
          .constantFrom(...PLACES)
          .map((place) => place.reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], certificate)),
      ),
      (place, value) => check(JSON.stringify(replaced(place, value))),
    ),
    { numRuns: 300 },
  ));
