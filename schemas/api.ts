import * as z from 'zod';
import { Decision, DecisionQuestion, DecisionRequest } from './decision.ts';
import { FrameworkName, LevelName } from './frameworks.ts';
import { limits } from './limits.ts';
import { Policy } from './policy.ts';
import { Count, Did, Digest, LogTime, StatementId, uniqueList } from './primitives.ts';
import { ProblemCode } from './problem.ts';
import { AssistanceSummary, StandingState } from './report.ts';
import { StatementKind } from './statement.ts';

/** What a statement's submission answers. */
export const Submitted = z
  .strictObject({
    id: StatementId,
    index: Count,
    loggedAt: LogTime,
    /** A C2SP tlog-proof. */
    receipt: z.string(),
  })
  .meta({ id: 'Submitted' });
export type Submitted = z.infer<typeof Submitted>;

/** One line of a batch's answer: a submission (201 new, 200 already logged), or the line's own problem. */
export const BatchLine = z
  .union([
    z.strictObject({ status: z.union([z.literal(200), z.literal(201)]), ...Submitted.shape }),
    z.strictObject({
      status: z.int(),
      code: ProblemCode,
      detail: z.string(),
      errors: z.array(z.strictObject({ path: z.string(), message: z.string() })).optional(),
    }),
  ])
  .meta({ id: 'BatchLine' });
export type BatchLine = z.infer<typeof BatchLine>;

/** What is left of an erased statement. */
export const Tombstone = z
  .strictObject({ id: StatementId, kind: StatementKind, index: Count, loggedAt: LogTime, revocation: StatementId })
  .meta({ id: 'Tombstone' });
export type Tombstone = z.infer<typeof Tombstone>;

export const Standing = z.strictObject({
  state: StandingState,
  reason: z.string(),
  because: StatementId.nullable(),
  supersededBy: StatementId.nullable(),
});

/** A dataset record with what the registry knows of it now. */
export const Dataset = z
  .strictObject({
    id: StatementId,
    index: Count,
    loggedAt: LogTime,
    /** The statement itself. */
    document: z.record(z.string(), z.unknown()),
    standing: Standing,
    humans: z.strictObject({ min: Count, max: Count }),
    assistance: AssistanceSummary,
    reviews: z.strictObject({ accept: Count, revise: Count, reject: Count }),
  })
  .meta({ id: 'Dataset' });
export type Dataset = z.infer<typeof Dataset>;

/**
 * A whole number as a query carries it: canonical decimal digits, and nothing that JavaScript would also read as a number
 * (`0x10`, `1e3`, ` 5`, nothing at all).
 */
export const decimal = <D extends number>(bounds: { min: number; max?: number; default?: D }) => {
  const { min, max = Number.MAX_SAFE_INTEGER } = bounds;
  return z
    .string()
    .regex(/^(0|[1-9]\d{0,15})$/, 'expected a whole number in decimal digits')
    .transform(Number)
    .pipe(z.int().min(min).max(max))
    .meta({
      type: 'integer',
      minimum: min,
      maximum: max,
      ...(bounds.default === undefined ? {} : { default: bounds.default }),
    });
};

export const Limit = decimal({ min: 1, max: limits.page, default: 20 }).default(20);

export const CertificateQuery = z.strictObject({
  /** Carry the grants to this licensee; the newest to whomever unless given. */
  licensee: Did.optional(),
});

/** One use of each of several records. */
const RecordsDecision = DecisionQuestion.extend({
  records: uniqueList(StatementId, Infinity)
    .min(1)
    .max(limits.decisions, `at most ${limits.decisions} records in one call`),
});

const RequestsDecision = z.strictObject({
  requests: z.array(DecisionRequest).min(1).max(limits.decisions, `at most ${limits.decisions} requests in one call`),
});

/** One request, several, or one over several records. */
export const DecisionsRequest = z
  .union([DecisionRequest, RequestsDecision, RecordsDecision])
  .meta({ id: 'DecisionsRequest' });

/** The form of {@link DecisionsRequest} that a body means to be, so that its faults can be named. */
export const decisionsForm = (body: object) =>
  'requests' in body ? RequestsDecision : 'records' in body ? RecordsDecision : DecisionRequest;

/** In the order asked. */
export const Decisions = z.strictObject({ decisions: z.array(Decision) }).meta({ id: 'Decisions' });

export const LookupRequest = z
  .strictObject({ digests: z.array(Digest).min(1).max(limits.lookupDigests) })
  .meta({ id: 'LookupRequest' });

