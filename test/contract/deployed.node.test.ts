import { startedNode } from '../support/registry-node.ts';
import { describeDeployed } from './contract.ts';

describeDeployed('the Node shell over HTTP', startedNode);
