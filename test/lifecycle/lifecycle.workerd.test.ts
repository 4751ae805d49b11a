import { openRegistry } from '../contract/harness.ts';
import { workerdPlatform } from '../support/registry-workerd.ts';
import { describeBadInput } from './bad-input.ts';
import { describeContentIndex } from './content-index.ts';
import { describeErasure } from './erasure.ts';
import { describeLifecycle } from './lifecycle.ts';
import { describeStatus } from './status.ts';

const name = 'D1 and R2';
const open: Parameters<typeof describeLifecycle>[1] = async (options) => openRegistry(await workerdPlatform(), options);

describeLifecycle(name, open);
describeBadInput(name, open);
describeErasure(name, workerdPlatform);
describeContentIndex(name, workerdPlatform);
describeStatus(name, workerdPlatform);
