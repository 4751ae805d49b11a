import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Policy } from '../../schemas/policy.ts';
import type { StatementId } from '../../schemas/primitives.ts';
import { Report } from '../../schemas/report.ts';
import { timestampOf } from '../../protocol/time.ts';
import { verifyCertificate } from '../../protocol/verify/verify.ts';
import { RegistryError } from '../../client/errors.ts';
import { RegistryClient } from '../../client/registry-client.ts';
import { post, trustIn } from '../contract/client.ts';
import type { OpenRegistry, Registry } from '../contract/harness.ts';
import { SCENARIOS } from './scenarios.ts';
import { DAY, openWorld, type AsOf, type Made, type Row, type World } from './world.ts';

/** What verify says of every event, before and after it, by certificates made before and after it. */
export function describeLifecycle(name: string, open: OpenRegistry): void {
  describe(`the lifecycle on ${name}`, () => {
    let registry: Registry;
    let client: RegistryClient;
    beforeAll(async () => {
      registry = await open();
      const fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
        const { pathname, search } = new URL(input instanceof Request ? input.url : input);
        return registry.fetch(pathname + search, init);
      };
      client = new RegistryClient({ url: 'https://registry.example', fetch });
    });
    afterAll(() => registry.close());

    /** A certificate's text; null where the registry says that its record was erased. */
    const certificateOf = async (id: StatementId): Promise<string | null> => {
      try {
        return await client.certificate(id);
      } catch (error) {
        if (error instanceof RegistryError && error.code === 'erased') return null;
        throw error;
      }
    };

    describe.each(SCENARIOS)('when $event', (scenario) => {
      let world: World;
      const certificates: Record<Made, Map<string, string | null>> = { before: new Map(), after: new Map() };

      beforeAll(async () => {
        // Every scenario has days of its own.
        registry.setNow(registry.now() + DAY);
        world = await openWorld(registry, scenario);
        const make = async (made: Made): Promise<void> => {
          for (const [record, id] of Object.entries(world.named))
            certificates[made].set(record, await certificateOf(id));
        };
        registry.setNow(world.on(2));
        await make('before');
        registry.setNow(world.on(3));
        await scenario.happens(world);
        registry.setNow(world.on(4));
        await scenario.afterwards?.(world);
        registry.setNow(world.on(5));
        await make('after');
      });

      const policyOf = (asOf: AsOf, statusMaxAge?: string): Policy => ({
        policy: 'firsthand/v1',
        human: { required: true, minDistinct: 1 },
        trust: {
          ...(asOf === 'now' ? {} : { asOf: timestampOf(world.on(asOf === 'before' ? 2 : 4)) }),
          ...(statusMaxAge === undefined ? {} : { statusMaxAge }),
        },
      });

      it.each(scenario.rows.map((row): { row: Row; title: string } => ({ row, title: titleOf(row) })))(
        '$title',
        async ({ row: [record, made, asOf, verdict, check, outcome, says, statusMaxAge] }) => {
          const certificate = certificates[made].get(record);
          if (certificate === undefined) throw new Error(`no certificate of ${record} was made ${made}`);
          if (verdict === 'erased' || certificate === null) {
            expect([verdict, certificate], 'a certificate, or word of the erasure').toEqual(['erased', null]);
            return;
          }
          const policy = policyOf(asOf, statusMaxAge);
          const now = world.on(5);
          const report = await verifyCertificate({ certificate, trust: await trustIn(registry), policy, now });
          const said = report.checks.map((each) => `${each.outcome} ${each.id}: ${each.detail}`).join('\n');
          expect(report.verdict, said).toBe(verdict);
          const decides = report.checks.some(
            (each) => each.id === check && each.outcome === outcome && says.test(each.detail),
          );
          expect(decides, `${outcome} ${check} ${says}\n${said}`).toBe(true);
          if (made === 'before') return;
          // The server, asked at the same time, says the very same.
          registry.setNow(now);
          const answer = await post(
            registry,
            '/v1/verifications',
            JSON.stringify({ subject: world.named[record], policy }),
          );
          expect(Report.parse(await answer.json())).toEqual(report);
        },
      );
    });
  });
}

const titleOf = ([record, made, asOf, verdict, check, outcome, , maxAge]: Row): string =>
  `${record}, certified ${made}, as of ${asOf}${maxAge === undefined ? '' : ` within ${maxAge}`}: ${verdict} by ${check} (${outcome})`;
