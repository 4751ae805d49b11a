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
import { describeForm } from './form.ts';
import { describeGroups } from './groups.ts';
import { describeIssuers, describeIssuersInTime } from './issuers.ts';
import { describeLog } from './log.ts';
import { describeOperations } from './operations.ts';
import { describeRows } from './rows.ts';
import { describeStatements } from './statements.ts';
import { describeTime } from './time.ts';

/** What holds of every registry, and can be seen from outside. */
const PUBLIC = [
  describeStatements,
  describeForm,
  describeBatches,
  describeAdmission,
  describeBlobs,
  describeRows,
  describeDatasets,
  describeContributors,
  describeDiscovery,
  describeIssuers,
  describeLog,
  describeChanges,
];

/** The contract, on an app whose clock and database are the test's. */
export function describeContract(name: string, open: OpenRegistry): void {
  for (const describeCases of [
    ...PUBLIC,
    describeWaiting,
    describeTime,
    describeIssuersInTime,
    describeGroups,
    describeCertificates,
    describeDecisions,
    describeOperations,
  ])
    describeCases(name, open);
}

/** As much of it as can be asked of a registry as it is deployed. */
export function describeDeployed(name: string, open: OpenEndpoint): void {
  for (const describeCases of PUBLIC) describeCases(name, open);
}
