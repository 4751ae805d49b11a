/**
 * The sizes and counts that every party enforces before it parses. They are part of the protocol:
 * a statement that one registry admits must be readable by every verifier.
 */
export const limits = {
  /** Bytes of a statement's canonical form. */
  statementBytes: 64 * 1024,
  /** Nesting of any JSON that is signed or sent. */
  jsonDepth: 32,
  /** Statements, and bytes, of one NDJSON batch. */
  batchStatements: 500,
  batchBytes: 4 * 1024 * 1024,
  /** Bytes of one blob; a manifest is held in memory to be checked, so it has a lower bound of its own. */
  blobBytes: 64 * 1024 * 1024,
  manifestBytes: 16 * 1024 * 1024,
  manifestFiles: 100_000,
  pathBytes: 1024,
  /** Rows of one segment of a row-digest list: 32 MiB. A power of two, so that a segment is a subtree. */
  segmentRows: 2 ** 20,
  /** Bytes of one row: a line, or a record of CSV, as it stands in its file. */
  rowBytes: 16 * 1024 * 1024,
  /** How many times its own size a gzip file may inflate to, and what it may inflate to in any case, in bytes. */
  inflation: 200,
  inflatedBytes: 64 * 1024 * 1024,
  /** Of one row group of a Parquet file: bytes as stored, bytes once decoded, values of one column; and of its footer. */
  rowGroupBytes: 128 * 1024 * 1024,
  rowGroupDecodedBytes: 256 * 1024 * 1024,
  rowGroupValues: 2 ** 22,
  parquetFooterBytes: 16 * 1024 * 1024,
  /** Entries of its schema; and what its rows come to as JSON: so many bytes are always allowed, and so many times its size. */
  parquetColumns: 2 ** 14,
  parquetTextBytes: 4 * 1024 * 1024 * 1024,
  parquetInflation: 1000,
  /** Digests of one look-up, items of one page. */
  lookupDigests: 10_000,
  page: 100,
  /** Words of one search: each costs what going through all words that begin with it does. */
  searchWords: 8,
  /** Seconds that a request for changes may wait for one. Proxies give up on a silent answer after 30. */
  changesWait: 25,
  /** Credentials of one page of an issuer's, who pages through all of them. */
  issuedPage: 500,
  /** Statements of one page of what a withdrawal would touch. */
  impactPage: 500,
  /** Direct parts of one record; depth and size of a whole lineage. */
  parts: 500,
  lineageDepth: 64,
  lineageRecords: 10_000,
  /** Statements that one certificate may carry, and its size in bytes. */
  certificateStatements: 20_000,
  certificateBytes: 64 * 1024 * 1024,
  /** Certificates that are verified together, and their size in bytes. */
  certificates: 256,
  certificatesBytes: 256 * 1024 * 1024,
  /** Reviewers, and grants, that it carries, the newest first: others can add them, so nobody must be able to flood it. */
  certificateReviews: 500,
  certificateGrants: 500,
  /** Rules that are weighed for one record: its own, and of all grants to one licensee. */
  rightsRules: 1024,
  /** Exclusive rules that stand over one record. */
  exclusiveRules: 256,
  /** What one decision may cost, in comparisons of a rule with a part of the request; some seconds. */
  decisionWork: 2 ** 24,
  /**
   * What the index of permitted uses holds of one record, over its whole lineage: spans of time, characters of what is
   * permitted in one of them, different rights among its ancestors, and comparisons to work out what its own rules permit,
   * or to combine what the lineage does. A record with more is decided about, and not listed as permitted.
   */
  indexedSpans: 16,
  indexedPermitsBytes: 2048,
  indexedAncestors: 64,
  indexedWork: 2 ** 14,
  /** Requests, or records, of one call for decisions. */
  decisions: 100,
  /** A signed note: checkpoint, receipt. */
  noteBytes: 64 * 1024,
  /** The proof of one row: a statement, a receipt, a manifest's line. */
  rowProofBytes: 1024 * 1024,
  policyBytes: 64 * 1024,
  /** How far a statement's own times may run ahead of the registry's clock, in milliseconds. */
  clockSkew: 5 * 60 * 1000,
  /** How far the clock may run ahead of the log before something else must bear it out, in milliseconds. */
  clockJump: 7 * 24 * 60 * 60 * 1000,
  /** Log entries that one status list covers: the minimum of Bitstring Status List 1.0 §2.2. */
  statusListEntries: 131_072,
} as const;
