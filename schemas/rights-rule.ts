import * as z from 'zod';
import { Country } from './country.ts';
import { Did, Term, Timestamp, uniqueList } from './primitives.ts';

/** What may be done with data. A parent (`train`) covers its children (`train.finetune`). */
export const Use = z.enum([
  'train',
  'train.pretrain',
  'train.finetune',
  'train.preference',
  'train.rl',
  'train.discriminative',
  'distil',
  'synthesise',
  'evaluate',
  'ground',
  'embed',
  'analyse',
  'search',
  'redistribute',
  'derive',
]);
export type Use = z.infer<typeof Use>;

const included = <T extends z.ZodType<string>>(item: T) =>
  z.union(
    [
      z.strictObject({ include: uniqueList(item, 260).min(1) }),
      z.strictObject({ exclude: uniqueList(item, 260).min(1) }),
    ],
    { error: 'expected a list under include, or one under exclude' },
  );

export const Purpose = z.enum(['any', 'commercial', 'noncommercial', 'research']);
export type Purpose = z.infer<typeof Purpose>;
export const ModelRelease = z.enum(['any', 'open-weights', 'closed-weights', 'internal']);
export type ModelRelease = z.infer<typeof ModelRelease>;

export const Duty = z.enum([
  'attribute',
  'share-alike-data',
  'share-alike-model',
  'report',
  'pay',
  'notify',
  'delete-on-revocation',
]);
export type Duty = z.infer<typeof Duty>;

/** From `from` on, until just before `until`. */
const Period = z
  .strictObject({ from: Timestamp.optional(), until: Timestamp.optional() })
  .refine(({ from, until }) => from !== undefined || until !== undefined, 'names neither from nor until')
  .refine(({ from, until }) => from === undefined || until === undefined || from < until, {
    path: ['until'],
    error: 'is not after from',
  });

/** One clause: permits or prohibits these uses, within these constraints; an absent constraint does not constrain. */
export const RightsRule = z.strictObject({
  effect: z.enum(['permit', 'prohibit']),
  uses: uniqueList(Use, 15).min(1),
  purpose: Purpose.optional(),
  territory: included(Country).optional(),
  field: included(Term).optional(),
  modelRelease: ModelRelease.optional(),
  period: Period.optional(),
  afterEnd: z.enum(['models-survive', 'models-retired']).optional(),
  licensee: z.union([z.literal('public'), uniqueList(Did, 100).min(1)]).optional(),
  exclusive: z.boolean().optional(),
  duties: uniqueList(Duty, 7).optional(),
});
export type RightsRule = z.infer<typeof RightsRule>;
