import { nodePlatform } from '../support/registry-node.ts';
import { describeContract } from './contract.ts';
import { openRegistry, type OpenRegistry } from './harness.ts';
import { describeFlood } from './operations.ts';

const open: OpenRegistry = async (options) => openRegistry(await nodePlatform(), options);

describeContract('better-sqlite3 and files', open);
describeFlood('better-sqlite3 and files', open);
