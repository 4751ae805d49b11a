import type { OpenEndpoint, OpenRegistry } from './harness.ts';
import { describeAdmission } from './admission.ts';
import { describeBatches } from './batches.ts';
import { describeBlobs } from './blobs.ts';
import { describeChanges, describeWaiting } from './changes.ts';
import { describeCertificates } from './certificate.ts';
import { describeContributors } from './contributors.ts';
import { describeDatasets } from './datasets.ts';
import { describeDecisions } from './decisions.ts';
import { describeDiscovery } from './discovery.ts';
import { describeExports } from './exports.ts';
import { describeForm } from './form.ts';
import { describeGroups } from './groups.ts';
import { describeImpact } from './impact.ts';
import { describeIssuers, describeIssuersInTime } from './issuers.ts';
import { describeLog } from './log.ts';
import { describeOperations } from './operations.ts';
import { describePermittedSearch } from './permitted.ts';
import { describeRows } from './rows.ts';
import { describeStatements } from './statements.ts';
import { describeTime } from './time.ts';

/** What a shell has a hand in: bodies and streams, ranges, headers, limits, the log's object, the indexer, waiting. */
const SHELL = [
  describeStatements,
  describeBatches,
  describeBlobs,
  describeRows,
  describeDiscovery,
  describeLog,
  describeChanges,
];

/** What the app alone decides, by what is in its database. */
const APP = [
  describeForm,
  describeAdmission,
  describeDatasets,
  describeContributors,
  describeIssuers,
  describeWaiting,
  describeTime,
  describeIssuersInTime,
  describeGroups,
  describeCertificates,
  describeDecisions,
  describeExports,
  describeImpact,
  describePermittedSearch,
  describeOperations,
];

/** The contract, on an app whose clock and database are the test's. */
export function describeContract(name: string, open: OpenRegistry): void {
  for (const describeCases of [...SHELL, ...APP]) describeCases(name, open);
}

/**
 * What can be other than in the app by itself once it is deployed. The form of statements, admission, datasets,
 * contributors and issuers are not asked again: the same app judges them by the same databases above, and what reaches it
 * is in the suites that are. Each suite's cast, its records and revocations go through admission here, too.
 */
export function describeDeployed(name: string, open: OpenEndpoint): void {
  for (const describeCases of SHELL) describeCases(name, open);
}
