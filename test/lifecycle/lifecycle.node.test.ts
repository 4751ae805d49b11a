import { openRegistry } from '../contract/harness.ts';
import { nodePlatform } from '../support/registry-node.ts';
import { describeLifecycle } from './lifecycle.ts';

describeLifecycle('better-sqlite3 and files', async (options) => openRegistry(await nodePlatform(), options));
