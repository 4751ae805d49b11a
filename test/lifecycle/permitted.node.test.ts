import { nodePlatform } from '../support/registry-node.ts';
import { describePermitted } from './permitted.ts';

describePermitted('better-sqlite3 and files', nodePlatform, 4, 80);