/**
 * How far the content index is. Nothing that was uploaded is missing from an answer where `through` is `size` and
 * `pendingRows` is 0; else what is not found may be there all the same.
 */
export const IndexState = z
  .strictObject({
    /** Log index up to which the content of every record that was uploaded is indexed, but for `pendingRows`. */
    through: Count,
    /** Entries in the log. */
    size: Count,
    /** Rows of uploaded lists that wait to be indexed. */
    pendingRows: Count,
  })
  .meta({ id: 'IndexState' });
export type IndexState = z.infer<typeof IndexState>;

/** The records that contain each digest, as a file or as a row, in the order asked, oldest first, 100 a digest at most. */
export const LookupResponse = z
  .strictObject({
    matches: z.array(z.strictObject({ digest: Digest, records: z.array(StatementId) })),
    index: IndexState,
  })
  .meta({ id: 'LookupResponse' });
export type LookupResponse = z.infer<typeof LookupResponse>;

/** Of several records that have the row, which; the oldest unless given. */
export const RowProofQuery = z.strictObject({ record: StatementId.optional() });

export const ChangesQuery = z.strictObject({
  /** Entries from this index on: 0, or the `next` of the page before. */
  after: decimal({ min: 0, default: 0 }).default(0),
  limit: Limit,
  /** Seconds to wait for an entry where there is none yet. */
  wait: decimal({ min: 0, max: limits.changesWait, default: 0 }).default(0),
});

/** What a statement is about: the key that it accredits or attests, or the one statement that it acts upon. */
export const ChangeTarget = z.union([
  z.strictObject({ relation: z.enum(['accredits', 'attests']), id: Did }),
  z.strictObject({ relation: z.enum(['revokes', 'replaces', 'reviews', 'grants']), id: StatementId }),
]);

/**
 * A log entry, with what a follower needs to know whether it matters. `id`, `kind` and `loggedAt` are the entry itself,
 * which the log's root proves; `issuer` and `targets` are the registry's word until the statement is read. Of an erased
 * statement they are gone: null and empty.
 */
export const Change = z
  .strictObject({
    index: Count,
    id: StatementId,
    kind: StatementKind,
    loggedAt: LogTime,
    issuer: Did.nullable(),
    targets: z.array(ChangeTarget).max(8),
  })
  .meta({ id: 'Change' });
export type Change = z.infer<typeof Change>;

/** Log entries in order, none left out; ask again with `next` to go on. */
export const ChangesPage = z
  .strictObject({ changes: z.array(Change).max(limits.page), next: Count })
  .meta({ id: 'ChangesPage' });
export type ChangesPage = z.infer<typeof ChangesPage>;

export const IssuedQuery = z.strictObject({
  /** Entries from this index on: 0, or the `next` of the page before. */
  after: decimal({ min: 0, default: 0 }).default(0),
  limit: decimal({ min: 1, max: limits.issuedPage, default: 100 }).default(100),
  /** Only those of this key. */
  subject: Did.optional(),
});

const Issued = z.strictObject({
  id: StatementId,
  index: Count,
  loggedAt: LogTime,
  /** The statement itself. */
  document: z.record(z.string(), z.unknown()),
  standing: Standing,
});

/** The human credentials that one issuer signed, in log order; `next` is null on the last page. */
export const IssuedPage = z
  .strictObject({
    /** What the issuer is accredited for now. */
    accredited: z.array(z.strictObject({ framework: FrameworkName, maxLevel: LevelName })),
    credentials: z.array(Issued),
    next: Count.nullable(),
  })
  .meta({ id: 'IssuedPage' });
export type IssuedPage = z.infer<typeof IssuedPage>;

const LocalFile = z.strictObject({
  path: z.string().max(limits.pathBytes),
  bytes: Count,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

export const VerificationRequest = z
  .strictObject({
    subject: StatementId,
    policy: Policy.optional(),
    content: z.strictObject({ files: z.array(LocalFile).min(1).max(limits.lookupDigests) }).optional(),
  })
  .meta({ id: 'VerificationRequest' });

/** `/.well-known/firsthand.json`: where the log is, whose keys count, and what a client may send. */
export const Discovery = z
  .strictObject({
    registry: z.literal('firsthand/v1'),
    origin: z.string(),
    vkey: z.string(),
    operator: Did,
    service: Did,
    frameworks: z.array(FrameworkName),
    limits: z.record(z.string(), z.int()),
  })
  .meta({ id: 'Discovery' });
export type Discovery = z.infer<typeof Discovery>;

export const Health = z.strictObject({ status: z.literal('ok'), size: Count }).meta({ id: 'Health' });
