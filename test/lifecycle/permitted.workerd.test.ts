import { workerdPlatform } from '../support/registry-workerd.ts';
import { describePermitted } from './permitted.ts';

describePermitted('D1 and R2', workerdPlatform, 1, 60);
