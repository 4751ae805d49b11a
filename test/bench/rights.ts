import * as fc from 'fast-check';
import type { DecisionQuestion } from '../../schemas/decision.ts';
import type { StatementId } from '../../schemas/primitives.ts';
import type { RightsRule } from '../../schemas/rights-rule.ts';
import { Evidence } from '../../protocol/evidence.ts';
import { decide } from '../../protocol/rights/decide.ts';
import { registry } from '../support/log.ts';
import { drafts, signed } from '../support/statements.ts';
import { agree, question, world } from '../rights/worlds.ts';
import { line, medianMs, perSecond } from './report.ts';

const PARTS = 499;
const LICENCES = ['MIT', 'CC-BY-4.0', 'CC-BY-SA-4.0', 'CC0-1.0', 'MIT OR Apache-2.0'];
const rulesFor = (field: string): RightsRule[] => [
  { effect: 'permit', uses: ['train'], territory: { include: ['US', 'DE'] }, duties: ['report'] },
  { effect: 'prohibit', uses: ['distil'], field: { include: [field] } },
];

/** Decisions in this process: over one record, and over a record with its 499 parts, with rules beside them or without. */
export async function benchRights(): Promise<void> {
  const { log, alice, operator } = await registry();
  const record = async (i: number, rules?: RightsRule[]): Promise<StatementId> => {
    const license = LICENCES[i % LICENCES.length] as string;
    const rights = { holder: alice.did, license, ...(rules === undefined ? {} : { rules }) };
    return log.append(await signed(drafts.record(alice.did, `${i} ${JSON.stringify(rules)}`, { rights }), alice)).id;
  };
  const compose = async (
    rulesOf: (i: number) => RightsRule[] | undefined,
  ): Promise<{ parts: StatementId[]; whole: StatementId }> => {
    const parts: StatementId[] = [];
    for (let i = 0; i < PARTS; i++) parts.push(await record(i, rulesOf(i)));
    return { parts, whole: log.append(await signed(drafts.composition(alice.did, parts), alice)).id };
  };
  const licensed = await compose(() => undefined);
  const ruled = await compose(() => rulesFor('military'));
  const apart = await compose((i) => rulesFor(`field-${i}`));
  const evidence = new Evidence(operator.did, log.logged());
  const now = log.now;
  const ask = (of: StatementId | undefined, more: Partial<DecisionQuestion> = {}) =>
    decide(evidence, { record: of as StatementId, use: 'train', ...more }, now);
  const territory: DecisionQuestion['territory'] = ['US', 'DE'];
  const count = 20_000;
  for (const [what, work] of [
    ['a licence', () => ask(licensed.parts[1], { purpose: 'commercial', modelRelease: 'internal' })],
    ['a licence, nothing named', () => ask(licensed.parts[2])],
    ['a licence and two rules, two countries', () => ask(ruled.parts[1], { purpose: 'research', territory })],
  ] as const) {
    const milliseconds = await medianMs(5, async () => {
      for (let i = 0; i < count; i++) work();
    });
    line(`decide about one record: ${what}`, perSecond((count * 1000) / milliseconds));
  }
  for (const [what, whole] of [
    ['licences', licensed.whole],
    ['the same two rules beside each', ruled.whole],
    ['two rules of its own beside each', apart.whole],
  ] as const) {
    const milliseconds = await medianMs(51, async () => void ask(whole, { territory }));
    line(`decide over ${PARTS + 1} records: ${what}`, `${milliseconds.toFixed(1)} ms`);
  }
}

/** The property that the test suite samples, over many more worlds. */
export async function benchWorlds(worlds: number): Promise<void> {
  const start = performance.now();
  fc.assert(fc.property(world, question, agree), { numRuns: worlds });
  const rate = perSecond((worlds * 1000) / (performance.now() - start));
  line('random worlds in which engine and naive program agree', `${worlds}`, rate);
}
