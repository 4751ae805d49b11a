import { deployedWorker } from '../support/registry-workerd.ts';
import { describeDeployed } from './contract.ts';

describeDeployed('the Worker and its Durable Object', deployedWorker);
