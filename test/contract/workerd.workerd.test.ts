import { workerdPlatform } from '../support/registry-workerd.ts';
import { describeContract } from './contract.ts';
import { openRegistry } from './harness.ts';

describeContract('D1 and R2', async (options) => openRegistry(await workerdPlatform(), options));
