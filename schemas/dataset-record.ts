import * as z from 'zod';
import { ASSISTANCE_LEVELS } from './assistance-levels.ts';
import { limits } from './limits.ts';
import {
  Count,
  Day,
  Did,
  Digest,
  HttpUrl,
  Language,
  line,
  prose,
  StatementId,
  Term,
  uniqueList,
} from './primitives.ts';
import { RightsRule } from './rights-rule.ts';

/** How much of the work a model did, from least to most. A record is as bad as its worst ancestor. */
export { ASSISTANCE_LEVELS };
export const AssistanceLevel = z.enum(ASSISTANCE_LEVELS);
export type AssistanceLevel = z.infer<typeof AssistanceLevel>;

export const TaskType = z.enum([
  'pretraining-text',
  'sft-demonstration',
  'preference',
  'rubric',
  'critique',
  'trajectory',
  'rl-environment',
  'evaluation',
  'red-team',
  'annotation',
]);

export const Modality = z.enum(['text', 'code', 'image', 'audio', 'video', 'tabular', 'multimodal', 'other']);
export const AuthorRole = z.enum(['author', 'editor', 'annotator', 'curator']);

/** An SPDX licence expression; `LicenseRef-…` for terms of one's own, then with `terms.digest`. */
export const LicenseExpression = z
  .string()
  .max(500)
  .regex(/^[A-Za-z0-9.()+:-]+( [A-Za-z0-9.()+:-]+)*$/, 'expected an SPDX licence expression');

const Relation = z.enum(['filtered', 'translated', 'annotated', 'transformed', 'augmented', 'extracted', 'sampled']);

const Derivation = z.union(
  [
    z.strictObject({ id: StatementId, relation: Relation }),
    z.strictObject({ url: HttpUrl, license: LicenseExpression, relation: Relation }),
  ],
  'expected { id, relation } of a registered record, or { url, license, relation }',
);

const Document = z.strictObject({ name: line(200), version: line(64), digest: Digest });

const Process = z.strictObject({
  guidelines: Document.optional(),
  rubric: Document.extend({ author: Did.optional() }).optional(),
  checks: z
    .array(
      z.strictObject({
        name: line(200),
        version: line(64).optional(),
        result: z.enum(['pass', 'fail', 'warn']),
        digest: Digest.optional(),
      }),
    )
    .max(64)
    .optional(),
  tools: z
    .array(z.strictObject({ name: line(200), version: line(64).optional() }))
    .max(64)
    .optional(),
});

const Content = z.strictObject({
  /** RFC 6962 root over the manifest's lines. */
  root: Digest,
  /** Digest of the manifest's bytes. */
  manifest: Digest,
  manifestBytes: z.int().min(1).max(limits.manifestBytes),
  files: z.int().min(1).max(limits.manifestFiles),
  /** Absent where no file is row-addressable. */
  rows: Count.optional(),
  bytes: Count,
  /** `withheld`: the manifest is salted and stays with its owner. */
  visibility: z.enum(['public', 'withheld']),
});

const Authorship = z
  .strictObject({
    role: AuthorRole,
    assistance: z.strictObject({
      level: AssistanceLevel,
      models: z.array(line(200)).max(64).optional(),
      note: prose(2000).optional(),
    }),
    collectedFrom: Day.optional(),
    collectedTo: Day.optional(),
    effortMinutes: Count.optional(),
  })
  .refine(({ collectedFrom: from, collectedTo: to }) => from === undefined || to === undefined || from <= to, {
    path: ['collectedTo'],
    error: 'ends before it begins',
  });

const Rights = z
  .strictObject({
    holder: Did,
    license: LicenseExpression,
    terms: z.strictObject({ url: HttpUrl.optional(), digest: Digest }).optional(),
    rules: z.array(RightsRule).max(64).optional(),
  })
  .refine((rights) => !rights.license.includes('LicenseRef-') || rights.terms !== undefined, {
    path: ['terms'],
    error: 'a LicenseRef needs the digest of its terms',
  });

/** Signed by a contributor, or by a publisher who only composes parts: I made or composed this, this way, under these rights. */
export const DatasetRecordSubject = z
  .strictObject({
    /** The content root; of a pure composition, the Merkle root over its sorted part ids. */
    id: Digest,
    name: line(200),
    description: prose(10_000).optional(),
    version: line(64),
    replaces: StatementId.optional(),
    taskType: TaskType,
    modality: uniqueList(Modality, 8).min(1),
    language: uniqueList(Language, 64).optional(),
    domain: uniqueList(Term, 32).optional(),
    keywords: z.array(line(100)).max(64).optional(),
    content: Content.optional(),
    parts: uniqueList(StatementId, limits.parts).min(1).optional(),
    derivedFrom: z.array(Derivation).min(1).max(64).optional(),
    authorship: Authorship,
    process: Process.optional(),
    rights: Rights,
    personalData: z.enum(['none', 'pseudonymised', 'consented']),
    /** Digest of the consent form; given exactly when personal data was consented to. */
    consent: Digest.optional(),
  })
  .refine((subject) => subject.content !== undefined || subject.parts !== undefined, {
    path: ['content'],
    error: 'a record has content, parts, or both',
  })
  .refine((subject) => subject.content === undefined || subject.content.root === subject.id, {
    path: ['id'],
    error: 'must equal content.root',
  })
  .refine((subject) => (subject.personalData === 'consented') === (subject.consent !== undefined), {
    path: ['consent'],
    error: 'goes with personalData "consented", and only with it',
  });
export type DatasetRecordSubject = z.infer<typeof DatasetRecordSubject>;
