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
import { describeRates } from './rates.ts';
import { describeRows } from './rows.ts';
import { describeStatements } from './statements.ts';
import { describeTime } from './time.ts';

/** Asked of a shell: bodies and streams, ranges, headers, limits, the log's object, the indexer, waiting. */
const SHELL = [
  describeStatements,
  describeBatches,
  describeBlobs,
  describeRows,
  describeDiscovery,
  describeLog,
  describeChanges,
];

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
  describeRates,
];

/** What the app alone decides, on a platform's real databases, by a clock that is the test's. */
export function describeContract(name: string, open: OpenRegistry): void {
  for (const describeCases of APP) describeCases(name, open);
}

/** What a shell has a hand in, on the shell as it is deployed: it goes through the app and its databases, too. */
export function describeDeployed(name: string, open: OpenEndpoint): void {
  for (const describeCases of SHELL) describeCases(name, open);
}
