import { openRegistry } from '../contract/harness.ts';
import { workerdPlatform } from '../support/registry-workerd.ts';
import { describeLifecycle } from './lifecycle.ts';

describeLifecycle('D1 and R2', async (options) => openRegistry(await workerdPlatform(), options));
