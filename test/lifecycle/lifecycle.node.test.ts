import { openRegistry } from '../contract/harness.ts';
import { nodePlatform } from '../support/registry-node.ts';
import { describeBadInput } from './bad-input.ts';
import { describeContentIndex } from './content-index.ts';
import { describeErasure } from './erasure.ts';
import { describeLifecycle } from './lifecycle.ts';
import { describeStatus } from './status.ts';

const name = 'better-sqlite3 and files';
const open: Parameters<typeof describeLifecycle>[1] = async (options) => openRegistry(await nodePlatform(), options);

describeLifecycle(name, open);
describeBadInput(name, open);
describeErasure(name, nodePlatform);
describeContentIndex(name, nodePlatform);
describeStatus(name, nodePlatform);
